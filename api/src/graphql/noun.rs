//! What every type that stands for a row has in common, and how it is declared.

use async_graphql::{Context, ID, OutputType};
use sea_orm::{EntityTrait, ModelTrait};

use super::ahead::{Planned, Table};
use super::context::{Realm, Request};
use super::ids::{GlobalId, Kind};
use crate::auth::{Can, Permission};

/// A GraphQL object that is a row.
pub trait Noun: OutputType + Send + Sync + Sized + 'static {
    /// Its table.
    type Entity: EntityTrait<Model: ModelTrait<Entity = Self::Entity> + Send + Sync>;
    /// What its ids are marked with.
    const KIND: Kind;
    /// The name of its type, from which `…Connection` and `…Edge` are made.
    const NAME: &'static str;
    /// The column of its key.
    const KEY: <Self::Entity as EntityTrait>::Column;

    fn from_row(row: <Self::Entity as EntityTrait>::Model) -> Self;

    /// How its fields are made of rows.
    fn table() -> &'static Table;
}

/// Declares the object of a row by its fields, once for its resolvers and for root fields that look ahead:
///
/// ```ignore
/// noun! {
///     /// A person who works for this tenant.
///     tenant Employee(employee) {
///         /// Its global id.
///         id,
///         /// The employee's full name.
///         name: String,
///         /// When the employee was entered here.
///         created: Moment = created_at,
///         /// The department that the employee works in, `null` where there is none.
///         department: one Department by department_id for ViewStaff,
///         /// What the employee has on the table, in the order of place.
///         tools: all Tool to EmployeeId order Place for ViewStaff,
///         reports: page EmployeeReports,
///     }
/// }
/// ```
///
/// A field is called like its column where no other is named. `one` is the row that a column of this one points at, `all` are those
/// whose column points here, if they are few, and `page` is a [`connection`](super::connection::connection) to them.
macro_rules! noun {
    ($(#[$doc:meta])* $realm:ident $name:ident($entity:ident) { $($fields:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub $entity::Model);

        $crate::graphql::noun::noun! {
            @field [$realm $name $entity { $(#[$doc])* }] [] [] $($fields)*
        }
    };
    (@field [$realm:ident $name:ident $entity:ident { $($docs:tt)* }]
        [$($resolvers:tt)*] [$($made:expr,)*]
    ) => {
        impl $crate::graphql::noun::Noun for $name {
            type Entity = $entity::Entity;
            const KIND: $crate::graphql::ids::Kind = $crate::graphql::ids::Kind::$name;
            const NAME: &'static str = stringify!($name);
            const KEY: $entity::Column = $entity::Column::Id;

            fn from_row(row: $entity::Model) -> Self {
                Self(row)
            }

            fn table() -> &'static $crate::graphql::ahead::Table {
                static TABLE: std::sync::LazyLock<$crate::graphql::ahead::Table> =
                    std::sync::LazyLock::new(|| {
                        $crate::graphql::ahead::Table::of::<$name>(vec![$($made),*])
                    });
                &TABLE
            }
        }

        $($docs)*
        #[async_graphql::Object]
        impl $name {
            $($resolvers)*
        }
    };
    (@field [$realm:ident $($head:tt)*] [$($resolvers:tt)*] [$($made:tt)*]
        $(#[$doc:meta])* id, $($rest:tt)*
    ) => {
        $crate::graphql::noun::noun! {
            @field [$realm $($head)*]
            [$($resolvers)*
                $(#[$doc])*
                pub(super) async fn id(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::ID {
                    $crate::graphql::ContextExt::$realm(ctx).global_id::<Self>(self.0.id)
                }
            ]
            [$($made)*
                $crate::graphql::ahead::Field::new("id", $crate::graphql::ahead::Made::Id),
            ]
            $($rest)*
        }
    };
    (@field [$realm:ident $($head:tt)*] [$($resolvers:tt)*] [$($made:tt)*]
        $(#[$doc:meta])* $field:ident: one $noun:ident by $by:ident for $permission:ident,
        $($rest:tt)*
    ) => {
        $crate::graphql::noun::noun! {
            @field [$realm $($head)*]
            [$($resolvers)*
                $(#[$doc])*
                async fn $field(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                ) -> $crate::graphql::Result<Option<$noun>> {
                    let Some(key) = Option::<uuid::Uuid>::from(self.0.$by) else {
                        return Ok(None);
                    };
                    let request = $crate::graphql::ContextExt::$realm(ctx);
                    request.related(request.can::<$permission>()?).one(key).await
                }
            ]
            [$($made)*
                $crate::graphql::ahead::Field::new(stringify!($field), $crate::graphql::ahead::Made::One(
                    stringify!($by),
                    $crate::graphql::ahead::Other::of::<$noun, $permission>(),
                )),
            ]
            $($rest)*
        }
    };
    (@field [$realm:ident $($head:tt)*] [$($resolvers:tt)*] [$($made:tt)*]
        $(#[$doc:meta])*
        $field:ident: all $noun:ident to $to:ident order $order:ident for $permission:ident,
        $($rest:tt)*
    ) => {
        $crate::graphql::noun::noun! {
            @field [$realm $($head)*]
            [$($resolvers)*
                $(#[$doc])*
                async fn $field(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                ) -> $crate::graphql::Result<Vec<$noun>> {
                    type Column = $crate::graphql::noun::ColumnOf<$noun>;
                    let order = $crate::graphql::order::Ordering {
                        column: Column::$order,
                        key: <$noun as $crate::graphql::noun::Noun>::KEY,
                        descending: false,
                    };
                    let request = $crate::graphql::ContextExt::$realm(ctx);
                    let related = request.related(request.can::<$permission>()?);
                    related.all(self.0.id, Column::$to, order).await
                }
            ]
            [$($made)*
                $crate::graphql::ahead::Field::new(stringify!($field), {
                    type Column = $crate::graphql::noun::ColumnOf<$noun>;
                    $crate::graphql::ahead::Made::All(
                        sea_orm::IdenStatic::as_str(&Column::$to),
                        sea_orm::IdenStatic::as_str(&Column::$order),
                        $crate::graphql::ahead::Other::of::<$noun, $permission>(),
                    )
                }),
            ]
            $($rest)*
        }
    };
    (@field $head:tt [$($resolvers:tt)*] [$($made:tt)*]
        $field:ident: page $holder:ident, $($rest:tt)*
    ) => {
        $crate::graphql::noun::noun! {
            @field $head
            [$($resolvers)*
                #[graphql(flatten)]
                async fn $field(&self) -> $holder {
                    $holder(self.0.id)
                }
            ]
            [$($made)*
                $crate::graphql::ahead::Field::new(stringify!($field), $holder::made()),
            ]
            $($rest)*
        }
    };
    (@field $head:tt $resolvers:tt $made:tt
        $(#[$doc:meta])* $field:ident: $type:ty, $($rest:tt)*
    ) => {
        $crate::graphql::noun::noun! {
            @field $head $resolvers $made $(#[$doc])* $field: $type = $field, $($rest)*
        }
    };
    (@field [$realm:ident $name:ident $entity:ident $docs:tt] [$($resolvers:tt)*] [$($made:tt)*]
        $(#[$doc:meta])* $field:ident: $type:ty = $column:ident, $($rest:tt)*
    ) => {
        $crate::graphql::noun::noun! {
            @field [$realm $name $entity $docs]
            [$($resolvers)*
                $(#[$doc])*
                async fn $field(&self) -> $type {
                    $crate::graphql::ahead::Leaf::show(self.0.$column.clone())
                }
            ]
            [$($made)*
                $crate::graphql::ahead::Field::new(stringify!($field), $crate::graphql::ahead::Made::Cell(
                    stringify!($column),
                    $crate::graphql::ahead::writer::<_, _, $type>(|row: &$entity::Model| &row.$column),
                )),
            ]
            $($rest)*
        }
    };
}
pub(crate) use noun;

/// The columns of a noun's table.
pub type ColumnOf<N> = <<N as Noun>::Entity as EntityTrait>::Column;

impl<R: Realm> Request<R> {
    /// The global id of a row of this realm.
    pub fn global_id<N: Noun>(&self, row: uuid::Uuid) -> ID {
        GlobalId {
            kind: N::KIND,
            realm: self.realm_id(),
            row,
        }
        .encode()
    }

    /// The row that an id means, if it is one of this type and of this realm.
    pub fn local_id<N: Noun>(&self, id: &ID) -> Option<uuid::Uuid> {
        let own = self.own(id)?;
        (own.kind == N::KIND).then_some(own.row)
    }

    /// What an id says, if it is one of this realm. An id of another realm finds nothing, as one that
    /// is no id does; but nobody comes by it here, so that it is told of.
    pub fn own(&self, id: &ID) -> Option<GlobalId> {
        let decoded = GlobalId::decode(id)?;
        if decoded.realm == self.realm_id() {
            return Some(decoded);
        }
        self.tell_of_foreign_id(&decoded);
        None
    }

    /// The row of this id that a root field answers, `None` where it is not there or not this realm's.
    pub async fn by_id<N: Noun, P: Permission>(
        &self,
        ctx: &Context<'_>,
        can: Can<P>,
        id: &ID,
    ) -> super::Result<Option<Planned<N>>> {
        match self.local_id::<N>(id) {
            Some(key) => self.row(ctx, can, key).await,
            None => Ok(None),
        }
    }
}
