//! Statements inside a frame.

use std::pin::Pin;

use futures::{Stream, TryStreamExt};
use sea_orm::sea_query::Values;
use sea_orm::{DbErr, ExecResult, QueryResult, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Postgres};

use super::frame::Frame;
use super::held::Mark;

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
        let result = self.query(statement).execute(open.connection()?).await;
        open.judge(result).map(Into::into)
    }

    pub(super) async fn query_one(
        &self,
        within: Option<Mark>,
        statement: Statement,
    ) -> Result<Option<QueryResult>, DbErr> {
        let mut open = self.open(within).await?;
        let query = self.query(statement);
        let result = query.fetch_optional(open.connection()?).await;
        Ok(open.judge(result)?.map(Into::into))
    }

    pub(super) async fn query_all(
        &self,
        within: Option<Mark>,
        statement: Statement,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let mut open = self.open(within).await?;
        let result = self.query(statement).fetch_all(open.connection()?).await;
        Ok(open.judge(result)?.into_iter().map(Into::into).collect())
    }

    pub(super) fn stream(&self, within: Option<Mark>, statement: Statement) -> Streaming<'_> {
        let query = self.query(statement);
        Box::pin(async move {
            let mut open = self.open(within).await?;
            let rows: RowStream<'_> = Box::pin(async_stream::try_stream! {
                let mut failure = None;
                {
                    let mut rows = query.fetch(open.connection()?);
                    loop {
                        match rows.try_next().await {
                            Ok(Some(row)) => yield row.into(),
                            Ok(None) => break,
                            Err(error) => {
                                failure = Some(error);
                                break;
                            }
                        }
                    }
                }
                open.judge(failure.map_or(Ok(()), Err))?;
            });
            Ok(rows)
        })
    }

    fn query(&self, statement: Statement) -> Query {
        let values = statement.values.unwrap_or(Values(Vec::new()));
        let sql = AssertSqlSafe(statement.sql);
        sqlx::query_with(sql, SqlxValues(values)).persistent(self.persistent)
    }
}

/// A text of several statements could leave the scope by ending its transaction.
pub(super) fn refuse_unprepared() -> DbErr {
    DbErr::Custom("unprepared statements are not run inside a scope".to_owned())
}
