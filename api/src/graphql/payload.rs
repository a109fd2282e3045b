//! What mutations answer: the changed object, or what was wrong with the input.

use async_graphql::{Enum, SimpleObject};

use crate::app::{Code, Refusal};

/// One thing that is wrong with a mutation's input. Nothing was changed.
#[derive(Debug, Clone, SimpleObject)]
pub struct UserError {
    /// What kind of wrong, for programs.
    code: UserErrorCode,
    /// What is wrong and what would be right, for people.
    message: String,
    /// The path inside the input, such as `["lines", "0", "unitPrice"]`; `null` where it concerns
    /// the whole.
    field: Option<Vec<String>>,
}

impl From<Refusal> for UserError {
    fn from(refusal: Refusal) -> Self {
        let field = (!refusal.field.is_empty()).then_some(refusal.field);
        Self {
            code: refusal.code.into(),
            message: refusal.message,
            field,
        }
    }
}

/// What kind of wrong an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Code")]
pub enum UserErrorCode {
    /// A value is missing or empty.
    Required,
    /// A value can't be read as what it should be.
    Invalid,
    /// A text is longer than it may be.
    TooLong,
    /// A number or an amount is smaller or larger than it may be.
    OutOfRange,
    /// Something else has this name, number or address already.
    Taken,
    /// There is no such object, or not here.
    NotFound,
    /// Something else still refers to the object.
    InUse,
    /// The object's state doesn't allow this.
    NotAllowed,
    /// The e-mail address or the password is wrong, or the user may not log in, or the session has
    /// ended.
    InvalidCredentials,
}

/// Declares a mutation's payload: the object, `null` where the input was refused, and what was wrong.
/// It may have one type parameter, for what differs between the realms.
macro_rules! payload {
    (
        $(#[$doc:meta])*
        $name:ident $(<$realms:ident: $bound:ident>)? {
            $($(#[$about:meta])* $field:ident: $type:ty,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name $(<$realms: $bound>)? {
            $($(#[$about])* $field: Option<$type>,)+
            /// What was wrong with the input; empty where all went well.
            user_errors: Vec<$crate::graphql::payload::UserError>,
        }

        impl $(<$realms: $bound>)? $name $(<$realms>)? {
            /// From what came of the work.
            fn of<T>(
                outcome: Result<T, Vec<$crate::app::Refusal>>,
                fill: impl FnOnce(T) -> ($(Option<$type>,)+),
            ) -> Self {
                let (value, refusals) = match outcome {
                    Ok(value) => (Some(value), vec![]),
                    Err(refusals) => (None, refusals),
                };
                let ($($field,)+) = value.map_or_else(|| ($(None::<$type>,)+), fill);
                let user_errors = refusals.into_iter().map(Into::into).collect();
                Self { $($field,)+ user_errors }
            }
        }
    };
}
pub(crate) use payload;
