//! Who waits for a slot, in an order that is fair between tenants.

use std::collections::VecDeque;
use std::time::Instant;

use super::Client;

/// Names one who waits, for as long as it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) home: usize,
    pub(super) number: u64,
}

/// One who waits.
pub(super) struct Waiting<W> {
    pub(super) number: u64,
    pub(super) client: Client,
    pub(super) since: Instant,
    pub(super) waiter: W,
    /// A tenant's first has the present turn, its second the next, and so on.
    turn: u64,
}

/// Round robin by tenant, and within a tenant in the order of coming: sorted by turn.
pub(super) struct Queue<W> {
    waiting: VecDeque<Waiting<W>>,
    /// That of the one who was served last.
    turn: u64,
    /// Who has had theirs: their next is in the next turn.
    served: Vec<Client>,
}

impl<W> Queue<W> {
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            turn: 0,
            served: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// How many of this tenant wait.
    pub(super) fn count(&self, client: Client) -> u64 {
        let same = |one: &&Waiting<W>| one.client == client;
        self.waiting.iter().filter(same).count() as u64
    }

    pub(super) fn push(&mut self, number: u64, client: Client, since: Instant, waiter: W) {
        let last = self.waiting.iter().rfind(|one| one.client == client);
        let next = || self.turn + u64::from(self.served.contains(&client));
        let turn = last.map_or_else(next, |last| last.turn + 1);
        let at = self.waiting.partition_point(|one| one.turn <= turn);
        let waiting = Waiting {
            number,
            client,
            since,
            waiter,
            turn,
        };
        self.waiting.insert(at, waiting);
    }

    /// Whose turn it is.
    pub(super) fn first(&self) -> Option<&Waiting<W>> {
        self.waiting.front()
    }

    /// Serves whose turn it is.
    pub(super) fn pop(&mut self) -> Option<Waiting<W>> {
        let first = self.waiting.pop_front()?;
        if first.turn > self.turn || self.waiting.is_empty() {
            self.served.clear();
        }
        self.turn = first.turn;
        self.served.push(first.client);
        Some(first)
    }

    /// Serves somebody out of turn, or nobody any more.
    pub(super) fn remove(&mut self, number: u64) -> Option<Waiting<W>> {
        let at = self.waiting.iter().position(|one| one.number == number)?;
        self.waiting.remove(at)
    }

    /// Takes back who was removed and found nothing better.
    pub(super) fn put_back(&mut self, one: Waiting<W>) {
        let at = |other: &Waiting<W>| (other.turn, other.number) < (one.turn, one.number);
        let at = self.waiting.partition_point(at);
        self.waiting.insert(at, one);
    }

    /// The first in order of turns who pleases, being told how many of their tenant go before.
    pub(super) fn find(&self, pleases: impl Fn(&Waiting<W>, u64) -> bool) -> Option<&Waiting<W>> {
        let before = |one: &Waiting<W>| one.turn - self.turn;
        self.waiting.iter().find(|one| pleases(one, before(one)))
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = W> {
        self.waiting.drain(..).map(|one| one.waiter)
    }
}
