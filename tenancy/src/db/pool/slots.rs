//! Which connection is whose: decisions without a single connection.
//!
//! There are as many slots as there may be connections. Each tenant has a home among them, where its
//! plans and PostgreSQL's caches of its catalogue stay warm. It leaves home only where waiting there
//! would take longer than what is lost: see [`Slots::ask`] and [`Slots::pass`].

use std::time::{Duration, Instant};

use super::Client;
use super::queue::{Queue, Ticket, Waiting};

/// How many of a tenant's requests wait at home before the next one looks for an idle slot.
const COMPANY: usize = 2;

/// How long somebody waits, or the lease at home lasts, before another slot will do.
pub(super) const PATIENCE: Duration = Duration::from_millis(2);

/// How long somebody waits before a connection of another login is closed for it; and how long a
/// lease lasts before those who wait for it count as stuck, and are served between others.
pub(super) const DESPAIR: Duration = Duration::from_millis(20);

pub(super) struct Slots<W> {
    places: Vec<Slot<W>>,
    /// Those that were seen, in order. Each has an equal share of the slots.
    logins: Vec<u16>,
    /// Whether tenants have homes; else any slot is as good.
    homes: bool,
    number: u64,
    pub(super) spilled: u64,
    pub(super) leases: u64,
}

struct Slot<W> {
    state: State,
    /// Whose connection it is, or was at last.
    login: u16,
    queue: Queue<W>,
    /// Served somebody of elsewhere while its own waited.
    helped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Without a connection.
    Empty,
    /// With one that nobody uses.
    Idle,
    Busy {
        since: Instant,
    },
}

impl<W> Slots<W> {
    pub(super) fn new(total: usize, homes: bool) -> Self {
        let slot = |_| Slot {
            state: State::Empty,
            login: 0,
            queue: Queue::new(),
            helped: false,
        };
        Self {
            places: (0..total.max(1)).map(slot).collect(),
            logins: Vec::new(),
            homes,
            number: 0,
            spilled: 0,
            leases: 0,
        }
    }

    /// A slot for this client, which is busy from now on, if there is one that it needn't wait for.
    pub(super) fn ask(&mut self, client: Client, now: Instant) -> Option<usize> {
        let home = self.home(client);
        let crowded = self.logins.len() > self.places.len();
        let slot = &self.places[home];
        let found = match slot.state {
            // Several logins share this home, and each turn costs a new connection.
            State::Idle if slot.login != client.login && crowded => {
                self.elsewhere(client, false).or(Some(home))
            }
            State::Idle | State::Empty => Some(home),
            State::Busy { since } => {
                let leaves = !self.homes
                    || slot.queue.count(client) >= COMPANY
                    || now.duration_since(since) >= PATIENCE;
                leaves.then(|| self.elsewhere(client, false)).flatten()
            }
        };
        found.inspect(|at| self.lease(*at, client, now))
    }

    /// Waits at home.
    pub(super) fn wait(&mut self, client: Client, waiter: W, now: Instant) -> Ticket {
        self.number += 1;
        let (home, number) = (self.home(client), self.number);
        self.places[home].queue.push(number, client, now, waiter);
        Ticket { home, number }
    }

    /// Looks for another slot for one who has waited for a while.
    pub(super) fn retry(&mut self, ticket: Ticket, now: Instant) -> Option<usize> {
        let queue = &mut self.places[ticket.home].queue;
        let one = queue.remove(ticket.number)?;
        let steals = now.duration_since(one.since) >= DESPAIR;
        if let Some(at) = self.elsewhere(one.client, steals) {
            self.lease(at, one.client, now);
            return Some(at);
        }
        self.places[ticket.home].queue.put_back(one);
        None
    }

    /// Waits no more.
    pub(super) fn give_up(&mut self, ticket: Ticket) {
        self.places[ticket.home].queue.remove(ticket.number);
    }

    /// Gives a busy slot to whoever should have it next. It stays busy, also if that is nobody.
    pub(super) fn pass(&mut self, at: usize, now: Instant) -> Option<W> {
        let next = self.next(at, now)?;
        self.lease(at, next.client, now);
        Some(next.waiter)
    }

    /// Nobody has it now.
    pub(super) fn rest(&mut self, at: usize, connected: bool) {
        self.places[at].state = if connected { State::Idle } else { State::Empty };
    }

    /// Nobody waits any more.
    pub(super) fn dismiss(&mut self) -> Vec<W> {
        let queues = self.places.iter_mut().map(|slot| &mut slot.queue);
        queues.flat_map(Queue::drain).collect()
    }

    pub(super) fn states(&self) -> impl Iterator<Item = State> {
        self.places.iter().map(|slot| slot.state)
    }

    pub(super) fn waiting(&self) -> usize {
        self.places.iter().map(|slot| slot.queue.len()).sum()
    }

    /// Where a client is at home: one of the slots of its login, by its key.
    pub(super) fn home(&mut self, client: Client) -> usize {
        let rank = match self.logins.binary_search(&client.login) {
            Ok(rank) => rank,
            Err(rank) => {
                self.logins.insert(rank, client.login);
                rank
            }
        };
        let (logins, slots) = (self.logins.len(), self.places.len());
        if logins > slots {
            return rank % slots;
        }
        let share = (slots - rank).div_ceil(logins);
        let nth = client.key % share as u64;
        rank + logins * usize::try_from(nth).unwrap_or_default()
    }

    fn lease(&mut self, at: usize, client: Client, now: Instant) {
        self.leases += 1;
        self.spilled += u64::from(self.homes && at != self.home(client));
        let slot = &mut self.places[at];
        slot.state = State::Busy { since: now };
        slot.login = client.login;
    }

    /// An idle slot with a connection of the same login, else one without; else any.
    fn elsewhere(&self, client: Client, steals: bool) -> Option<usize> {
        let find = |pleases: &dyn Fn(&Slot<W>) -> bool| self.places.iter().position(pleases);
        find(&|slot| slot.state == State::Idle && slot.login == client.login)
            .or_else(|| find(&|slot| slot.state == State::Empty))
            .or_else(|| steals.then(|| find(&|slot| slot.state == State::Idle))?)
    }

    /// Takes from the queues who is served next at this slot: its own, in turn with those who are
    /// stuck elsewhere; without own ones whoever has waited long enough at home, or in company.
    fn next(&mut self, at: usize, now: Instant) -> Option<Waiting<W>> {
        let own = self.places[at].queue.first().map(|own| own.number);
        let found = match own {
            Some(own) if !self.places[at].helped => {
                let stuck = self.oldest(at, |slot| slot.stuck(now));
                stuck.filter(|(_, number)| *number < own)
            }
            Some(_) => None,
            None => {
                let login = self.places[at].login;
                let patience = if self.homes { PATIENCE } else { Duration::ZERO };
                self.oldest(at, |slot| slot.leaving(login, patience, now))
            }
        };
        self.places[at].helped = own.is_some() && found.is_some();
        match found {
            Some((elsewhere, number)) => self.places[elsewhere].queue.remove(number),
            None => self.places[at].queue.pop(),
        }
    }

    /// Who has waited longest of those that each other slot lets go: where, and the number.
    fn oldest<'s>(
        &'s self,
        at: usize,
        choose: impl Fn(&'s Slot<W>) -> Option<&'s Waiting<W>>,
    ) -> Option<(usize, u64)> {
        let others = self
            .places
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at);
        let chosen = others.filter_map(|(other, slot)| Some((other, choose(slot)?.number)));
        chosen.min_by_key(|(_, number)| *number)
    }
}

impl<W> Slot<W> {
    fn lasts(&self, now: Instant) -> Duration {
        match self.state {
            State::Busy { since } => now.duration_since(since),
            State::Empty | State::Idle => Duration::ZERO,
        }
    }

    /// Whose turn it would be, but that the lease doesn't end.
    fn stuck(&self, now: Instant) -> Option<&Waiting<W>> {
        self.queue.first().filter(|_| self.lasts(now) >= DESPAIR)
    }

    /// Who goes to a slot that has nobody of its own, and a connection of this login.
    fn leaving(&self, login: u16, patience: Duration, now: Instant) -> Option<&Waiting<W>> {
        let waited = |one: &&Waiting<W>, long| now.duration_since(one.since) >= long;
        let fits = |one: &&Waiting<W>| one.client.login == login || waited(one, DESPAIR);
        let first = self.queue.first().filter(|_| self.lasts(now) >= patience);
        let oldest = || self.queue.oldest().filter(|one| waited(one, patience));
        let company = || self.queue.behind(COMPANY as u64);
        first
            .filter(fits)
            .or_else(|| oldest().filter(fits))
            .or_else(|| company().filter(fits))
    }
}
