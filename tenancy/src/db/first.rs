//! A scope's first statement, sent in one flight with its `BEGIN`.
//!
//! Of all texts that are sent together PostgreSQL plans each anew. So what is sent is the `EXECUTE`
//! of a statement that is kept prepared, before that its `PREPARE` where it isn't yet.

use std::fmt::Write as _;

use sea_orm::sea_query::Values;
use sea_orm::{DbErr, QueryResult, Statement, Value};

use super::Scoped;
use super::frame::Frame;
use super::literal::{literal, type_of};
use super::pool::Prepared;

impl<R> Scoped<R> {
    /// Like `query_all_raw`, but if the scope hasn't begun yet, its beginning and the statement make
    /// one round trip instead of two.
    ///
    /// ```
    /// # tenancy::testing::block_on(async {
    /// use sea_orm::{DbBackend, Statement};
    /// use tenancy::Access;
    ///
    /// let shops = tenancy::testing::two_shops().await?;
    /// let db = shops.database.tenant(&shops.python, Access::Read);
    /// let sql = "SELECT name FROM employee WHERE name > $1";
    /// let after_d = Statement::from_sql_and_values(DbBackend::Postgres, sql, ["D".into()]);
    /// let rows = db.begin_with(after_d).await?;
    /// assert_eq!(rows[0].try_get_by_index::<String>(0)?, "Viper");
    /// # Ok::<_, tenancy::Error>(()) });
    /// ```
    ///
    /// Then the rows come as text instead of in PostgreSQL's binary form, and what reads them must
    /// understand both, as sqlx does for all but a few types (an interval, a range). And values
    /// become part of a text that PostgreSQL shows in `pg_stat_activity` and writes to its log when
    /// the statement fails: nothing that is secret, such as the hash of a password.
    pub async fn begin_with(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.frame.begin_with(statement).await
    }
}

impl Frame {
    async fn begin_with(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self.open_with(&First(&statement)).await? {
            Some(rows) => Ok(rows.into_iter().map(Into::into).collect()),
            None => self.query_all(None, statement).await,
        }
    }
}

/// A statement that may be sent so.
pub(super) struct First<'s>(&'s Statement);

impl First<'_> {
    /// What follows the words of beginning. `None` for what can only be sent by itself.
    pub(super) fn words(&self, stamp: &str, prepared: &mut Prepared) -> Option<Words> {
        let Self(statement) = self;
        let values = statement.values.as_ref().map_or(&[][..], |Values(all)| all);
        let (given, types) = (list(values, literal)?, list(values, type_of)?);
        let text = format!("{types} AS {stamp}{}", statement.sql);
        if let Some(name) = prepared.get(&text) {
            return Some(Words {
                sql: format!("; EXECUTE first_{name}{given}"),
                new: None,
            });
        }
        if !is_query(&statement.sql) || !is_closed(&statement.sql) || !prepared.is_of_use() {
            return None;
        }
        let (name, displaced) = prepared.make_room();
        let mut sql = displaced.map_or_else(String::new, |it| format!("; DEALLOCATE first_{it}"));
        let commands = 1 + usize::from(displaced.is_some());
        let _ = write!(
            sql,
            "; PREPARE first_{name}{text}; EXECUTE first_{name}{given}"
        );
        let new = Some(New {
            text,
            name,
            commands,
        });
        Some(Words { sql, new })
    }
}

/// What is sent behind the words of beginning.
pub(super) struct Words {
    pub(super) sql: String,
    pub(super) new: Option<New>,
}

/// A statement that is prepared on the way.
pub(super) struct New {
    pub(super) text: String,
    pub(super) name: u64,
    /// How many commands come first, its own included.
    pub(super) commands: usize,
}

/// In parentheses; nothing at all for nothing.
fn list<T: AsRef<str>>(values: &[Value], write: impl Fn(&Value) -> Option<T>) -> Option<String> {
    let mut list = String::new();
    for value in values {
        list.push_str(if list.is_empty() { " (" } else { ", " });
        list.push_str(write(value)?.as_ref());
    }
    if !list.is_empty() {
        list.push(')');
    }
    Some(list)
}

/// Whether this is among what PostgreSQL prepares by name.
fn is_query(sql: &str) -> bool {
    let (word, _) = sql.split_once(' ').unwrap_or((sql, ""));
    ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"].contains(&word)
}

/// Whether what follows this text can't be taken for a part of it, nor a part of it for another
/// statement, which might leave the scope: the text quotes names at most, and comments nothing.
fn is_closed(sql: &str) -> bool {
    let is_plain =
        !sql.contains(['\'', '\\', ';', '\0']) && !sql.contains("--") && !sql.contains("/*");
    let after_dollar = |(at, _)| sql.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
    is_plain
        && sql.match_indices('$').all(after_dollar)
        && sql.matches('"').count().is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_something_could_follow_into_is_sent_by_itself() {
        for open in [
            "SELECT 1; COMMIT",
            "SELECT 'a",
            "SELECT E'\\'",
            r#"SELECT "a"#,
            r#"SELECT "a""b"#,
            "SELECT $$a",
            "SELECT $a$",
            "SELECT 1 -- and",
            "SELECT 1 /* and",
            "SELECT 1\0",
        ] {
            assert!(!is_closed(open), "{open:?}");
        }
        for closed in [
            "SELECT $1",
            r#"SELECT "a""b" FROM "c""#,
            "SELECT 4 / 2 - 1 * 3",
        ] {
            assert!(is_closed(closed), "{closed:?}");
        }
    }
}
