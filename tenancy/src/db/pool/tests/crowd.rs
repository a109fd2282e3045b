//! Many who want connections, and have none: the slots alone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::super::Client;
use super::super::pace::Pace;
use super::super::queue::Ticket;
use super::super::slots::{Slots, State};

/// The slots, who has each, and who waits: what must be true of them at any moment.
pub(super) struct Crowd {
    pub(super) slots: Slots<usize>,
    pub(super) at_once: usize,
    pub(super) now: Instant,
    pub(super) holders: BTreeMap<usize, (usize, Instant)>,
    pub(super) waiting: BTreeMap<usize, (Ticket, Client)>,
    /// All who ever came; the first is number one.
    pub(super) came: Vec<Client>,
}

impl Crowd {
    pub(super) fn new(total: usize) -> Self {
        Self::of(total, total)
    }

    /// So many of which work at once.
    pub(super) fn of(total: usize, at_once: usize) -> Self {
        let mut slots = Slots::new(total, true);
        slots.pace = Pace::of(total, at_once);
        Self {
            slots,
            at_once,
            now: Instant::now(),
            holders: BTreeMap::new(),
            waiting: BTreeMap::new(),
            came: Vec::new(),
        }
    }

    /// Somebody of this login who is at home at a slot.
    pub(super) fn at_home(&mut self, at: usize, login: u16) -> Client {
        let mut all = (0..).map(|key| client(key, login));
        all.find(|one| self.slots.home(*one) == at).unwrap()
    }

    /// Somebody comes; answers their number, and the slot if they needn't wait.
    pub(super) fn ask(&mut self, client: Client) -> (usize, Option<usize>) {
        self.came.push(client);
        let who = self.came.len();
        let at = self.slots.ask(client, self.now);
        if let Some(at) = at {
            self.hold(at, who);
        } else {
            let ticket = self.slots.wait(client, who, self.now);
            self.waiting.insert(who, (ticket, client));
        }
        (who, at)
    }

    pub(super) fn hold(&mut self, at: usize, who: usize) {
        let before = self.holders.insert(at, (who, self.now));
        assert_eq!(before, None, "two have slot {at}");
    }

    pub(super) fn holder(&self, at: usize) -> Option<usize> {
        self.holders.get(&at).map(|(who, _)| *who)
    }

    /// How many have theirs since so short a time that they surely count.
    pub(super) fn working(&self) -> usize {
        let since = self.holders.values().map(|(_, since)| *since);
        since.filter(|since| *since == self.now).count()
    }

    /// Whoever has this slot leaves; answers who is served then.
    pub(super) fn free(&mut self, at: usize, connected: bool) -> Option<usize> {
        self.holders.remove(&at)?;
        let next = self.slots.pass(at, self.now);
        if next.is_none_or(|(to, _)| to != at) {
            self.slots.rest(at, connected, self.now);
        }
        let (to, who) = next?;
        assert!(self.waiting.remove(&who).is_some(), "{who} didn't wait");
        self.hold(to, who);
        Some(who)
    }

    /// Whoever has this slot takes others along, up to so many; answers whom.
    pub(super) fn board(&mut self, at: usize, most: usize) -> Vec<usize> {
        let aboard = self.slots.board(at, most, |_| true);
        assert!(aboard.len() <= most);
        for who in &aboard {
            let waited = self.waiting.remove(who);
            let (ticket, _) = waited.expect("nobody is taken twice, nor after they left");
            assert_eq!(ticket.home, at, "{who} waits for another connection");
        }
        aboard
    }

    pub(super) fn pass_time(&mut self, time: Duration) {
        self.now += time;
        let waiting: Vec<_> = self
            .waiting
            .iter()
            .map(|(who, (t, _))| (*who, *t))
            .collect();
        for (who, ticket) in waiting {
            if let Some(at) = self.slots.retry(ticket, self.now) {
                self.waiting.remove(&who);
                self.hold(at, who);
            }
        }
    }

    pub(super) fn check(&self) {
        assert_eq!(self.slots.waiting(), self.waiting.len());
        for (at, state) in self.slots.states().enumerate() {
            let busy = matches!(state, State::Busy { .. });
            assert_eq!(busy, self.holders.contains_key(&at), "slot {at}");
            let at_home = self.waiting.values().any(|(ticket, _)| ticket.home == at);
            assert!(
                busy || !at_home || self.holders.len() >= self.at_once,
                "somebody waits for slot {at}, which is free"
            );
        }
    }
}

pub(super) fn client(key: u64, login: u16) -> Client {
    Client { key, login }
}
