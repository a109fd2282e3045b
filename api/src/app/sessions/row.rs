//! A session's row, the same in both realms, and what a token that is shown for it is worth.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::FromQueryResult;
use uuid::Uuid;

/// How long the token before the current one may still be shown: two tabs of one browser may
/// refresh at the same moment, and one of them comes second.
const GRACE: TimeDelta = TimeDelta::seconds(10);

#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Session {
    pub id: Uuid,
    pub user_id: Uuid,
    pub refresh_hash: Vec<u8>,
    pub previous_hash: Option<Vec<u8>>,
    pub rotated_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// What showing a token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The current token: it is used up, and the next one is given.
    Current,
    /// The one before, within the grace: good for an access token, but not for a next token. Else
    /// the first of two tabs would be left with a token that counts as stolen.
    JustBefore,
    /// An older one: it was stolen, or the thief was faster and its owner comes now.
    Stale,
    /// Any token of a session that has ended.
    Ended,
}

impl Session {
    /// What the token with this hash is worth now.
    pub(super) fn shown(&self, hash: &[u8], now: DateTime<Utc>) -> Shown {
        if self.revoked_at.is_some() || self.expires_at <= now {
            return Shown::Ended;
        }
        if self.refresh_hash == hash {
            return Shown::Current;
        }
        let in_grace = self.rotated_at.is_some_and(|at| now - at <= GRACE);
        if in_grace && self.previous_hash.as_deref() == Some(hash) {
            return Shown::JustBefore;
        }
        Shown::Stale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn after(milliseconds: i64) -> DateTime<Utc> {
        noon() + TimeDelta::milliseconds(milliseconds)
    }

    /// Rotated at noon, good for another hour.
    fn session() -> Session {
        Session {
            id: Uuid::nil(),
            user_id: Uuid::nil(),
            refresh_hash: b"current".to_vec(),
            previous_hash: Some(b"before".to_vec()),
            rotated_at: Some(noon()),
            expires_at: noon() + TimeDelta::hours(1),
            revoked_at: None,
        }
    }

    #[test]
    fn the_current_token_is_good_until_the_session_expires() {
        for (milliseconds, expected) in [
            (0, Shown::Current),
            (3_599_999, Shown::Current),
            (3_600_000, Shown::Ended),
        ] {
            let shown = session().shown(b"current", after(milliseconds));
            assert_eq!(shown, expected, "{milliseconds} ms");
        }
    }

    #[test]
    fn the_token_before_is_good_for_ten_seconds() {
        for (milliseconds, expected) in [
            // Another server's clock may be ahead.
            (-2_000, Shown::JustBefore),
            (0, Shown::JustBefore),
            (10_000, Shown::JustBefore),
            (10_001, Shown::Stale),
            (3_600_000, Shown::Ended),
        ] {
            let shown = session().shown(b"before", after(milliseconds));
            assert_eq!(shown, expected, "{milliseconds} ms");
        }
    }

    #[test]
    fn any_other_token_is_stale_even_within_the_grace() {
        assert_eq!(session().shown(b"long ago", noon()), Shown::Stale);
        assert_eq!(session().shown(b"", noon()), Shown::Stale);
    }

    #[test]
    fn before_the_first_rotation_only_the_current_token_is_good() {
        let fresh = Session {
            previous_hash: None,
            rotated_at: None,
            ..session()
        };
        assert_eq!(fresh.shown(b"current", noon()), Shown::Current);
        assert_eq!(fresh.shown(b"before", noon()), Shown::Stale);
    }

    #[test]
    fn a_revoked_session_has_ended_for_every_token() {
        let revoked = Session {
            revoked_at: Some(noon()),
            ..session()
        };
        for token in [&b"current"[..], b"before", b"long ago"] {
            assert_eq!(revoked.shown(token, noon()), Shown::Ended);
        }
    }
}
