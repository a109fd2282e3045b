//! Which connection is whose: decisions without a single connection.
//!
//! There are as many slots as there may be connections. Each tenant has a home among them, where its
//! plans and PostgreSQL's caches of its catalogue stay warm. It leaves home only where waiting there
//! would take longer than what is lost elsewhere: see [`Slots::ask`] and [`Slots::pass`].
//!
//! Not all slots work at once ([`Pace`]), and only half as many again are homes: most who come find
//! theirs free. A lease that lasts waits for something else, and isn't counted.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::Client;
use super::homes::Homes;
use super::pace::Pace;
use super::patience::{Patience, Reach};
use super::queue::{Queue, Ticket, Waiting};

/// How many of a tenant's requests wait at home before the next one looks for an idle slot.
const COMPANY: usize = 2;

/// But one that rested for so long is missed by nobody.
const MISSED: Duration = Duration::from_secs(1);

pub(super) struct Slots<W> {
    places: Vec<Slot<W>>,
    homes: Homes,
    /// Whether tenants prefer their homes; else any slot is as good.
    settles: bool,
    /// How many work at once.
    pub(super) pace: Pace,
    number: u64,
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
    pub(super) fn new(total: usize, settles: bool) -> Self {
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
            homes: Homes::default(),
            settles,
            pace: Pace::new(total.max(1)),
            number: 0,
            spilled: 0,
            leases: 0,
        }
    }

    /// A slot for this client, which is busy from now on, if there is one that it needn't wait for.
    pub(super) fn ask(&mut self, client: Client, now: Instant) -> Option<usize> {
        let home = self.home(client);
        let slot = &self.places[home];
        let in_company = !self.settles || slot.queue.count(client) >= COMPANY;
        let reach = if in_company {
            Reach::Anywhere
        } else {
            self.patience().reach(slot.lasts(now)).min(Reach::Anywhere)
        };
        let found = self.free(home, client, reach, now);
        found.inspect(|at| self.lease(*at, client, now))
    }

    /// Waits at home.
    pub(super) fn wait(&mut self, client: Client, waiter: W, now: Instant) -> Ticket {
        self.number += 1;
        let (home, number) = (self.home(client), self.number);
        self.places[home].queue.push(Waiting {
            number,
            client,
            since: now,
            waiter,
        });
        Ticket { home, number }
    }

    /// Whether this one waits still.
    pub(super) fn waits(&self, ticket: Ticket) -> bool {
        let queue = &self.places[ticket.home].queue;
        queue.get(ticket.number).is_some()
    }

    /// Looks again for a slot for one who has waited for a while.
    pub(super) fn retry(&mut self, ticket: Ticket, now: Instant) -> Option<usize> {
        let one = self.places[ticket.home].queue.get(ticket.number)?;
        let (client, reach) = (
            one.client,
            self.patience().reach(now.duration_since(one.since)),
        );
        let at = self.free(ticket.home, client, reach, now)?;
        self.places[ticket.home].queue.remove(ticket.number);
        self.lease(at, client, now);
        Some(at)
    }

    pub(super) fn patience(&self) -> Patience {
        Patience::new(self.pace.lasting(), self.settles)
    }

    /// Waits no more.
    pub(super) fn give_up(&mut self, ticket: Ticket) {
        self.places[ticket.home].queue.remove(ticket.number);
    }

    /// Takes note that whoever has a busy slot leaves it. Somebody may be served now, perhaps at another slot. This
    /// one stays busy: it is theirs, or must be brought to [`Slots::rest`].
    pub(super) fn pass(&mut self, at: usize, now: Instant) -> Option<(usize, W)> {
        self.pace.note(self.places[at].lasts(now));
        if self.working(now, Some(at)) >= self.at_once() {
            return None;
        }
        let (to, next) = self.next(at, now)?;
        self.lease(to, next.client, now);
        Some((to, next.waiter))
    }

    /// Takes so many at most of those who wait for this slot, which knows them, to be served together with whoever has it.
    pub(super) fn board(
        &mut self,
        at: usize,
        most: usize,
        mut pleases: impl FnMut(&W) -> bool,
    ) -> Vec<W> {
        let slot = &mut self.places[at];
        let (login, known) = (slot.login, &slot.known);
        let taken = slot.queue.take(most, |one| {
            let is_known = one.client.login == login && known.contains(&one.client.key);
            is_known && pleases(&one.waiter)
        });
        taken.into_iter().map(|one| one.waiter).collect()
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
        self.homes.meet(client.login);
        self.homes.first(client, self.settled())
    }

    /// How many of the slots, the first ones, are homes; the others are for who can't wait.
    fn settled(&self) -> usize {
        self.homes.count(self.at_once(), self.places.len())
    }

    fn lease(&mut self, at: usize, client: Client, now: Instant) {
        self.leases += 1;
        self.spilled += u64::from(self.settles && at != self.home(client));
        let slot = &mut self.places[at];
        slot.state = State::Busy { since: now };
        slot.login = client.login;
        slot.known.insert(client.key);
    }

    /// A slot for somebody, unless enough work: home where that is free, and else one that is within their reach.
    fn free(&self, home: usize, client: Client, reach: Reach, now: Instant) -> Option<usize> {
        if self.working(now, None) >= self.at_once() {
            return None;
        }
        let slot = &self.places[home];
        match slot.state {
            // Several logins share this home, and each turn costs a new connection.
            State::Idle { .. }
                if slot.login != client.login && self.homes.are_shared(self.places.len()) =>
            {
                let elsewhere = self.elsewhere(client, Reach::Anywhere, now);
                elsewhere.or(Some(home))
            }
            State::Idle { .. } | State::Empty => Some(home),
            State::Busy { .. } => self.elsewhere(client, reach, now),
        }
    }

    /// How many work at once.
    pub(super) fn at_once(&self) -> usize {
        if self.settles {
            self.pace.at_once()
        } else {
            self.places.len()
        }
    }

    /// How many work, but for one that is just leaving. Those that take long wait, for a lock, a disk or their user.
    fn working(&self, now: Instant, leaving: Option<usize>) -> usize {
        let patience = self.patience();
        let works = |(at, slot): &(usize, &Slot<W>)| {
            let is_busy = matches!(slot.state, State::Busy { .. });
            is_busy && Some(*at) != leaving && slot.lasts(now) < patience.0
        };
        self.places.iter().enumerate().filter(works).count()
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
        } else if at == self.homes.second(client, self.settled()) {
            Reach::Second
        } else {
            Reach::Anywhere
        }
    }

    /// Takes from the queues who is served next now that this slot is free, and says where: who has waited longest of
    /// those whose homes are free, in turn with those who are stuck elsewhere; without any of the former whoever has
    /// waited long enough at home, or in company.
    fn next(&mut self, at: usize, now: Instant) -> Option<(usize, Waiting<W>)> {
        let at_home = self.oldest(|home, slot| {
            let is_free = home == at || !matches!(slot.state, State::Busy { .. });
            slot.queue.first().filter(|_| is_free)
        });
        let is_stuck = |home: usize, slot: &Slot<W>, one: &Waiting<W>| {
            let needed = self.needed(at, one.client).max(Reach::Anywhere);
            home != at && self.patience().reach(slot.lasts(now)) >= needed
        };
        let found = match at_home {
            Some((_, own)) if !self.places[at].helped => self.oldest(|home, slot| {
                let first = slot.queue.first();
                first.filter(|one| one.number < own && is_stuck(home, slot, one))
            }),
            Some(_) => None,
            None => self.oldest(|_, slot| {
                slot.queue
                    .find(|one, company| self.may_come(at, slot, one, company, now))
            }),
        };
        self.places[at].helped = at_home.is_some() && found.is_some();
        if let Some((home, number)) = found {
            return Some((at, self.places[home].queue.remove(number)?));
        }
        let (home, _) = at_home?;
        Some((home, self.places[home].queue.pop()?))
    }

    /// Whether one who waits at another slot may come to this one, which nobody else wants.
    fn may_come(
        &self,
        at: usize,
        home: &Slot<W>,
        one: &Waiting<W>,
        company: usize,
        now: Instant,
    ) -> bool {
        let waited = now.duration_since(one.since).max(home.lasts(now));
        let needed = self.needed(at, one.client);
        let freely = !self.settles || company >= COMPANY;
        freely && needed < Reach::Closing || self.patience().reach(waited) >= needed
    }

    /// Who has waited longest of those that each slot lets go: where, and the number.
    fn oldest<'s>(
        &'s self,
        choose: impl Fn(usize, &'s Slot<W>) -> Option<&'s Waiting<W>>,
    ) -> Option<(usize, u64)> {
        let slots = self.places.iter().enumerate();
        let chosen = slots.filter_map(|(at, slot)| Some((at, choose(at, slot)?.number)));
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
