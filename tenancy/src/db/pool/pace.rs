//! How many should work at once: enough to keep PostgreSQL busy, and no more.
//!
//! Backends that take turns on the same processors do less, not more, and each has caches of its own to be kept
//! warm. Whether they take turns shows in how long a lease lasts: the shortest is one that had to wait for
//! nobody, and holds what no company makes longer, such as the way to a PostgreSQL that is far away. What others
//! last longer is work, or waiting for others' work. So many may be leased that, on average, a few are there.

use std::thread::available_parallelism;
use std::time::Duration;

/// How many should be at work at least, beside those that are on their way.
const FEWEST: usize = 4;

/// Of how many leases the shortest is looked for.
const WINDOW: u32 = 512;

/// A lease that lasts longer doesn't count as longer.
const LONGEST: Duration = Duration::from_millis(50);

pub(super) struct Pace {
    total: usize,
    /// How many should be at work, beside those that are on their way.
    few: usize,
    /// How long a lease lasts, on average of the latest.
    lasting: Duration,
    /// How long the shortest lasted of those of this window, and how many there were.
    shortest: Duration,
    leases: u32,
    at_once: usize,
}

impl Pace {
    /// So many may work at once until something is known.
    pub(super) fn new(total: usize) -> Self {
        Self {
            total,
            few: few(),
            lasting: Duration::ZERO,
            shortest: Duration::MAX,
            leases: 0,
            at_once: total,
        }
    }

    /// So many work at once, whatever is known.
    #[cfg(test)]
    pub(super) fn of(total: usize, at_once: usize) -> Self {
        Self {
            at_once,
            ..Self::new(total)
        }
    }

    /// Takes note of a lease that has ended.
    pub(super) fn note(&mut self, lasted: Duration) {
        let lasted = lasted.min(LONGEST);
        self.lasting = (self.lasting * 15 + lasted) / 16;
        self.shortest = self.shortest.min(lasted);
        self.leases += 1;
        if self.leases == WINDOW {
            self.at_once = self.enough();
            self.shortest = Duration::MAX;
            self.leases = 0;
        }
    }

    /// How long a lease lasts.
    pub(super) fn lasting(&self) -> Duration {
        self.lasting
    }

    /// How many should work at once.
    pub(super) fn at_once(&self) -> usize {
        self.at_once
    }

    fn enough(&self) -> usize {
        let working = self.lasting.saturating_sub(self.shortest).as_nanos();
        let enough = (self.lasting.as_nanos() * self.few as u128).checked_div(working);
        let enough = enough.and_then(|enough| usize::try_from(enough).ok());
        enough
            .unwrap_or(self.total)
            .clamp(self.few.min(self.total), self.total)
    }
}

/// Half as many again as processors here, so that none waits while one is between two. Of PostgreSQL's nobody tells; with more of
/// them than here it is this side that has no more to ask.
fn few() -> usize {
    let processors = available_parallelism().map_or(1, usize::from);
    FEWEST.max(processors * 3 / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 40;
    const FEW: usize = 4;

    fn pace(total: usize) -> Pace {
        Pace {
            few: FEW,
            ..Pace::new(total)
        }
    }

    /// After a while with as many at work as should be, on a machine that does one thing at a time.
    fn settled(way: u64, work: u64) -> usize {
        let mut pace = pace(MOST);
        for _ in 0..20 {
            let at_once = pace.at_once() as u64;
            // One that met nobody, and others that share with those who aren't on their way.
            let met = (at_once * work).saturating_sub(way).max(work);
            pace.note(Duration::from_micros(way + work));
            for _ in 1..WINDOW {
                pace.note(Duration::from_micros(way + met));
            }
        }
        pace.at_once()
    }

    #[test]
    fn a_few_are_enough_where_postgresql_is_near() {
        assert!(
            (FEW..=FEW + 2).contains(&settled(5, 100)),
            "{}",
            settled(5, 100)
        );
    }

    #[test]
    fn who_is_mostly_on_the_way_keeps_nobody_from_working() {
        assert!(settled(2_000, 100) > 20, "{}", settled(2_000, 100));
        assert_eq!(settled(20_000, 100), MOST);
    }

    #[test]
    fn as_many_as_there_are_work_until_something_is_known() {
        let mut pace = pace(MOST);
        for _ in 1..WINDOW {
            pace.note(Duration::from_millis(1));
        }
        assert_eq!(pace.at_once(), MOST);
        // Nobody waits for anybody: all as long as the shortest.
        pace.note(Duration::from_millis(1));
        assert_eq!(pace.at_once(), MOST);
    }

    #[test]
    fn a_small_pool_works_with_all_it_has() {
        for total in 1..=FEW {
            let mut pace = pace(total);
            for n in 0..u64::from(WINDOW) {
                pace.note(Duration::from_micros(n));
            }
            assert_eq!(pace.at_once(), total);
        }
    }
}
