//! Why something failed, for whoever runs the whole.

use std::error::Error as StdError;
use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr};
use sqlx::postgres::PgDatabaseError;

use super::error::Error;

/// Every cause in a line: ours, and then PostgreSQL's own words without the libraries' around them.
pub fn of(error: &(dyn StdError + 'static)) -> String {
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<DbErr>() {
            causes.push(of_database(error));
            break;
        }
        if !says_nothing(error) {
            causes.push(error.to_string());
        }
        next = error.source();
    }
    causes.join(": ")
}

/// PostgreSQL's code of what went wrong, if it was PostgreSQL that said so. Unlike its words, it quotes
/// nothing.
pub fn sqlstate(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        // What several wait for is shared among them.
        let shared = || error.downcast_ref::<Arc<DbErr>>().map(Arc::as_ref);
        if let Some(
            DbErr::Exec(RuntimeErr::SqlxError(inner))
            | DbErr::Query(RuntimeErr::SqlxError(inner))
            | DbErr::Conn(RuntimeErr::SqlxError(inner)),
        ) = error.downcast_ref().or_else(shared)
        {
            return Some(inner.as_database_error()?.code()?.into_owned());
        }
        next = error.source();
    }
    None
}

/// Whether the text only says that the cause says more.
fn says_nothing(error: &(dyn StdError + 'static)) -> bool {
    matches!(
        error.downcast_ref(),
        Some(Error::Database(_) | Error::Tenancy(tenancy::Error::Database(_)))
    ) || matches!(error.downcast_ref(), Some(tenancy::Error::Database(_)))
}

fn of_database(error: &DbErr) -> String {
    let (DbErr::Exec(RuntimeErr::SqlxError(inner))
    | DbErr::Query(RuntimeErr::SqlxError(inner))
    | DbErr::Conn(RuntimeErr::SqlxError(inner))) = error
    else {
        return error.to_string();
    };
    match inner.as_ref() {
        sqlx::Error::Database(inner) => match inner.try_downcast_ref::<PgDatabaseError>() {
            Some(inner) => in_its_words(inner),
            None => inner.message().to_owned(),
        },
        sqlx::Error::PoolTimedOut => "no connection within the time allowed".to_owned(),
        inner => inner.to_string(),
    }
}

fn in_its_words(error: &PgDatabaseError) -> String {
    let mut text = error.message().to_owned();
    // Of a row that a constraint refuses the detail is the whole row, with the hash of a password in it.
    let quotes_a_row = matches!(error.code(), "23502" | "23514");
    let detail = error.detail().filter(|_| !quotes_a_row);
    for more in [detail, error.hint()].into_iter().flatten() {
        text.push_str("; ");
        text.push_str(more.trim_end_matches('.'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_left_out_and_we_are_not() {
        let lost = || DbErr::Query(RuntimeErr::SqlxError(sqlx::Error::PoolTimedOut.into()));
        let expected = "no connection within the time allowed";
        assert_eq!(of(&Error::from(lost())), expected);
        assert_eq!(of(&tenancy::Error::from(lost())), expected);
        assert_eq!(of(&Error::from(tenancy::Error::from(lost()))), expected);
        let migration = tenancy::Error::Migration {
            schema: "t_1".to_owned(),
            migration: "m1".to_owned(),
            source: lost(),
        };
        let told = format!("migration m1 failed in schema t_1: {expected}");
        assert_eq!(of(&migration), told);
        assert_eq!(of(&Error::from(migration)), told);
    }
}
