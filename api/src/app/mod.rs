//! What the product does, whoever asks: a resolver, or a human at a terminal.

pub mod check;
mod error;

pub use error::{Code, Error, Refusal, Result};

/// A value as it was given: what it was read as, or the text that couldn't be read.
pub type Given<T> = std::result::Result<T, String>;

/// A change to a field: nothing, a new value, or `Some(None)` to clear it.
pub type Change<T> = Option<Option<T>>;

/// A reference to a row, `None` where the id that was given can't be one of this tenant's rows.
pub type RowRef = Option<uuid::Uuid>;
