//! A scope as SeaORM sees it.

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, StreamTrait};

use super::Scoped;
use super::statements::{RowStream, Streaming, refuse_unprepared};

#[async_trait]
impl<R: Send + Sync> ConnectionTrait for Scoped<R> {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.frame.execute(None, statement).await
    }

    /// Refused: a text of several statements could leave the scope by ending its transaction.
    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(refuse_unprepared())
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.frame.query_one(None, statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.frame.query_all(None, statement).await
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

    fn stream_raw(&self, statement: Statement) -> Streaming<'_> {
        self.frame.stream(None, statement)
    }
}
