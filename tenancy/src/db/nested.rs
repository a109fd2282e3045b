//! Savepoints, and how SeaORM sees them.

use std::pin::Pin;

use async_trait::async_trait;
use sea_orm::{
    AccessMode, ConnectionTrait, DbBackend, DbErr, ExecResult, IsolationLevel, QueryResult,
    Statement, StreamTrait, TransactionError, TransactionOptions, TransactionSession,
    TransactionTrait,
};

use super::Scoped;
use super::held::Mark;
use super::statements::{RowStream, Streaming, refuse_unprepared};
use crate::error::from_sqlx;

/// A savepoint inside a scope: [`commit`](Nested::commit) keeps what was done since, dropping it
/// doesn't.
///
/// Nested transactions end in the reverse order of their begin. What is done through the scope
/// itself while one is open is done inside it.
pub struct Nested<R> {
    scope: Scoped<R>,
    mark: Mark,
    ended: bool,
}

impl<R> Nested<R> {
    async fn begin(scope: &Scoped<R>, within: Option<Mark>) -> Result<Self, DbErr> {
        let mut open = scope.frame.open(within).await?;
        let mark = open.held()?.savepoint().await.map_err(from_sqlx)?;
        Ok(Self {
            scope: scope.clone(),
            mark,
            ended: false,
        })
    }

    /// Keeps what was done since the savepoint, as part of the scope's transaction.
    pub async fn commit(mut self) -> Result<(), DbErr> {
        let mut open = self.scope.frame.open(Some(self.mark)).await?;
        let released = open.held()?.release(self.mark).await;
        if !released.map_err(from_sqlx)? {
            // Dropping `self` undoes it, and with it those inside.
            let error = "nested transactions end in the reverse order of their begin";
            return Err(DbErr::Custom(error.into()));
        }
        self.ended = true;
        Ok(())
    }

    /// Undoes what was done since the savepoint.
    pub async fn rollback(mut self) -> Result<(), DbErr> {
        let mut open = self.scope.frame.open(None).await?;
        let undone = open.held()?.undo(&[self.mark]).await;
        undone.map_err(from_sqlx)?;
        self.ended = true;
        Ok(())
    }
}

impl<R> Drop for Nested<R> {
    fn drop(&mut self) {
        if !self.ended {
            self.scope.frame.abandon(self.mark);
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
        self.scope.frame.execute(Some(self.mark), statement).await
    }

    /// Refused: a text of several statements could leave the scope by ending its transaction.
    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(refuse_unprepared())
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.scope.frame.query_one(Some(self.mark), statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.scope.frame.query_all(Some(self.mark), statement).await
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

    fn stream_raw(&self, statement: Statement) -> Streaming<'_> {
        self.scope.frame.stream(Some(self.mark), statement)
    }
}

/// Savepoints: the transaction itself belongs to the scope, and its isolation level with it.
macro_rules! nests {
    ($type:ident, $of:ident => $scope:expr, $within:expr) => {
        #[async_trait]
        impl<R: Send + Sync> TransactionTrait for $type<R> {
            type Transaction = Nested<R>;

            async fn begin(&self) -> Result<Nested<R>, DbErr> {
                let $of = self;
                Nested::begin($scope, $within).await
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

nests!(Scoped, scope => scope, None);
nests!(Nested, nested => &nested.scope, Some(nested.mark));
