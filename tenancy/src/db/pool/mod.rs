//! Connections that know their tenants.
//!
//! [`slots`] decides who gets which connection, without IO; this is the shell around it. Nothing
//! waits under the lock: connecting, closing and undoing are done by whoever holds the [`Lease`].

mod connect;
mod gauges;
mod homes;
mod lease;
mod pace;
mod patience;
mod prepared;
mod queue;
mod slots;
mod sweep;
#[cfg(test)]
mod tests;
mod waiter;

use std::collections::{HashMap, HashSet};
use std::iter;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::sync::Notify;
use tokio::time::timeout_at;

use gauges::Figures;
pub use gauges::Gauges;
pub(super) use lease::{Lease, Stand, settled};
pub(super) use prepared::Prepared;
use queue::Ticket;
use slots::{Slots, State};
use waiter::Waiter;
pub(super) use waiter::{Reply, Served};

use super::question::Question;

/// For how long one who was taken along waits in the end, whatever became of the one who did.
const FORGOTTEN: Duration = Duration::from_secs(1);

/// Who asks: a key that stands for the schema and the role, and the login that may enter it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) key: u64,
    pub(super) login: u16,
}

/// The connections of some logins, as many as there may be in all.
#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

/// How a pool is made.
pub(super) struct Plan {
    pub(super) total: usize,
    pub(super) acquire_timeout: Duration,
    /// How many tenants a connection may come to know.
    pub(super) tenants: usize,
    /// How many scopes' first statements are kept prepared on a connection.
    pub(super) firsts: usize,
    /// Whether tenants have connections that they prefer.
    pub(super) homes: bool,
    /// Whether a connection may go from hand to hand inside a transaction that was only read in,
    /// which the next `BEGIN` ends.
    pub(super) hands_over: bool,
    pub(super) address: Box<dyn Fn(u16) -> PgConnectOptions + Send + Sync>,
}

struct Inner {
    plan: Plan,
    table: Mutex<Table>,
    /// A connection was closed, or another went to rest.
    rested: Notify,
    /// How many were answered in somebody else's flight.
    carried: AtomicU64,
    /// Whether somebody will look for connections that were left inside a transaction.
    swept: AtomicBool,
    /// How often the kept statements of a client were found to be out of date.
    stale: RwLock<HashMap<u64, u32>>,
}

struct Table {
    slots: Slots<Waiter>,
    /// Of each slot that is idle.
    idle: Vec<Option<Box<Kept>>>,
    figures: Vec<Figures>,
    retired: u64,
    closed: bool,
}

/// A connection, and what is known of it.
struct Kept {
    raw: PgConnection,
    login: u16,
    opened: Instant,
    /// Since when its latest user has left it.
    rested: Instant,
    /// Whether it rests inside a transaction that was only read in.
    open: bool,
    /// How many of its users went away before an answer came.
    interrupted: u32,
    seen: HashSet<u64>,
    prepared: Prepared,
}

impl Pool {
    pub(super) fn new(plan: Plan) -> Self {
        let total = plan.total.max(1);
        let table = Table {
            slots: Slots::new(total, plan.homes),
            idle: (0..total).map(|_| None).collect(),
            figures: vec![Figures::default(); total],
            retired: 0,
            closed: false,
        };
        Self(Arc::new(Inner {
            plan,
            table: Mutex::new(table),
            rested: Notify::new(),
            carried: AtomicU64::new(0),
            swept: AtomicBool::new(false),
            stale: RwLock::default(),
        }))
    }

    /// A connection for this client, perhaps a new one.
    pub(super) async fn acquire(&self, client: Client) -> Result<Lease, sqlx::Error> {
        match self.serve(client, None).await? {
            Served::Lease(lease) => Ok(lease),
            // Nobody answers what wasn't asked.
            Served::Rows(_) => Err(sqlx::Error::PoolClosed),
        }
    }

    /// The same, unless this question, which is all that the client has, is answered while it waits.
    pub(super) async fn share(
        &self,
        client: Client,
        question: &Arc<Question>,
    ) -> Result<Served, sqlx::Error> {
        self.serve(client, Some(Arc::clone(question))).await
    }

    async fn serve(
        &self,
        client: Client,
        mut question: Option<Arc<Question>>,
    ) -> Result<Served, sqlx::Error> {
        let deadline = self.deadline();
        loop {
            match self.slot(client, question.take(), deadline).await? {
                Some(Served::Lease(mut lease)) => {
                    lease.fit(client, deadline).await?;
                    return Ok(Served::Lease(lease));
                }
                Some(served) => {
                    self.0.carried.fetch_add(1, Ordering::Relaxed);
                    return Ok(served);
                }
                // Now it asks by itself.
                None => {}
            }
        }
    }

    /// The wait for a slot; `None` for one who was taken along and got no answer. Whoever is cancelled gives
    /// up; what was already sent to them then is dropped, and a lease that is dropped goes to the next.
    async fn slot(
        &self,
        client: Client,
        question: Option<Arc<Question>>,
        deadline: Instant,
    ) -> Result<Option<Served>, sqlx::Error> {
        let asked = Instant::now();
        let (mut answer, waiting, pauses) = {
            let mut table = self.table();
            if table.closed {
                return Err(sqlx::Error::PoolClosed);
            }
            if let Some(at) = table.slots.ask(client, asked) {
                return Ok(Some(Served::Lease(self.lease(&mut table, at))));
            }
            let (waiter, answer) = Waiter::new(question);
            let ticket = table.slots.wait(client, waiter, asked);
            let waiting = GivesUp { pool: self, ticket };
            (answer, waiting, table.slots.patience().pauses())
        };
        let [.., last] = pauses;
        let looks = pauses.into_iter().map(|pause| asked + pause);
        let looks = looks.chain(iter::successors(Some(asked + last * 2), |at| {
            Some(*at + last)
        }));
        let mut gone = None;
        for look in looks {
            match timeout_at(deadline.min(look).into(), &mut answer).await {
                Ok(Ok(served)) => return Ok(Some(served)),
                Ok(Err(_)) if self.table().closed => return Err(sqlx::Error::PoolClosed),
                Ok(Err(_)) => return Ok(None),
                Err(_) if look >= deadline => break,
                Err(_) => {}
            }
            match self.retry(waiting.ticket) {
                Looked::Found(lease) => return Ok(Some(Served::Lease(lease))),
                Looked::Waits => {}
                Looked::Gone if gone.get_or_insert_with(Instant::now).elapsed() < FORGOTTEN => {}
                // Whoever took it along looks at no answer.
                Looked::Gone => return Ok(None),
            }
        }
        Err(sqlx::Error::PoolTimedOut)
    }

    fn retry(&self, ticket: Ticket) -> Looked {
        let mut table = self.table();
        if !table.slots.waits(ticket) {
            return Looked::Gone;
        }
        match table.slots.retry(ticket, Instant::now()) {
            Some(at) => Looked::Found(self.lease(&mut table, at)),
            None => Looked::Waits,
        }
    }

    fn lease(&self, table: &mut Table, at: usize) -> Lease {
        Lease::new(self.clone(), at, table.idle[at].take())
    }

    /// Closes every connection, waiting for those that are in use.
    pub(super) async fn close(&self) {
        let dismissed = {
            let mut table = self.table();
            table.closed = true;
            let idle: Vec<usize> = (0..table.idle.len())
                .filter(|at| table.idle[*at].is_some())
                .collect();
            let idle: Vec<Lease> = idle
                .into_iter()
                .map(|at| self.lease(&mut table, at))
                .collect();
            (table.slots.dismiss(), idle)
        };
        drop(dismissed);
        loop {
            let rested = self.0.rested.notified();
            let mut rested = std::pin::pin!(rested);
            rested.as_mut().enable();
            if self
                .table()
                .slots
                .states()
                .all(|state| state == State::Empty)
            {
                return;
            }
            rested.await;
        }
    }

    /// How things stand.
    pub(super) fn gauges(&self) -> Gauges {
        let table = self.table();
        Gauges::of(&table, self.0.carried.load(Ordering::Relaxed))
    }

    /// From now on the statements that are kept for this client are others.
    pub(super) fn outdate(&self, key: u64) {
        let mut stale = self.0.stale.write().unwrap_or_else(PoisonError::into_inner);
        *stale.entry(key).or_default() += 1;
    }

    /// How often that was so.
    pub(super) fn outdated(&self, key: u64) -> u32 {
        let stale = self.0.stale.read().unwrap_or_else(PoisonError::into_inner);
        stale.get(&key).copied().unwrap_or_default()
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.0.plan.acquire_timeout
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing can panic while it is held.
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one finds who waits and looks for another connection.
enum Looked {
    Found(Lease),
    Waits,
    /// It doesn't wait any more: it was served, or taken along.
    Gone,
}

/// Leaves the queue when dropped.
struct GivesUp<'p> {
    pool: &'p Pool,
    ticket: Ticket,
}

impl Drop for GivesUp<'_> {
    fn drop(&mut self) {
        self.pool.table().slots.give_up(self.ticket);
    }
}
