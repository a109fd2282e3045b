//! Fields that answer connections. Their six arguments are said here and nowhere else.

use sea_orm::sea_query::Condition;

use super::context::{Realm, Request};
use super::error::Result;
use super::noun::Noun;
use super::order::OrderBy;
use super::page::{PageArgs, Plan};

/// A `filter` argument. Nothing given lets every row through.
pub trait Filter<R: Realm>: Default {
    fn condition(self, request: &Request<R>) -> Result<Condition>;
}

impl<R: Realm> Request<R> {
    /// The page that a connection's arguments ask for.
    pub fn plan<N: Noun>(
        &self,
        args: &PageArgs,
        filter: Option<impl Filter<R>>,
        order: impl OrderBy<N::Entity>,
    ) -> Result<Plan<N>> {
        let condition = filter.unwrap_or_default().condition(self)?;
        Plan::new(condition, order.ordering(), args, self.page_limits())
    }
}

/// Declares an object whose only field is a connection: of `all` rows, which is merged into the
/// realm's queries, or of the rows whose column points `to` the one that the object is made with,
/// which is flattened into that one's object:
///
/// ```ignore
/// connection! {
///     /// The departments.
///     tenant Departments { departments: Department(DepartmentFilter, DepartmentOrder), ViewStaff, all }
/// }
///
/// connection! {
///     /// Those who work in it.
///     tenant DepartmentEmployees { employees: Employee(EmployeeFilter, EmployeeOrder), ViewStaff, to employee::Column::DepartmentId }
/// }
///
/// // Among the fields of the noun:
/// employees: page DepartmentEmployees,
/// ```
macro_rules! connection {
    ($(#[$doc:meta])* $realm:ident $holder:ident {
        $field:ident: $noun:ident($filter:ty, $order:ty), $permission:ty, all $(,)?
    }) => {
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $holder;

        $crate::graphql::connection::connection! {
            @field $(#[$doc])* $holder { $field: $filter, $order }
            -> Option<$crate::graphql::ahead::Planned<$crate::graphql::page::Page<$noun>>>,
            |_this, ctx, args, filter, order| {
                use $crate::graphql::ContextExt;
                let request = ctx.$realm();
                let can = request.can::<$permission>()?;
                let plan = request.plan::<$noun>(&args, filter, order)?;
                request.page(ctx, can, plan).await
            }
        }
    };
    ($(#[$doc:meta])* $realm:ident $holder:ident {
        $field:ident: $noun:ident($filter:ty, $order:ty), $permission:ty, to $column:expr $(,)?
    }) => {
        #[derive(Debug, Clone, Copy)]
        pub struct $holder(pub uuid::Uuid);

        impl $holder {
            /// How the field is made where it was foreseen.
            fn made() -> $crate::graphql::ahead::Made {
                $crate::graphql::ahead::Made::Page(
                    sea_orm::IdenStatic::as_str(&$column),
                    $crate::graphql::ahead::Other::of::<$noun, $permission>(),
                    |ctx| {
                        let request = $crate::graphql::ContextExt::$realm(ctx);
                        $crate::graphql::ahead::paged::<_, $noun, $filter, $order>(request, ctx)
                    },
                )
            }
        }

        $crate::graphql::connection::connection! {
            @field $(#[$doc])* $holder { $field: $filter, $order }
            -> $crate::graphql::page::Page<$noun>,
            |this, ctx, args, filter, order| {
                use $crate::graphql::ContextExt;
                let request = ctx.$realm();
                let can = request.can::<$permission>()?;
                let plan = request.plan::<$noun>(&args, filter, order)?;
                request.related(can).page(this.0, $column, plan).await
            }
        }
    };
    (@field $(#[$doc:meta])* $holder:ident { $field:ident: $filter:ty, $order:ty } -> $page:ty,
        |$this:ident, $ctx:ident, $args:ident, $filtered:ident, $ordered:ident| $body:block
    ) => {
        #[async_graphql::Object]
        impl $holder {
            $(#[$doc])*
            #[expect(clippy::too_many_arguments, reason = "they are the field's, as Relay has them")]
            async fn $field(
                &self,
                $ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "How many from the start, 1 to 100; 20 if neither is given.")]
                first: Option<i32>,
                #[graphql(desc = "Only what comes after this cursor.")]
                after: Option<String>,
                #[graphql(desc = "How many from the end, 1 to 100.")]
                last: Option<i32>,
                #[graphql(desc = "Only what comes before this cursor.")]
                before: Option<String>,
                #[graphql(desc = "Only these.")]
                filter: Option<$filter>,
                #[graphql(desc = "In this order; in the order of entry if not given.")]
                order_by: Option<$order>,
            ) -> $crate::graphql::Result<$page> {
                let ($this, $filtered, $ordered) = (self, filter, order_by);
                let $args = $crate::graphql::page::PageArgs::new(first, after, last, before);
                $body
            }
        }
    };
}
pub(crate) use connection;
