//! Who waits for a slot, in an order that is fair between tenants.

use std::collections::VecDeque;
use std::time::Instant;

use super::Client;

/// How many are looked at for some who please.
const LOOKED_AT: usize = 32;

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
}

/// A line for each tenant, and the lines in turn: one of the first is served, and then that line is the last. So who
/// comes alone is served in the order of coming, however often, and nobody waits for more than one of each other tenant's.
pub(super) struct Queue<W> {
    /// None of them is empty.
    lines: VecDeque<Line<W>>,
}

/// Those of one tenant.
struct Line<W> {
    client: Client,
    waiting: VecDeque<Waiting<W>>,
}

impl<W> Queue<W> {
    pub(super) fn new() -> Self {
        Self {
            lines: VecDeque::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.iter().map(|line| line.waiting.len()).sum()
    }

    /// How many of this tenant wait.
    pub(super) fn count(&self, client: Client) -> usize {
        let line = self.lines.iter().find(|line| line.client == client);
        line.map_or(0, |line| line.waiting.len())
    }

    pub(super) fn push(&mut self, one: Waiting<W>) {
        let client = one.client;
        match self.lines.iter_mut().find(|line| line.client == client) {
            Some(line) => line.waiting.push_back(one),
            None => self.lines.push_back(Line {
                client,
                waiting: VecDeque::from([one]),
            }),
        }
    }

    /// Whose turn it is.
    pub(super) fn first(&self) -> Option<&Waiting<W>> {
        self.lines.front()?.waiting.front()
    }

    /// Serves whose turn it is.
    pub(super) fn pop(&mut self) -> Option<Waiting<W>> {
        let mut line = self.lines.pop_front()?;
        let one = line.waiting.pop_front();
        if !line.waiting.is_empty() {
            self.lines.push_back(line);
        }
        one
    }

    pub(super) fn get(&self, number: u64) -> Option<&Waiting<W>> {
        let mut all = self.lines.iter().flat_map(|line| &line.waiting);
        all.find(|one| one.number == number)
    }

    /// Serves somebody out of turn, or nobody any more.
    pub(super) fn remove(&mut self, number: u64) -> Option<Waiting<W>> {
        let place = |line: &Line<W>| line.waiting.iter().position(|one| one.number == number);
        let mut lines = self.lines.iter().enumerate();
        let (nth, at) = lines.find_map(|(nth, line)| Some((nth, place(line)?)))?;
        let one = self.lines[nth].waiting.remove(at);
        if self.lines[nth].waiting.is_empty() {
            self.lines.remove(nth);
        }
        one
    }

    /// The first in order of turns who pleases, being told how many of their tenant go before.
    pub(super) fn find(&self, pleases: impl Fn(&Waiting<W>, usize) -> bool) -> Option<&Waiting<W>> {
        let longest = self.lines.iter().map(|line| line.waiting.len()).max();
        (0..longest.unwrap_or_default()).find_map(|before| {
            let mut turn = self
                .lines
                .iter()
                .filter_map(|line| line.waiting.get(before));
            turn.find(|one| pleases(one, before))
        })
    }

    /// Serves so many at most of those who please, in order of turns, and their lines are the last then. The others stay
    /// where they are.
    pub(super) fn take(
        &mut self,
        most: usize,
        mut pleases: impl FnMut(&Waiting<W>) -> bool,
    ) -> Vec<Waiting<W>> {
        let longest = self.lines.iter().map(|line| line.waiting.len()).max();
        let rounds = (0..longest.unwrap_or_default()).flat_map(|before| {
            self.lines
                .iter()
                .filter_map(move |line| line.waiting.get(before))
        });
        let numbers: Vec<u64> = rounds
            .take(LOOKED_AT)
            .filter(|one| pleases(one))
            .map(|one| one.number)
            .take(most)
            .collect();
        let taken: Vec<_> = numbers
            .iter()
            .filter_map(|number| self.remove(*number))
            .collect();
        if !taken.is_empty() {
            let is_served = |line: &Line<W>| taken.iter().any(|one| one.client == line.client);
            let (served, others) = self.lines.drain(..).partition::<Vec<_>, _>(is_served);
            self.lines.extend(others);
            self.lines.extend(served);
        }
        taken
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = W> {
        let lines = self.lines.drain(..);
        lines.flat_map(|line| line.waiting).map(|one| one.waiter)
    }
}
