//! What SeaORM sees: connections that are inside a scope.

use async_trait::async_trait;
use futures::{Stream, TryStreamExt};
use sea_orm::sea_query::Values;
use sea_orm::{
    AccessMode, ConnectionTrait, DbBackend, DbErr, ExecResult, IsolationLevel, QueryResult,
    Statement, StreamTrait, TransactionError, TransactionOptions, TransactionSession,
    TransactionTrait,
};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::PgTransactionManager;
use sqlx::{AssertSqlSafe, Postgres};
use sqlx_core::transaction::TransactionManager;
use std::pin::Pin;

use super::{Nested, Scoped};

type Query = sqlx::query::Query<'static, Postgres, SqlxValues>;

/// Rows as they arrive; the scope's connection is theirs until they are dropped.
pub type RowStream<'a> = Pin<Box<dyn Stream<Item = Result<QueryResult, DbErr>> + Send + 'a>>;

impl<R: Send + Sync> Scoped<R> {
    fn query(&self, statement: Statement) -> Query {
        let values = statement.values.unwrap_or(Values(Vec::new()));
        let sql = AssertSqlSafe(statement.sql);
        sqlx::query_with(sql, SqlxValues(values)).persistent(self.frame.persistent)
    }

    async fn savepoint(&self) -> Result<Nested<R>, DbErr> {
        let mut open = self.frame.open().await?;
        let result = PgTransactionManager::begin(open.connection()?, None).await;
        open.judge(result)?;
        Ok(Nested {
            scope: self.clone(),
            depth: open.depth(),
        })
    }
}

#[async_trait]
impl<R: Send + Sync> ConnectionTrait for Scoped<R> {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut open = self.frame.open().await?;
        let result = self.query(statement).execute(open.connection()?).await;
        open.judge(result).map(Into::into)
    }

    /// Refused: a text of several statements could leave the scope by ending its transaction.
    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(DbErr::Custom(
            "unprepared statements are not run inside a scope".to_owned(),
        ))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut open = self.frame.open().await?;
        let result = self
            .query(statement)
            .fetch_optional(open.connection()?)
            .await;
        Ok(open.judge(result)?.map(Into::into))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut open = self.frame.open().await?;
        let result = self.query(statement).fetch_all(open.connection()?).await;
        Ok(open.judge(result)?.into_iter().map(Into::into).collect())
    }
}

impl<R: Send + Sync> StreamTrait for Scoped<R> {
    type Stream<'a>
        = RowStream<'a>
    where
        Self: 'a;

    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    fn stream_raw<'a>(
        &'a self,
        statement: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<RowStream<'a>, DbErr>> + Send + 'a>> {
        let query = self.query(statement);
        Box::pin(async move {
            let mut open = self.frame.open().await?;
            let rows: RowStream<'a> = Box::pin(async_stream::try_stream! {
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
}

impl<R: Send + Sync> Nested<R> {
    /// Keeps what was done since the savepoint, as part of the scope's transaction.
    pub async fn commit(mut self) -> Result<(), DbErr> {
        let mut open = self.scope.frame.open().await?;
        if open.depth() != self.depth {
            // Dropping `self` rolls back.
            return Err(DbErr::Custom(
                "savepoints end in the reverse order of their begin".into(),
            ));
        }
        let result = PgTransactionManager::commit(open.connection()?).await;
        open.judge(result)?;
        self.depth = usize::MAX;
        Ok(())
    }

    /// Undoes what was done since the savepoint.
    pub async fn rollback(mut self) -> Result<(), DbErr> {
        let mut open = self.scope.frame.open().await?;
        while open.depth() >= self.depth {
            let result = PgTransactionManager::rollback(open.connection()?).await;
            open.judge(result)?;
        }
        self.depth = usize::MAX;
        Ok(())
    }
}

impl<R> Drop for Nested<R> {
    fn drop(&mut self) {
        if self.depth != usize::MAX {
            self.scope.frame.abandon(self.depth);
        }
    }
}

#[async_trait]
impl<R: Send + Sync> TransactionSession for Nested<R> {
    async fn commit(self) -> Result<(), DbErr> {
        Self::commit(self).await
    }

    async fn rollback(self) -> Result<(), DbErr> {
        Self::rollback(self).await
    }
}

#[async_trait]
impl<R: Send + Sync> ConnectionTrait for Nested<R> {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.scope.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.scope.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.scope.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.scope.query_all_raw(statement).await
    }
}

impl<R: Send + Sync> StreamTrait for Nested<R> {
    type Stream<'a>
        = RowStream<'a>
    where
        Self: 'a;

    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    fn stream_raw<'a>(
        &'a self,
        statement: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<RowStream<'a>, DbErr>> + Send + 'a>> {
        self.scope.stream_raw(statement)
    }
}

/// Savepoints: the transaction itself belongs to the scope, and its isolation level with it.
macro_rules! nests {
    ($type:ident, $scope:ident => $inner:expr) => {
        #[async_trait]
        impl<R: Send + Sync> TransactionTrait for $type<R> {
            type Transaction = Nested<R>;

            async fn begin(&self) -> Result<Nested<R>, DbErr> {
                let $scope = self;
                $inner.savepoint().await
            }

            async fn begin_with_config(
                &self,
                isolation: Option<IsolationLevel>,
                access: Option<AccessMode>,
            ) -> Result<Nested<R>, DbErr> {
                if isolation.is_some() || access.is_some() {
                    return Err(DbErr::Custom(
                        "a scope's access is chosen when it is made".into(),
                    ));
                }
                self.begin().await
            }

            async fn begin_with_options(
                &self,
                options: TransactionOptions,
            ) -> Result<Nested<R>, DbErr> {
                self.begin_with_config(options.isolation_level, options.access_mode)
                    .await
            }

            async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
            where
                F: for<'c> FnOnce(
                        &'c Nested<R>,
                    )
                        -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>
                    + Send,
                T: Send,
                E: std::fmt::Display + std::fmt::Debug + Send,
            {
                let nested = self.begin().await.map_err(TransactionError::Connection)?;
                match callback(&nested).await {
                    Ok(value) => {
                        nested
                            .commit()
                            .await
                            .map_err(TransactionError::Connection)?;
                        Ok(value)
                    }
                    Err(error) => {
                        nested
                            .rollback()
                            .await
                            .map_err(TransactionError::Connection)?;
                        Err(TransactionError::Transaction(error))
                    }
                }
            }

            async fn transaction_with_config<F, T, E>(
                &self,
                callback: F,
                isolation: Option<IsolationLevel>,
                access: Option<AccessMode>,
            ) -> Result<T, TransactionError<E>>
            where
                F: for<'c> FnOnce(
                        &'c Nested<R>,
                    )
                        -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>
                    + Send,
                T: Send,
                E: std::fmt::Display + std::fmt::Debug + Send,
            {
                if isolation.is_some() || access.is_some() {
                    let error = DbErr::Custom("a scope's access is chosen when it is made".into());
                    return Err(TransactionError::Connection(error));
                }
                self.transaction(callback).await
            }
        }
    };
}

nests!(Scoped, scope => scope);
nests!(Nested, nested => nested.scope);
