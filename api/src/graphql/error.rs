//! What a resolver may answer instead of a value, and the one table of codes.

use std::sync::Arc;

use async_graphql::{Response, ServerError};
use sea_orm::DbErr;

use crate::app::{self, reason};
use crate::auth::{Denied, Limited};
use crate::chain;

/// PostgreSQL's code for what a role may not do.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// A resolver's failure. Its text is for clients; what the database said stays in the source.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The caller may not do this.
    #[error("{0}")]
    Denied(#[from] Denied),
    /// Tried too often.
    #[error("{0}")]
    Limited(#[from] Limited),
    /// An argument can't be used.
    #[error("{0}")]
    Input(String),
    /// The database can't be reached or takes no more work.
    #[error("the database is not available at the moment; try again shortly")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A statement took longer than a request may.
    #[error("the request took too long; ask for less at once")]
    Overdue(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Anything that isn't the client's business.
    #[error("something went wrong; the request's id leads to it in the log")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    pub fn internal(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(source))
    }

    /// The stable code that clients match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) if denied.signed_in => "FORBIDDEN",
            Self::Denied(_) => "UNAUTHENTICATED",
            Self::Limited(_) => "RATE_LIMITED",
            Self::Input(_) => "BAD_USER_INPUT",
            Self::Unavailable(_) => "DATABASE_UNAVAILABLE",
            Self::Overdue(_) => "TIMEOUT",
            Self::Internal(_) => "INTERNAL",
        }
    }

    /// Whether the database refused a statement since the realm's role may not do that: nobody's request
    /// should get as far.
    pub fn is_of_privilege(&self) -> bool {
        match self {
            Self::Internal(source) => {
                reason::sqlstate(source.as_ref()).as_deref() == Some(INSUFFICIENT_PRIVILEGE)
            }
            _ => false,
        }
    }
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        Arc::new(error).into()
    }
}

impl From<Arc<DbErr>> for Fault {
    fn from(error: Arc<DbErr>) -> Self {
        if tenancy::error::is_unavailable(&error) {
            Self::Unavailable(Box::new(error))
        } else if tenancy::error::is_overdue(&error) {
            Self::Overdue(Box::new(error))
        } else {
            Self::internal(error)
        }
    }
}

impl From<tenancy::Error> for Fault {
    fn from(error: tenancy::Error) -> Self {
        if error.is_unavailable() {
            Self::Unavailable(Box::new(error))
        } else if error.is_overdue() {
            Self::Overdue(Box::new(error))
        } else {
            Self::internal(error)
        }
    }
}

impl From<app::Error> for Fault {
    fn from(error: app::Error) -> Self {
        match error {
            app::Error::Denied(denied) => denied.into(),
            app::Error::Database(error) => error.into(),
            app::Error::Tenancy(error) => error.into(),
            app::Error::Refused(refusals) => Self::Input(
                refusals
                    .into_iter()
                    .map(|r| r.message)
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
            error @ app::Error::Internal(_) => Self::internal(error),
        }
    }
}

/// Gives every error of a response its code. Answers what an operator should read about.
pub fn name_codes(response: &mut Response) -> Vec<String> {
    let mut log = Vec::new();
    for error in &mut response.errors {
        if error.source::<Fault>().is_none() {
            withhold(&mut error.message);
        }
        let Some(code) = code_of(error, &mut log) else {
            continue;
        };
        let limited = match error.source::<Fault>() {
            Some(Fault::Limited(limited)) => Some(*limited),
            _ => None,
        };
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", code);
        }
        if let Some(Limited { retry_after }) = limited {
            extensions.set("retryAfter", retry_after);
        }
    }
    log
}

/// The library repeats a value that it can't use, and that may be a password: what comes after
/// these words is the value, and what comes before says enough.
fn withhold(message: &mut String) {
    for words in [", found ", " value \""] {
        if let Some(at) = message.find(words) {
            message.truncate(at);
            message.push_str(if words.ends_with('"') { " value" } else { "" });
        }
    }
}

/// `None` for what the library refused before anything ran: HTTP has words for that.
fn code_of(error: &mut ServerError, log: &mut Vec<String>) -> Option<&'static str> {
    match error.source::<Fault>() {
        Some(fault) => {
            if let Fault::Unavailable(source) | Fault::Overdue(source) | Fault::Internal(source) =
                fault
            {
                log.push(chain(source.as_ref()));
            }
            Some(fault.code())
        }
        // Without a source it is the library's own word about an argument.
        None if error.path.is_empty() => None,
        None => {
            error.message = without_value(std::mem::take(&mut error.message));
            Some("BAD_USER_INPUT")
        }
    }
}

/// The library quotes a value of the wrong type: a password in the wrong place would be in the answer,
/// and from there in the logs of whoever asked.
fn without_value(message: String) -> String {
    let quotes = message.starts_with("Expected input type \"");
    match message.split_once("\", found ") {
        Some((expected, _)) if quotes => format!("{expected}\"."),
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_cannot_be_used_is_not_repeated() {
        for (told, kept) in [
            (
                "Expected input type \"LoginInput\", found [\"a, found b\"].",
                "Expected input type \"LoginInput\"",
            ),
            (
                "Enumeration type does not contain value \"secret\".",
                "Enumeration type does not contain value",
            ),
            (
                "Invalid value for argument \"input.role\", enumeration type \"Role\" does not contain the value \"secret\"",
                "Invalid value for argument \"input.role\", enumeration type \"Role\" does not contain the value",
            ),
            ("Unknown field \"nmae\"", "Unknown field \"nmae\""),
        ] {
            let mut message = told.to_owned();
            withhold(&mut message);
            assert_eq!(message, kept);
        }
    }
}
