//! Statements inside a frame.

use std::pin::Pin;

use futures::{Stream, TryStreamExt};
use sea_orm::sea_query::Values;
use sea_orm::{DbErr, ExecResult, QueryResult, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Postgres};

use super::frame::Frame;
use super::held::{Held, Mark};

type Query = sqlx::query::Query<'static, Postgres, SqlxValues>;

/// Rows as they arrive. The scope's connection is theirs until they are dropped: whoever asks the
/// same scope for something else meanwhile waits, and in the same task waits for ever.
pub type RowStream<'a> = Pin<Box<dyn Stream<Item = Result<QueryResult, DbErr>> + Send + 'a>>;

/// A stream that is still to be opened.
pub(super) type Streaming<'a> =
    Pin<Box<dyn Future<Output = Result<RowStream<'a>, DbErr>> + Send + 'a>>;

impl Frame {
    pub(super) async fn execute(
        &self,
        within: Option<Mark>,
        statement: Statement,
    ) -> Result<ExecResult, DbErr> {
        let mut open = self.open(within).await?;
        let mut asked = Asked(statement);
        loop {
            let query = asked.query(open.held()?);
            let result = query.execute(open.connection()?).await;
            if !self.renew(&mut open, &result).await? {
                return open.judge(result).map(Into::into);
            }
        }
    }

    pub(super) async fn query_one(
        &self,
        within: Option<Mark>,
        statement: Statement,
    ) -> Result<Option<QueryResult>, DbErr> {
        let mut open = self.open(within).await?;
        let mut asked = Asked(statement);
        loop {
            let query = asked.query(open.held()?);
            let result = query.fetch_optional(open.connection()?).await;
            if !self.renew(&mut open, &result).await? {
                return Ok(open.judge(result)?.map(Into::into));
            }
        }
    }

    pub(super) async fn query_all(
        &self,
        within: Option<Mark>,
        statement: Statement,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let mut open = self.open(within).await?;
        let mut asked = Asked(statement);
        loop {
            let query = asked.query(open.held()?);
            let result = query.fetch_all(open.connection()?).await;
            if !self.renew(&mut open, &result).await? {
                return Ok(open.judge(result)?.into_iter().map(Into::into).collect());
            }
        }
    }

    pub(super) fn stream(&self, within: Option<Mark>, statement: Statement) -> Streaming<'_> {
        Box::pin(async move {
            let mut open = self.open(within).await?;
            let mut asked = Asked(statement);
            let rows: RowStream<'_> = Box::pin(async_stream::try_stream! {
                loop {
                    let query = asked.query(open.held()?);
                    let mut result = Ok(());
                    {
                        let mut rows = query.fetch(open.connection()?);
                        loop {
                            match rows.try_next().await {
                                Ok(Some(row)) => yield row.into(),
                                Ok(None) => break,
                                Err(error) => {
                                    result = Err(error);
                                    break;
                                }
                            }
                        }
                    }
                    // What is out of date answers no rows.
                    if !self.renew(&mut open, &result).await? {
                        open.judge(result)?;
                        break;
                    }
                }
            });
            Ok(rows)
        })
    }
}

/// A statement that may have to be asked twice.
struct Asked(Statement);

impl Asked {
    /// The statement as this connection knows it. It is kept prepared for each tenant on its own:
    /// PostgreSQL analyses and plans it anew whenever the path isn't that of its last use.
    fn query(&mut self, held: &Held) -> Query {
        let Self(statement) = self;
        let values = if held.is_fresh() && held.stamp().is_some() {
            statement.values.clone()
        } else {
            statement.values.take()
        };
        let values = SqlxValues(values.unwrap_or(Values(Vec::new())));
        let (sql, keeps) = match held.stamp() {
            Some(stamp) => ([stamp, &statement.sql].concat(), true),
            None => (std::mem::take(&mut statement.sql), false),
        };
        sqlx::query_with(AssertSqlSafe(sql), values).persistent(keeps)
    }
}

/// A text of several statements could leave the scope by ending its transaction.
pub(super) fn refuse_unprepared() -> DbErr {
    DbErr::Custom("unprepared statements are not run inside a scope".to_owned())
}
