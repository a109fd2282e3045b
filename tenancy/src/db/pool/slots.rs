//! Which connection is whose: decisions without a single connection.
//!
//! There are as many slots as there may be connections. Each tenant has a home among them, where its
//! plans and PostgreSQL's caches of its catalogue stay warm. It leaves home only where waiting there
//! would take longer than what is lost elsewhere: see [`Slots::ask`] and [`Slots::pass`].

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::Client;
use super::queue::{Queue, Ticket, Waiting};

/// How many of a tenant's requests wait at home before the next one looks for an idle slot.
const COMPANY: u64 = 2;

/// For how many leases, as they last on average, somebody waits before another slot will do whose
/// connection knows them; and the bounds of that. What many connections know is warm in none.
const PATIENCE: u32 = 3;
const LEAST_PATIENCE: Duration = Duration::from_millis(1);
const MOST_PATIENCE: Duration = Duration::from_millis(10);

/// How many times their patience somebody waits before the slot of their second choice will do, any
/// slot of the login, and before a connection is closed for them. What was never touched costs more
/// than some waiting.
const SECOND: u32 = 3;
const ANYWHERE: u32 = 8;
const CLOSING: u32 = 12;

/// Nor is one closed sooner than this: connecting takes some time in which others wait, and were
/// those to close others in turn it would never end.
const LEAST_CLOSING: Duration = Duration::from_millis(250);

/// But one that rested for so long is missed by nobody.
const MISSED: Duration = Duration::from_secs(1);

/// How far somebody goes who has waited for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Home,
    /// To a connection that knows them.
    Known,
    /// To that of their second choice.
    Second,
    /// To any of their login.
    Anywhere,
    /// To any at all, also where a connection must be closed for them.
    Closing,
}

/// A lease that lasts longer doesn't count as longer.
const LONGEST: Duration = Duration::from_millis(50);

pub(super) struct Slots<W> {
    places: Vec<Slot<W>>,
    /// Those that were seen, in order. Each has an equal share of the slots.
    logins: Vec<u16>,
    /// Whether tenants have homes; else any slot is as good.
    homes: bool,
    number: u64,
    /// How long a lease lasts, on average of the latest.
    lasting: Duration,
    pub(super) spilled: u64,
    pub(super) leases: u64,
}

struct Slot<W> {
    state: State,
    /// Whose connection it is, or was at last.
    login: u16,
    queue: Queue<W>,
    /// Whom its connection has served, who are as well off here as at home.
    known: HashSet<u64>,
    /// Served somebody of elsewhere while its own waited.
    helped: bool,
    /// Knows almost as many tenants as it may, so that a stranger may be one too many.
    full: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Without a connection.
    Empty,
    /// With one that nobody uses.
    Idle {
        since: Instant,
    },
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
            known: HashSet::new(),
            helped: false,
            full: false,
        };
        Self {
            places: (0..total.max(1)).map(slot).collect(),
            logins: Vec::new(),
            homes,
            number: 0,
            lasting: Duration::ZERO,
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
            State::Idle { .. } if slot.login != client.login && crowded => {
                let elsewhere = self.elsewhere(client, Reach::Anywhere, now);
                elsewhere.or(Some(home))
            }
            State::Idle { .. } | State::Empty => Some(home),
            State::Busy { .. } => {
                let in_company = !self.homes || slot.queue.count(client) >= COMPANY;
                let reach = if in_company {
                    Reach::Anywhere
                } else {
                    self.reach(slot.lasts(now)).min(Reach::Anywhere)
                };
                self.elsewhere(client, reach, now)
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
        let reach = self.reach(now.duration_since(one.since));
        if let Some(at) = self.elsewhere(one.client, reach, now) {
            self.lease(at, one.client, now);
            return Some(at);
        }
        self.places[ticket.home].queue.put_back(one);
        None
    }

    /// When one who waits from now on should look for another slot.
    pub(super) fn pauses(&self) -> [Duration; 4] {
        let patience = self.patience();
        [
            patience,
            patience * SECOND,
            patience * ANYWHERE,
            (patience * CLOSING).max(LEAST_CLOSING),
        ]
    }

    fn patience(&self) -> Duration {
        let least = if self.homes {
            LEAST_PATIENCE
        } else {
            Duration::ZERO
        };
        (self.lasting * PATIENCE).clamp(least, MOST_PATIENCE)
    }

    /// How far somebody goes who has waited for so long.
    fn reach(&self, waited: Duration) -> Reach {
        let [known, second, anywhere, closing] = self.pauses();
        match waited {
            waited if waited >= closing => Reach::Closing,
            waited if waited >= anywhere => Reach::Anywhere,
            waited if waited >= second => Reach::Second,
            waited if waited >= known => Reach::Known,
            _ => Reach::Home,
        }
    }

    /// Waits no more.
    pub(super) fn give_up(&mut self, ticket: Ticket) {
        self.places[ticket.home].queue.remove(ticket.number);
    }

    /// Gives a busy slot to whoever should have it next. It stays busy, also if that is nobody.
    pub(super) fn pass(&mut self, at: usize, now: Instant) -> Option<W> {
        let lasted = self.places[at].lasts(now).min(LONGEST);
        self.lasting = (self.lasting * 15 + lasted) / 16;
        let next = self.next(at, now)?;
        self.lease(at, next.client, now);
        Some(next.waiter)
    }

    /// Makes an idle slot busy for nobody.
    pub(super) fn seize(&mut self, at: usize, now: Instant) {
        self.places[at].state = State::Busy { since: now };
    }

    /// Nobody has it now.
    pub(super) fn rest(&mut self, at: usize, connected: bool, now: Instant) {
        self.places[at].state = if connected {
            State::Idle { since: now }
        } else {
            State::Empty
        };
    }

    /// Its connection is gone, with all that it knew.
    pub(super) fn forget(&mut self, at: usize) {
        self.places[at].known.clear();
    }

    /// Whether this one knows almost as many tenants as it may.
    pub(super) fn fill(&mut self, at: usize, full: bool) {
        self.places[at].full = full;
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
        if let Err(rank) = self.logins.binary_search(&client.login) {
            self.logins.insert(rank, client.login);
        }
        self.choice(client, 0)
    }

    /// Where a client is best off, first or next to that. The logins take turns with the slots.
    fn choice(&self, client: Client, nth: u64) -> usize {
        let rank = self.logins.partition_point(|login| *login < client.login);
        let (logins, slots) = (self.logins.len(), self.places.len());
        if logins > slots {
            return rank % slots;
        }
        let share = (slots - rank).div_ceil(logins) as u64;
        let next = 1 + client.key / share % (share - 1).max(1);
        let at = (client.key % share + nth * next) % share;
        rank + logins * usize::try_from(at).unwrap_or_default()
    }

    fn lease(&mut self, at: usize, client: Client, now: Instant) {
        self.leases += 1;
        self.spilled += u64::from(self.homes && at != self.home(client));
        let slot = &mut self.places[at];
        slot.state = State::Busy { since: now };
        slot.login = client.login;
        slot.known.insert(client.key);
    }

    /// The free slot that is best for one who goes so far: the nearest one, and of those one that
    /// needs no new connection.
    fn elsewhere(&self, client: Client, reach: Reach, now: Instant) -> Option<usize> {
        let free = |at: usize| {
            let (slot, needed) = (&self.places[at], self.needed(at, client));
            let (needed, cost) = match slot.state {
                State::Busy { .. } => return None,
                State::Empty => (needed, 1),
                State::Idle { .. } if slot.login == client.login => (needed, 0),
                State::Idle { since } if now.duration_since(since) < MISSED => (needed, 2),
                State::Idle { .. } => (Reach::Anywhere, 2),
            };
            (needed <= reach).then_some((needed, cost, at))
        };
        let (.., at) = (0..self.places.len()).filter_map(free).min()?;
        Some(at)
    }

    /// How far somebody must go to come to this slot and what is connected there.
    fn needed(&self, at: usize, client: Client) -> Reach {
        let slot = &self.places[at];
        let closes = slot.login != client.login || slot.full;
        if slot.knows(client) {
            Reach::Known
        } else if slot.state != State::Empty && closes {
            Reach::Closing
        } else if at == self.choice(client, 1) {
            Reach::Second
        } else {
            Reach::Anywhere
        }
    }

    /// Takes from the queues who is served next at this slot: its own, in turn with those who are
    /// stuck elsewhere; without own ones whoever has waited long enough at home, or in company.
    fn next(&mut self, at: usize, now: Instant) -> Option<Waiting<W>> {
        let own = self.places[at].queue.first().map(|own| own.number);
        let found = match own {
            Some(own) if !self.places[at].helped => self.oldest(at, |slot| {
                let stuck = self.reach(slot.lasts(now));
                slot.queue.first().filter(|one| {
                    let needed = self.needed(at, one.client).max(Reach::Anywhere);
                    one.number < own && stuck >= needed
                })
            }),
            Some(_) => None,
            None => self.oldest(at, |slot| {
                slot.queue
                    .find(|one, company| self.may_come(at, slot, one, company, now))
            }),
        };
        self.places[at].helped = own.is_some() && found.is_some();
        match found {
            Some((elsewhere, number)) => self.places[elsewhere].queue.remove(number),
            None => self.places[at].queue.pop(),
        }
    }

    /// Whether one who waits at another slot may come to this one, which nobody else wants.
    fn may_come(
        &self,
        at: usize,
        home: &Slot<W>,
        one: &Waiting<W>,
        company: u64,
        now: Instant,
    ) -> bool {
        let waited = now.duration_since(one.since).max(home.lasts(now));
        let needed = self.needed(at, one.client);
        let freely = !self.homes || company >= COMPANY;
        freely && needed < Reach::Closing || self.reach(waited) >= needed
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
    fn knows(&self, client: Client) -> bool {
        self.login == client.login && self.known.contains(&client.key)
    }

    fn lasts(&self, now: Instant) -> Duration {
        match self.state {
            State::Busy { since } => now.duration_since(since),
            State::Empty | State::Idle { .. } => Duration::ZERO,
        }
    }
}
