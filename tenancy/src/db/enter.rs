//! From the pool into a transaction.

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgTransactionManager;
use sqlx::{AssertSqlSafe, PgPool, Postgres, SqlSafeStr};
use sqlx_core::transaction::TransactionManager;

use super::held::Held;
use crate::error::{is_forbidden, is_lost};

/// How to enter.
pub(super) struct Entry {
    pub(super) pool: PgPool,
    /// `BEGIN` and the `SET LOCAL`s, sent as one simple query: one round trip.
    pub(super) begin: String,
}

impl Entry {
    /// Begins. As nothing was done yet, the next connection is tried where this one is not fit: it
    /// may have died in the pool, or not know of the role yet. For PostgreSQL notes which roles a
    /// login has after reading role upon role, and doesn't see that one was granted meanwhile: that
    /// backend would refuse the newest tenant until something is granted again.
    pub(super) async fn enter(&self) -> Result<Held, sqlx::Error> {
        let mut attempts = self.pool.options().get_max_connections();
        loop {
            let connection = self.pool.acquire().await?;
            match begin(connection, &self.begin).await {
                Err(error) if is_unfit(&error) && attempts > 0 => attempts -= 1,
                result => return result,
            }
        }
    }
}

fn is_unfit(error: &sqlx::Error) -> bool {
    is_lost(error) || is_forbidden(error)
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
