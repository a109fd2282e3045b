//! A scope's first statement, sent in one flight with its `BEGIN`.
//!
//! Of all texts that are sent together PostgreSQL plans each anew. So what is sent is the `EXECUTE`
//! of a statement that is kept prepared, before that its `PREPARE` where it isn't yet.

use sea_orm::{DbErr, QueryResult, Statement};

use super::Scoped;
use super::enter::Then;
use super::frame::Frame;
use crate::error::Error;

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
        self.frame.begin_with(statement, Then::More).await
    }

    /// Like [`Scoped::begin_with`] for the only statement of a scope, which then ends: whatever is asked of it later is
    /// refused. In a scope that reads, and where others wait for the same connection, several such statements make one
    /// round trip together, each in a transaction of its own.
    ///
    /// ```
    /// # tenancy::testing::block_on(async {
    /// use sea_orm::{DbBackend, Statement};
    /// use tenancy::Access;
    ///
    /// let shops = tenancy::testing::two_shops().await?;
    /// let db = shops.database.tenant(&shops.python, Access::Read);
    /// let count = Statement::from_string(DbBackend::Postgres, "SELECT count(*) FROM employee");
    /// let rows = db.ask_only(count.clone()).await?;
    /// assert_eq!(rows[0].try_get_by_index::<i64>(0)?, 2);
    /// assert!(db.ask_only(count).await.is_err(), "it has ended");
    /// # Ok::<_, tenancy::Error>(()) });
    /// ```
    ///
    /// In a scope that writes nothing is kept: see [`Scoped::commit_with`].
    pub async fn ask_only(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let answer = self.frame.begin_with(statement, Then::Nothing).await;
        self.frame.end().await;
        answer
    }

    /// Like [`Scoped::begin_with`] for the last statement of a scope, of which all is kept then: if the scope hasn't begun
    /// yet, its beginning, the statement and the `COMMIT` make one round trip. If it fails, or what was done before it
    /// did, nothing is kept. Either way the scope has ended.
    ///
    /// ```
    /// # tenancy::testing::block_on(async {
    /// use sea_orm::{DbBackend, Statement};
    /// use tenancy::Access;
    ///
    /// let shops = tenancy::testing::two_shops().await?;
    /// let db = shops.database.tenant(&shops.python, Access::Write);
    /// let sql = "UPDATE employee SET name = 'Adder' WHERE name = 'Viper' RETURNING name";
    /// let rows = db.commit_with(Statement::from_string(DbBackend::Postgres, sql)).await?;
    /// assert_eq!(rows.len(), 1);
    /// db.commit().await?; // It is kept already.
    /// # Ok::<_, tenancy::Error>(()) });
    /// ```
    ///
    /// If the connection is lost on the way, nobody knows whether it was kept, as with every `COMMIT`.
    pub async fn commit_with(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let _end = EndsUnlessKept(&self.frame);
        let rows = self.frame.begin_with(statement, Then::Commit).await?;
        self.frame.keep().await.map_err(|error| match error {
            Error::Database(error) => error,
            error => DbErr::Custom(error.to_string()),
        })?;
        Ok(rows)
    }
}

/// Ends a scope after its last statement, also where nobody waits for the answer.
struct EndsUnlessKept<'f>(&'f Frame);

impl Drop for EndsUnlessKept<'_> {
    fn drop(&mut self) {
        self.0.end_unless_kept();
    }
}

impl Frame {
    /// Answers this statement, on the way into the scope if it can be.
    async fn begin_with(
        &self,
        statement: Statement,
        then: Then,
    ) -> Result<Vec<QueryResult>, DbErr> {
        match self.open_with(&statement, then).await? {
            Some(rows) => Ok(rows.into_iter().map(Into::into).collect()),
            None => self.query_all(None, statement).await,
        }
    }
}
