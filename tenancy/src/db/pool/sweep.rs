//! Transactions that were only read in, and whom nobody comes to end.
//!
//! Such a connection rests as it is: under load somebody comes at once, whose `BEGIN` ends the former
//! transaction in the same flight. Where nobody does, it is ended here, for it holds what it read.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::time::sleep;

use super::{Lease, Pool, Table};

/// How long a connection may rest inside a transaction, and as long again until that is noticed.
const LINGERING: Duration = Duration::from_millis(2);

impl Pool {
    /// Makes sure that somebody will look. Answers whether that can be had.
    /// The table is locked meanwhile, so that nobody stops looking before they are seen.
    pub(super) fn sweeps(&self, _: &Table) -> bool {
        let Ok(runtime) = Handle::try_current() else {
            return false;
        };
        if !self.0.swept.swap(true, Ordering::Relaxed) {
            runtime.spawn(Sweeper(self.clone()).sweep());
        }
        true
    }

    /// Those that have rested for long enough; `None` where there is nothing left to look for.
    fn lingering(&self, now: Instant) -> Option<Vec<Lease>> {
        let mut table = self.table();
        let open = |table: &Table, at: usize| table.idle[at].as_ref().is_some_and(|kept| kept.open);
        let all: Vec<usize> = (0..table.idle.len())
            .filter(|at| open(&table, *at))
            .collect();
        if all.is_empty() {
            self.0.swept.store(false, Ordering::Relaxed);
            return None;
        }
        let mut leases = Vec::new();
        for at in all {
            let rested = table.idle[at].as_ref().map(|kept| kept.rested);
            if rested.is_some_and(|rested| now.duration_since(rested) >= LINGERING) {
                table.slots.seize(at, now);
                leases.push(self.lease(&mut table, at));
            }
        }
        Some(leases)
    }
}

struct Sweeper(Pool);

impl Sweeper {
    async fn sweep(self) {
        loop {
            sleep(LINGERING).await;
            let Some(leases) = self.0.lingering(Instant::now()) else {
                return;
            };
            for lease in leases {
                // Each by itself: one that hangs holds up no other.
                tokio::spawn(lease.undo());
            }
        }
    }
}

/// Should its runtime end before it, the next connection that rests needs another.
impl Drop for Sweeper {
    fn drop(&mut self) {
        // Without a lock: a runtime that is shutting down drops it within `sweeps`.
        self.0.0.swept.store(false, Ordering::Relaxed);
    }
}
