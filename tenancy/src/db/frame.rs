//! One transaction on one connection, begun at its first statement.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::DbErr;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgTransactionManager};
use sqlx::{AssertSqlSafe, Executor, PgPool, Postgres, SqlSafeStr};
use sqlx_core::transaction::TransactionManager;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::error::{Error, from_sqlx, is_lost};

/// No savepoint was left behind.
const NONE: usize = usize::MAX;

/// The shared inside of a scope and its clones.
pub(super) struct Frame {
    state: Arc<Mutex<State>>,
    /// The lowest depth among savepoints that were dropped without an end while the connection was
    /// busy. Whoever gets the connection next unwinds to below it.
    abandoned: AtomicUsize,
    /// Whether statements are kept prepared on the connection.
    pub(super) persistent: bool,
}

enum State {
    Waiting(Entry),
    Open(Held),
    Ended,
}

/// How to enter: everything a [`Frame`] needs to begin.
pub(super) struct Entry {
    pub(super) pool: PgPool,
    /// `BEGIN` and the `SET LOCAL`s, sent as one simple query: one round trip.
    pub(super) begin: String,
}

impl Frame {
    pub(super) fn new(entry: Entry, persistent: bool) -> Self {
        Self {
            state: Arc::new(Mutex::new(State::Waiting(entry))),
            abandoned: AtomicUsize::new(NONE),
            persistent,
        }
    }

    /// The connection, inside the transaction, for as long as the guard lives.
    pub(super) async fn open(&self) -> Result<Open, DbErr> {
        let mut state = Arc::clone(&self.state).lock_owned().await;
        if let State::Waiting(entry) = &*state {
            *state = State::Open(enter(entry).await.map_err(from_sqlx)?);
        }
        let mut open = Open(state);
        let held = open.held()?;
        let abandoned = self.abandoned.swap(NONE, Ordering::AcqRel);
        while held.depth() >= abandoned {
            PgTransactionManager::start_rollback(&mut held.connection);
        }
        if held.depth() == 0 {
            // A begin or an end that was cancelled: there is no transaction any more, and so no
            // scope. Nothing may run on this connection in its name.
            *open.0 = State::Ended;
            return Err(ended());
        }
        Ok(open)
    }

    pub(super) async fn commit(&self) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        match std::mem::replace(&mut *state, State::Ended) {
            State::Waiting(_) => Ok(()),
            State::Open(held) => held.commit().await,
            State::Ended => Err(Error::Ended),
        }
    }

    /// Ends the transaction without waiting: the pool sends the `ROLLBACK` when it takes the
    /// connection back.
    pub(super) fn abandon(&self, depth: usize) {
        match self.state.try_lock() {
            Ok(mut state) => {
                if let State::Open(held) = &mut *state {
                    while held.depth() >= depth {
                        PgTransactionManager::start_rollback(&mut held.connection);
                    }
                }
            }
            Err(_) => {
                self.abandoned.fetch_min(depth, Ordering::AcqRel);
            }
        }
    }

    pub(super) async fn end(&self) {
        *self.state.lock().await = State::Ended;
    }
}

/// A connection inside its transaction.
pub(super) struct Open(OwnedMutexGuard<State>);

impl Open {
    fn held(&mut self) -> Result<&mut Held, DbErr> {
        match &mut *self.0 {
            State::Open(held) => Ok(held),
            _ => Err(ended()),
        }
    }

    /// The connection for one statement. Until [`Open::judge`] has seen the result, the transaction
    /// is under suspicion: a statement that was cancelled may have failed unseen.
    pub(super) fn connection(&mut self) -> Result<&mut PgConnection, DbErr> {
        let held = self.held()?;
        held.suspect = true;
        Ok(&mut held.connection)
    }

    pub(super) fn depth(&mut self) -> usize {
        self.held().map_or(0, |held| held.depth())
    }

    /// Takes note of how a statement went. One that succeeds proves that the transaction stands.
    pub(super) fn judge<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, DbErr> {
        if let Ok(held) = self.held() {
            match &result {
                Ok(_) => held.suspect = false,
                Err(error) if is_lost(error) => held.connection.close_on_drop(),
                Err(_) => {}
            }
        }
        result.map_err(from_sqlx)
    }
}

/// The connection of an open frame. Dropping it rolls back.
struct Held {
    connection: PoolConnection<Postgres>,
    /// A statement failed, or was cancelled: PostgreSQL may answer `COMMIT` with a roll back.
    suspect: bool,
}

impl Held {
    fn depth(&self) -> usize {
        PgTransactionManager::get_transaction_depth(&self.connection)
    }

    async fn commit(mut self) -> Result<(), Error> {
        if self.suspect {
            // An aborted transaction refuses this; `COMMIT` would say yes and roll back.
            self.connection
                .execute("SELECT")
                .await
                .map_err(|_| Error::Aborted)?;
        }
        PgTransactionManager::commit(&mut self.connection).await?;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        while self.depth() > 0 {
            PgTransactionManager::start_rollback(&mut self.connection);
        }
    }
}

/// Begins, in one round trip. A pooled connection may have died in the pool; as nothing was done
/// yet, the next one is tried.
async fn enter(entry: &Entry) -> Result<Held, sqlx::Error> {
    let mut attempts = entry.pool.options().get_max_connections();
    loop {
        let connection = entry.pool.acquire().await?;
        match begin(connection, &entry.begin).await {
            Err(error) if is_lost(&error) && attempts > 0 => attempts -= 1,
            result => return result,
        }
    }
}

async fn begin(connection: PoolConnection<Postgres>, begin: &str) -> Result<Held, sqlx::Error> {
    let mut entering = Entering(Some(connection));
    let connection = entering.0.as_mut().expect("taken only below");
    let statement = AssertSqlSafe(begin.to_owned()).into_sql_str();
    PgTransactionManager::begin(connection, Some(statement)).await?;
    let connection = entering.0.take().expect("taken only here");
    Ok(Held {
        connection,
        suspect: false,
    })
}

/// A connection on its way into a transaction. If that fails or is cancelled, nobody can tell what
/// state it is in, so it is closed and never goes back to the pool.
struct Entering(Option<PoolConnection<Postgres>>);

impl Drop for Entering {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}

fn ended() -> DbErr {
    DbErr::Custom(Error::Ended.to_string())
}
