//! Inputs that tell "leave it" from "clear it".

use async_graphql::MaybeUndefined;

use crate::app::Change;

/// A change as the application has it: left out is nothing, `null` clears.
pub fn change<T>(field: MaybeUndefined<T>) -> Change<T> {
    change_to(field, |value| value)
}

/// Like [`change`], with the value turned into what the application works with.
pub fn change_to<T, U>(field: MaybeUndefined<T>, into: impl FnOnce(T) -> U) -> Change<U> {
    match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(into(value))),
    }
}
