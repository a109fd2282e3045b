//! What the product does, whoever asks: a resolver, or a human at a terminal.

pub mod accounts;
pub mod audit;
pub mod check;
pub mod current_tenant;
pub mod customers;
pub mod demo;
pub mod departments;
pub mod doctor;
pub mod domains;
pub mod employees;
mod error;
pub mod exploring;
pub mod fleet;
pub mod invoices;
mod numbers;
pub mod reason;
mod rows;
pub mod sessions;
pub mod statements;
pub mod tenants;
pub mod users;

use sea_orm::{ActiveValue, Value};

pub use error::{Code, Error, Refusal, Result, on_constraint};

/// A value as it was given: what it was read as, or the text that couldn't be read.
pub type Given<T> = std::result::Result<T, String>;

/// A change to a field: nothing, a new value, or `Some(None)` to clear it.
pub type Change<T> = Option<Option<T>>;

/// A reference to a row, `None` where the id that was given can't be one of this tenant's rows.
pub type RowRef = Option<uuid::Uuid>;

/// What comes after a piece of work in its scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Perhaps something else.
    More,
    /// Nothing, so that all is kept together with its last statement.
    Commit,
}

/// Changes a column if there is something to change it to.
fn set<V: Into<Value>>(column: &mut ActiveValue<V>, to: Option<V>) {
    if let Some(value) = to {
        *column = ActiveValue::Set(value);
    }
}
