//! The columns as they are today, as SeaORM models: no wire, no business, no tenants.
//!
//! [`shared`] entities name the schema `shared`. [`tenant`] entities name none, so what they reach
//! is decided by the connection's scope alone, and without a scope they reach nothing.
//!
//! Every row has a UUIDv7 made here and not by the database: a default `ActiveModel` has a fresh
//! [`new_id`]. Three habits follow:
//!
//! - Insert with `insert`, not with `save`, which takes a row that has a key for an old one.
//! - Change a row by its `model.into_active_model()`.
//! - Change many with `update_many().col_expr(..)`, not with `set`, which writes the fresh key too.

pub mod shared;
pub mod tenant;

#[cfg(test)]
mod tests;

use uuid::Uuid;

/// A new key. It sorts after those made before it, so that rows lie in their tables and come out of
/// them in the order of their making.
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// Gives the entity's `ActiveModel::new()`, and so its `Default`, a fresh key.
///
/// Only that: a time of creation set here too would be written by those who fill a default with a
/// known key to update its row.
macro_rules! keyed {
    () => {
        impl sea_orm::ActiveModelBehavior for ActiveModel {
            fn new() -> Self {
                Self {
                    id: sea_orm::ActiveValue::Set(crate::new_id()),
                    ..sea_orm::ActiveModelTrait::default()
                }
            }
        }
    };
}
use keyed;
