//! Orders of lists: a column and, as the tie-breaker, the key.

use async_graphql::Enum;
use sea_orm::{EntityTrait, Order};

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum OrderDirection {
    /// Smallest, earliest, A first.
    Asc,
    /// Largest, latest, Z first.
    Desc,
}

/// An order as SQL has it. Its columns hold no nulls, which no keyset could pass.
#[derive(Debug)]
pub struct Ordering<E: EntityTrait> {
    pub column: E::Column,
    pub key: E::Column,
    pub descending: bool,
}

// By hand, since derives would ask the same of `E`.
#[expect(
    clippy::expl_impl_clone_on_copy,
    reason = "the derive's bound would be wrong"
)]
impl<E: EntityTrait> Clone for Ordering<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: EntityTrait> Copy for Ordering<E> {}

impl<E: EntityTrait> Ordering<E> {
    pub fn reversed(self) -> Self {
        Self {
            descending: !self.descending,
            ..self
        }
    }

    pub fn direction(self) -> Order {
        if self.descending {
            Order::Desc
        } else {
            Order::Asc
        }
    }

    /// Whether the key alone decides.
    pub fn is_by_key(self) -> bool {
        use sea_orm::IdenStatic;
        self.column.as_str() == self.key.as_str()
    }
}

/// An `orderBy` argument.
pub trait OrderBy<E: EntityTrait> {
    fn ordering(self) -> Ordering<E>;
}

/// Declares what a list may be ordered by: an enum of fields, and an input of field and direction.
///
/// Every key is a UUIDv7, so `Column::Id` is the order of making.
macro_rules! order_by {
    ($(#[$doc:meta])* $order:ident($field:ident) on $entity:path {
        $($(#[$about:meta])* $variant:ident => $column:ident,)+
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, async_graphql::InputObject)]
        pub struct $order {
            /// What decides.
            pub field: $field,
            /// Which way.
            #[graphql(default_with = "OrderDirection::Asc")]
            pub direction: OrderDirection,
        }

        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
        pub enum $field {
            $($(#[$about])* $variant,)+
        }

        impl $crate::graphql::order::OrderBy<$entity> for Option<$order> {
            fn ordering(self) -> $crate::graphql::order::Ordering<$entity> {
                use sea_orm::EntityTrait;
                type Column = <$entity as EntityTrait>::Column;
                let column = match self.map(|order| order.field) {
                    None => Column::Id,
                    $(Some($field::$variant) => Column::$column,)+
                };
                let descending = self.is_some_and(|order| order.direction == OrderDirection::Desc);
                $crate::graphql::order::Ordering { column, key: Column::Id, descending }
            }
        }
    };
}
pub(crate) use order_by;
