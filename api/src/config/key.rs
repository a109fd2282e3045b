//! A setting's name, its variable and its type, said once.

use std::marker::PhantomData;

use super::{layers::Raw, value::Value};

/// A setting of type `T`: where it is written in the file and which environment variable beats that.
pub(super) struct Key<T> {
    name: &'static str,
    env: &'static str,
    value: PhantomData<fn() -> T>,
}

/// What can be said of a setting without its type.
#[derive(Clone, Copy)]
pub(super) struct KeyInfo {
    /// `section.key`, as in the file and in flags.
    pub(super) name: &'static str,
    pub(super) env: &'static str,
    /// What is wrong with a value: what was found and what would be right.
    pub(super) check: fn(&Raw) -> Result<(), Wrong>,
    /// The value as it may be shown to anybody.
    pub(super) show: fn(&Raw) -> String,
}

/// A value that isn't of the setting's type.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Redacted.
    pub(super) found: String,
    pub(super) expected: String,
}

impl<T: Value> Key<T> {
    pub(super) const fn new(name: &'static str, env: &'static str) -> Self {
        Self {
            name,
            env,
            value: PhantomData,
        }
    }

    pub(super) const fn info(&self) -> KeyInfo {
        KeyInfo {
            name: self.name,
            env: self.env,
            check: check::<T>,
            show: show::<T>,
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }
}

fn check<T: Value>(raw: &Raw) -> Result<(), Wrong> {
    match raw.parse::<T>() {
        Some(_) => Ok(()),
        None => Err(Wrong {
            found: show::<T>(raw),
            expected: T::expected(),
        }),
    }
}

fn show<T: Value>(raw: &Raw) -> String {
    T::show(&raw.to_string())
}
