//! A statement that somebody typed, and its answer in PostgreSQL's own words.

use futures::TryStreamExt;
use sqlx::postgres::{PgConnection, PgDatabaseError, PgRow};
use sqlx::{
    AssertSqlSafe, Column as _, Either, Executor, Row, SqlSafeStr, Statement, TypeInfo, ValueRef,
};

use super::frame::Frame;
use super::{OperatorDb, SharedDb};
use crate::error::Error;

/// What a statement answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// None where the statement doesn't answer rows.
    pub columns: Vec<Column>,
    /// Each value as PostgreSQL writes it; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// How many rows were answered, or changed.
    pub affected: u64,
}

/// A column of an [`Answer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, which others of the same answer may have too.
    pub name: String,
    /// The name of its type, such as `INT8` or `TEXT[]`.
    pub kind: String,
}

impl OperatorDb {
    /// Runs one statement of any kind that an operator typed.
    ///
    /// ```
    /// # tenancy::testing::block_on(async {
    /// use tenancy::Access;
    ///
    /// let shops = tenancy::testing::two_shops().await?;
    /// let db = shops.operator.tenant(&shops.python, Access::Write);
    /// let answer = db.run("UPDATE employee SET name = 'Boa' WHERE name = 'Viper' RETURNING name").await?;
    /// assert_eq!(answer.rows, [[Some("Boa".to_owned())]]);
    ///
    /// // What would leave the scope is refused.
    /// assert!(db.run("COMMIT").await.is_err());
    /// assert!(db.run("SELECT 1; DROP TABLE employee").await.is_err());
    /// # Ok::<_, tenancy::Error>(()) });
    /// ```
    ///
    /// What it leaves on the connection (settings, temporary tables, locks) goes with it: the
    /// connection is closed at the end of the scope.
    pub async fn run(&self, statement: &str) -> Result<Answer, Error> {
        self.frame.run(statement).await
    }
}

impl SharedDb {
    /// Like [`OperatorDb::run`], in the shared realm. Refused behind a pooler.
    pub async fn run(&self, statement: &str) -> Result<Answer, Error> {
        self.frame.run(statement).await
    }
}

impl Frame {
    async fn run(&self, statement: &str) -> Result<Answer, Error> {
        check(statement)?;
        if !self.keeps() {
            // What is prepared to look at it would stay on a backend that isn't ours.
            return Err(Error::Unfit(
                "a typed statement needs a connection of its own; behind a pooler take the operators'",
            ));
        }
        let mut open = self.open(None).await?;
        open.held()?.close_at_end();
        let result = answer(open.connection()?, statement).await;
        if result.as_ref().is_err_and(is_several) {
            open.judge(result).ok();
            return Err(Error::Unfit(
                "these are several statements; give one at a time",
            ));
        }
        Ok(open.judge(result)?)
    }
}

/// Asks twice: first with a prepared statement, since PostgreSQL prepares one statement and no more,
/// then as a simple query, since only to that it answers in text, whatever the types.
async fn answer(connection: &mut PgConnection, sql: &str) -> Result<Answer, sqlx::Error> {
    let text = AssertSqlSafe(sql.to_owned()).into_sql_str();
    let prepared = connection.prepare(text.clone()).await?;
    let column = |column: &sqlx::postgres::PgColumn| Column {
        name: column.name().to_owned(),
        kind: column.type_info().name().to_owned(),
    };
    let mut answer = Answer {
        columns: prepared.columns().iter().map(column).collect(),
        ..Answer::default()
    };
    let mut parts = sqlx::raw_sql(text).fetch_many(connection);
    while let Some(part) = parts.try_next().await? {
        match part {
            Either::Left(done) => answer.affected += done.rows_affected(),
            Either::Right(row) => answer.rows.push(values(&row)?),
        }
    }
    // Of what only shows something PostgreSQL doesn't count the rows.
    answer.affected = answer.affected.max(answer.rows.len() as u64);
    Ok(answer)
}

pub(super) fn values(row: &PgRow) -> Result<Vec<Option<String>>, sqlx::Error> {
    (0..row.len())
        .map(|index| {
            let value = row.try_get_raw(index)?;
            if value.is_null() {
                return Ok(None);
            }
            let text = value.as_str().map_err(sqlx::Error::Decode)?;
            Ok(Some(text.to_owned()))
        })
        .collect()
}

/// Whether this is PostgreSQL's refusal to prepare more than one statement. The place in its code
/// tells that in every language.
fn is_several(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    error
        .try_downcast_ref::<PgDatabaseError>()
        .is_some_and(|error| {
            (error.routine(), error.code()) == (Some("exec_parse_message"), "42601")
        })
}

/// Refuses what a scope can't run.
fn check(sql: &str) -> Result<(), Error> {
    if sql.contains('\0') {
        return Err(Error::Unfit("a statement can't hold NUL"));
    }
    let why = match first_word(sql).to_ascii_uppercase().as_str() {
        "" => "there is no statement",
        "ABORT" | "BEGIN" | "COMMIT" | "END" | "PREPARE" | "RELEASE" | "ROLLBACK" | "SAVEPOINT"
        | "START" => "the scope is a transaction already, and keeps what goes well",
        "COPY" => "COPY needs a channel for its data that a scope doesn't have; use psql",
        _ => return Ok(()),
    };
    Err(Error::Unfit(why))
}

/// The word that says what a statement does; of several statements the first.
fn first_word(sql: &str) -> &str {
    let mut rest = sql;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ';' || c == '(');
        rest = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if rest.starts_with("/*") {
            after_comment(rest)
        } else {
            break;
        };
    }
    let end = rest.find(|c: char| !c.is_ascii_alphabetic());
    // A statement that begins with something else is none, but that is PostgreSQL's to say.
    match end {
        Some(end) if end > 0 => &rest[..end],
        _ => rest,
    }
}

/// What follows a comment, inside of which others may be nested.
fn after_comment(text: &str) -> &str {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(pair) = text.as_bytes().get(at..at + 2) {
        match pair {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return &text[at..];
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_the_scope_is_told_by_its_first_word() {
        for refused in [
            "",
            " ;; -- nothing",
            "/* nothing",
            "COMMIT",
            "commit;",
            ";\n-- a /* b\nRollback and chain",
            "/* a /* b */ COMMIT; */ /**/ end",
            "START\tTRANSACTION",
            "savepoint a",
            "COPY employee TO STDOUT",
            "SELECT '\0'",
        ] {
            assert!(check(refused).is_err(), "{refused:?}");
        }
        for fine in [
            "SELECT 1;",
            "-- COMMIT\nSELECT 1",
            "/* COMMIT */SELECT 'COMMIT'",
            "(SELECT 1) UNION SELECT 2",
            "WITH a AS (SELECT 1) TABLE a",
            "/*/ odd */ VALUES (1)",
            "§",
        ] {
            assert!(check(fine).is_ok(), "{fine:?}");
        }
    }
}
