//! From the pool into a transaction.

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgTransactionManager;
use sqlx::{AssertSqlSafe, PgPool, Postgres, SqlSafeStr};
use sqlx_core::transaction::TransactionManager;

use super::held::Held;
use crate::error::is_lost;

/// How to enter.
pub(super) struct Entry {
    pub(super) pool: PgPool,
    /// `BEGIN` and the `SET LOCAL`s, sent as one simple query: one round trip.
    pub(super) begin: String,
}

impl Entry {
    /// Begins. A pooled connection may have died in the pool; as nothing was done yet, the next one
    /// is tried.
    pub(super) async fn enter(&self) -> Result<Held, sqlx::Error> {
        let mut attempts = self.pool.options().get_max_connections();
        loop {
            let connection = self.pool.acquire().await?;
            match begin(connection, &self.begin).await {
                Err(error) if is_lost(&error) && attempts > 0 => attempts -= 1,
                result => return result,
            }
        }
    }
}

async fn begin(connection: PoolConnection<Postgres>, begin: &str) -> Result<Held, sqlx::Error> {
    let mut entering = Entering(Some(connection));
    let connection = entering.0.as_mut().expect("taken only below");
    let statement = AssertSqlSafe(begin.to_owned()).into_sql_str();
    PgTransactionManager::begin(connection, Some(statement)).await?;
    let connection = entering.0.take().expect("taken only here");
    Ok(Held::new(connection))
}

/// A connection on its way into a transaction.
///
/// If that fails, or if whoever waits for it is cancelled, sqlx believes the connection to be
/// outside of any transaction, and PostgreSQL may have it inside one, with this tenant's path. So
/// it is closed and never goes back to the pool.
struct Entering(Option<PoolConnection<Postgres>>);

impl Drop for Entering {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}
