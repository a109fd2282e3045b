//! What can go wrong, and how to tell a database that is away from a mistake.

use std::borrow::Cow;

use sea_orm::{DbErr, RuntimeErr};
use sqlx::postgres::PgDatabaseError;

/// What can go wrong at the door, in the registry or while migrating.
///
/// `Display` leaves the source out; log the chain, and show users neither.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address of a database can't be used.
    #[error("the database's address is not of the form postgres://user:password@host:port/name")]
    Address(#[source] sqlx::Error),
    /// The database refused a statement, or can't be reached: see [`is_unavailable`].
    #[error("the database did not do what was asked")]
    Database(#[from] DbErr),
    /// A statement of the scope failed, so that nothing of it can be committed.
    #[error("a statement failed, so nothing was committed")]
    Aborted,
    /// A nested transaction of the scope has neither been ended nor dropped.
    #[error("a nested transaction is still open: end it, then commit the scope")]
    Unfinished,
    /// The scope was committed or rolled back before.
    #[error("the scope has ended")]
    Ended,
    /// A statement that a scope doesn't run, and why.
    #[error("{0}")]
    Unfit(&'static str),
    /// The registry holds something that no version of this library wrote.
    #[error("the registry is damaged: {0}")]
    Registry(String),
    /// A migration failed; its schema stays at the version it had.
    #[error("migration {migration} failed in schema {schema}")]
    Migration {
        /// The schema that it failed in.
        schema: String,
        /// The migration's name.
        migration: String,
        /// What the database said.
        #[source]
        source: DbErr,
    },
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(from_sqlx(error))
    }
}

impl Error {
    /// Whether the database is away or overloaded, rather than in disagreement.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Database(error) | Self::Migration { source: error, .. } => is_unavailable(error),
            _ => false,
        }
    }

    /// Whether a statement took too long: see [`is_overdue`].
    pub fn is_overdue(&self) -> bool {
        match self {
            Self::Database(error) | Self::Migration { source: error, .. } => is_overdue(error),
            _ => false,
        }
    }
}

/// Whether this error says that the database can't be reached or takes no more work: try again
/// later, nothing is wrong with the request.
pub fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            // Such as more parameters than a statement can have: it will be no better later.
            is_crossed(error)
                || is_stale(error)
                || is_lost(error) && !matches!(**error, sqlx::Error::Protocol(_))
        }
        _ => false,
    }
}

/// Whether a statement was cancelled because it took too long: by its time limit, or by whoever
/// looks after the database.
pub fn is_overdue(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        error
    else {
        return false;
    };
    code_of(error).is_some_and(|code| code == "57014")
}

/// Whether the transaction got in another's way and had to yield: a deadlock, a failed
/// serialization, a lock that wasn't free in time.
fn is_crossed(error: &sqlx::Error) -> bool {
    code_of(error).is_some_and(|code| matches!(&*code, "40001" | "40P01" | "55P03"))
}

fn code_of(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
}

/// Whether somebody else changed the same roles at the same time.
pub(crate) fn is_race(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        error
    else {
        return false;
    };
    let Some(error) = error.as_database_error() else {
        return false;
    };
    let code = error.code();
    // A role of this name, the same by its index, and "tuple concurrently updated".
    code.is_some_and(|code| matches!(&*code, "42710" | "23505" | "XX000"))
}

/// Whether PostgreSQL says that the login may not have the role. A backend that looked it up while
/// it was being granted believes that until some role changes again; another knows better.
pub(crate) fn is_denied(error: &sqlx::Error) -> bool {
    code_of(error).is_some_and(|code| code == "42501")
}

/// Whether PostgreSQL doesn't let this login in.
pub(crate) fn is_refused(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("28"))
}

/// Whether the connection itself is of no more use.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            // Connection exceptions, too many connections, and the server's shutdowns.
            error.code().is_some_and(|code| {
                code.starts_with("08") || code == "53300" || code.starts_with("57P")
            })
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// Whether a statement that is kept prepared has another result type by now: a migration has just
/// run. PostgreSQL won't run it any more.
pub(crate) fn is_stale(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    error
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
        .is_some_and(|error| error.routine() == Some("RevalidateCachedQuery"))
}

pub(crate) fn from_sqlx(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
