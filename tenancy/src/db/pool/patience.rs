//! How long somebody waits, and how far they go then.

use std::time::Duration;

/// For how many leases, as they last on average, somebody waits before another slot will do whose
/// connection knows them; and the bounds of that. What many connections know is warm in none.
const LEASES: u32 = 3;
const LEAST: Duration = Duration::from_millis(1);
const MOST: Duration = Duration::from_millis(10);

/// How many times their patience somebody waits before the slot of their second choice will do, any
/// slot of the login, and before a connection is closed for them. What was never touched costs more
/// than some waiting.
const SECOND: u32 = 3;
const ANYWHERE: u32 = 8;
const CLOSING: u32 = 12;

/// Nor is one closed sooner than this: connecting takes some time in which others wait, and were
/// those to close others in turn it would never end.
const LEAST_CLOSING: Duration = Duration::from_millis(250);

/// How far somebody goes who has waited for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
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

/// How long somebody waits until a connection will do that knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patience(pub(super) Duration);

impl Patience {
    /// Where leases last so long on average. Where all slots are as good there is nothing to wait for.
    pub(super) fn new(lasting: Duration, settles: bool) -> Self {
        let least = if settles { LEAST } else { Duration::ZERO };
        Self((lasting * LEASES).clamp(least, MOST))
    }

    /// When one who waits from now on should look for another slot.
    pub(super) fn pauses(self) -> [Duration; 4] {
        let Self(patience) = self;
        [
            patience,
            patience * SECOND,
            patience * ANYWHERE,
            (patience * CLOSING).max(LEAST_CLOSING),
        ]
    }

    /// How far somebody goes who has waited for so long.
    pub(super) fn reach(self, waited: Duration) -> Reach {
        let [known, second, anywhere, closing] = self.pauses();
        match waited {
            waited if waited >= closing => Reach::Closing,
            waited if waited >= anywhere => Reach::Anywhere,
            waited if waited >= second => Reach::Second,
            waited if waited >= known => Reach::Known,
            _ => Reach::Home,
        }
    }
}
