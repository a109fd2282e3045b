//! A connection in somebody's hands, and how it gets back.

use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::gauges::Figures;
use super::waiter::Waiter;
use super::{Client, Kept, Pool, Prepared, Table};
use crate::db::flight::Rider;
use crate::db::question::Question;
use crate::error::is_lost;

/// How many are taken along at most. With more the first would wait for longer than all save.
const SEATS: usize = 7;

/// How long the answer may take that a user didn't wait for. Whoever asks for much and leaves shouldn't keep a
/// connection for longer; but one that is closed for each who leaves would cost all that it knows.
const SETTLING: Duration = Duration::from_millis(250);

/// The same where its user would have waited but for others. PostgreSQL may have stalled, and is there again soon; or
/// something takes long that was quick so far.
const OVERDUE: Duration = Duration::from_secs(1);

/// How often that happens to a connection until it is closed: PostgreSQL may have prepared something there
/// that nobody knows of.
const INTERRUPTIONS: u32 = 64;

/// For how long a connection that answered is believed to be there still.
const LATELY: Duration = Duration::from_millis(250);

/// How long it may take to undo a transaction.
const UNDOING: Duration = Duration::from_secs(5);

/// A connection that is somebody's until this is dropped. Then it goes to the next, or to rest, or
/// is closed, as it was left.
pub(in crate::db) struct Lease {
    pool: Pool,
    at: usize,
    kept: Option<Box<Kept>>,
    key: u64,
    pub(in crate::db) stand: Stand,
}

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db) enum Stand {
    /// Outside of any transaction.
    Clean,
    /// Inside one in which nothing was changed or locked: perhaps that of its former user.
    Read,
    /// Inside one that must be undone before anybody else comes.
    Written,
    /// An answer is on its way that tells, and that nobody waits for.
    Unseen,
    /// The same, and if it tells of no failure the transaction is over.
    Unkept,
    /// The same, where its user would have waited but for others.
    Late,
    /// Nobody knows, so that it must be closed.
    Unknown,
    /// Being closed, or undone by somebody who may be interrupted.
    Lost,
}

impl Lease {
    pub(super) fn new(pool: Pool, at: usize, kept: Option<Box<Kept>>) -> Self {
        let stand = match &kept {
            Some(kept) if kept.open => Stand::Read,
            _ => Stand::Clean,
        };
        Self {
            pool,
            at,
            kept,
            key: 0,
            stand,
        }
    }

    /// Makes it a connection that may serve this client.
    pub(super) async fn fit(
        &mut self,
        client: Client,
        deadline: Instant,
    ) -> Result<(), sqlx::Error> {
        let most = self.pool.0.plan.tenants;
        if let Some(kept) = &self.kept {
            let has_room = kept.has_room(client, most);
            if !has_room || !kept.fits(client) {
                self.pool.table().retired += u64::from(!has_room);
                self.discard().await;
            }
        }
        if self.kept.is_none() {
            // What is rare has a place of its own, lest every request make room for it.
            let raw = Box::pin(self.pool.connect_by(client.login, deadline)).await?;
            let prepared = Prepared::new(self.pool.0.plan.firsts);
            self.kept = Some(Box::new(Kept::new(raw, client.login, prepared)));
        }
        if let Some(kept) = &mut self.kept {
            kept.seen.insert(client.key);
        }
        self.key = client.key;
        Ok(())
    }

    /// Has others kept from now on in place of the statements that are kept for its client.
    pub(in crate::db) fn outdate(&self) -> bool {
        self.pool.outdate(self.key);
        true
    }

    /// Replaces a connection that is of no use by a new one.
    pub(in crate::db) async fn renew(&mut self, client: Client) -> Result<(), sqlx::Error> {
        self.discard().await;
        self.fit(client, self.pool.deadline()).await
    }

    async fn discard(&mut self) {
        if let Some(kept) = self.kept.take() {
            self.pool.table().slots.forget(self.at);
            Box::pin(kept.close()).await;
        }
        self.stand = Stand::Clean;
    }

    pub(in crate::db) fn connection(&mut self) -> &mut PgConnection {
        &mut self.kept().raw
    }

    /// The first statements that are prepared on it.
    pub(in crate::db) fn prepared(&mut self) -> &mut Prepared {
        &mut self.kept().prepared
    }

    /// Whether PostgreSQL was there a moment ago.
    pub(in crate::db) fn is_surely_alive(&self) -> bool {
        let kept = self.kept.as_ref();
        kept.is_some_and(|kept| kept.rested.elapsed() < LATELY)
    }

    /// Takes along who waits for this connection with a statement that is quick there, if the own is that too; and says
    /// what isn't quick any more.
    pub(in crate::db) fn board(&self, own: &Question, in_company: bool) -> (Vec<Rider>, Duration) {
        let prepared = self.kept.as_ref().map(|kept| &kept.prepared);
        let prepared = prepared.filter(|it| in_company && own.quick(it).is_some());
        let mut table = self.pool.table();
        let patience = table.slots.patience().0;
        let Some(prepared) = prepared else {
            return (Vec::new(), patience);
        };
        let aboard = table.slots.board(self.at, SEATS, |one| one.rides(prepared));
        drop(table);
        let riders = aboard.into_iter().filter_map(|one| one.aboard(prepared));
        (riders.collect(), patience)
    }

    fn kept(&mut self) -> &mut Kept {
        let kept = self.kept.as_mut();
        kept.expect("a lease that was fitted has one")
    }

    /// Undoes what was left undone, and only then lets somebody else have it. Where that fails, or
    /// takes too long, the connection is closed.
    pub(super) async fn undo(mut self) {
        self.stand = Stand::Lost;
        let undone = timeout(UNDOING, self.connection().execute("ROLLBACK")).await;
        if matches!(undone, Ok(Ok(_))) {
            self.stand = Stand::Clean;
        }
    }

    /// Waits for the answer that its user didn't wait for, but not for long. A transaction may be over if all went well.
    async fn settle(mut self, within: Duration, commits: bool) {
        self.stand = Stand::Lost;
        let kept = self.kept();
        kept.interrupted += 1;
        let lasts = kept.interrupted <= INTERRUPTIONS;
        match timeout(within, settled(&mut kept.raw)).await {
            Ok(Ok(Settled::Well)) if lasts && commits => self.stand = Stand::Clean,
            Ok(Ok(_)) if lasts => self.undo().await,
            _ => self.discard().await,
        }
    }

    async fn close(mut self) {
        self.discard().await;
    }

    /// Gives a connection that may be used again to the next, or lets it rest.
    fn hand_on(&self, mut kept: Box<Kept>, stand: Stand) {
        let mut table = self.pool.table();
        if table.closed || kept.is_old() && stand == Stand::Clean {
            drop(table);
            return self.later(kept, Self::close);
        }
        let full = kept.is_nearly_full(self.pool.0.plan.tenants);
        table.slots.fill(self.at, full);
        table.figures[self.at] = kept.figures();
        let as_it_is = stand == Stand::Clean || self.pool.0.plan.hands_over && !kept.is_old();
        if !as_it_is {
            drop(table);
            return self.later(kept, Self::undo);
        }
        let now = Instant::now();
        kept.rested = now;
        let next = match table.slots.pass(self.at, now) {
            Some((at, next)) if at == self.at => {
                drop(table);
                return next.serve(self.again(Some(kept), stand));
            }
            next => next,
        };
        if stand == Stand::Clean || self.pool.sweeps(&table) {
            kept.open = stand != Stand::Clean;
            table.idle[self.at] = Some(kept);
            table.slots.rest(self.at, true, now);
            self.serve(table, next);
        } else {
            self.serve(table, next);
            self.later(kept, Self::undo);
        }
    }

    /// The connection is gone.
    fn vacate(&self) {
        let mut table = self.pool.table();
        table.figures[self.at] = Figures::default();
        table.slots.fill(self.at, false);
        table.slots.forget(self.at);
        let now = Instant::now();
        let next = match table.slots.pass(self.at, now) {
            Some((at, next)) if at == self.at => {
                drop(table);
                return next.serve(self.again(None, Stand::Clean));
            }
            next => next,
        };
        table.slots.rest(self.at, false, now);
        self.serve(table, next);
        self.pool.0.rested.notify_waiters();
    }

    /// Serves somebody at another slot.
    fn serve(&self, mut table: MutexGuard<'_, Table>, next: Option<(usize, Waiter)>) {
        if let Some((at, next)) = next {
            let lease = self.pool.lease(&mut table, at);
            drop(table);
            next.serve(lease);
        }
    }

    /// Has a task do the rest, for which nobody waits. The connection is busy until then.
    fn later<F: Future<Output = ()> + Send + 'static>(&self, kept: Box<Kept>, rest: fn(Self) -> F) {
        let lease = self.again(Some(kept), Stand::Lost);
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(rest(lease));
        }
    }

    fn again(&self, kept: Option<Box<Kept>>, stand: Stand) -> Self {
        Self {
            pool: self.pool.clone(),
            at: self.at,
            kept,
            key: 0,
            stand,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match (self.kept.take(), self.stand) {
            (Some(kept), Stand::Unknown) => self.later(kept, Self::close),
            (Some(kept), Stand::Unseen) => self.later(kept, |lease| lease.settle(SETTLING, false)),
            (Some(kept), Stand::Unkept) => self.later(kept, |lease| lease.settle(SETTLING, true)),
            (Some(kept), Stand::Late) => self.later(kept, |lease| lease.settle(OVERDUE, false)),
            (Some(kept), Stand::Written) => self.later(kept, Self::undo),
            (Some(kept), stand @ (Stand::Clean | Stand::Read)) => self.hand_on(kept, stand),
            (Some(_), Stand::Lost) | (None, _) => self.vacate(),
        }
    }
}

/// How what nobody looked at went.
pub(in crate::db) enum Settled {
    Well,
    /// A statement failed.
    Badly,
}

/// Waits for all answers that are on their way.
pub(in crate::db) async fn settled(connection: &mut PgConnection) -> Result<Settled, sqlx::Error> {
    let mut went = Settled::Well;
    loop {
        match connection.ping().await {
            Ok(()) => return Ok(went),
            Err(error) if is_lost(&error) => return Err(error),
            // More may be on its way behind it.
            Err(_) => went = Settled::Badly,
        }
    }
}
