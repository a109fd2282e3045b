use std::fmt;
use std::str::FromStr;

/// Where a tenant stands in its life.
///
/// ```text
/// Provisioning ──▶ Active ◀──▶ Suspended ──▶ Dropping ──▶ Dropped
///      │  ▲          ▲ │            ▲
///      ▼  │          │ ▼            │
///     Failed     Maintenance ───────┘
/// ```
///
/// `Failed` may also go to `Dropping`. Nothing else is possible, see [`Status::may_become`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Its schema is being made. Requests wait (503); it ends as `Active` or `Failed`.
    Provisioning,
    /// Serves requests.
    Active,
    /// Refuses requests (403) until an operator resumes it; its data stay as they are.
    Suspended,
    /// An operator is at work on it. Requests wait (503).
    Maintenance,
    /// Could not be made. Creating it again resumes where it stopped; an operator may drop it.
    Failed,
    /// Its schema is being removed. It answers as if it didn't exist.
    Dropping,
    /// Gone; the row remains as a tombstone, so that its id and schema are never used again.
    Dropped,
}

impl Status {
    /// Every status, in the order of a life.
    pub const ALL: [Self; 7] = [
        Self::Provisioning,
        Self::Active,
        Self::Suspended,
        Self::Maintenance,
        Self::Failed,
        Self::Dropping,
        Self::Dropped,
    ];

    /// The word that the registry stores and users see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Maintenance => "maintenance",
            Self::Failed => "failed",
            Self::Dropping => "dropping",
            Self::Dropped => "dropped",
        }
    }

    /// Whether a life may go from here to `next` in one step.
    pub const fn may_become(self, next: Self) -> bool {
        use Status::{Active, Dropped, Dropping, Failed, Maintenance, Provisioning, Suspended};
        matches!(
            (self, next),
            (Provisioning, Active | Failed)
                | (Failed, Provisioning | Dropping)
                | (Active, Suspended | Maintenance)
                | (Maintenance, Active | Suspended)
                | (Suspended, Active | Dropping)
                | (Dropping, Dropped)
        )
    }
}

/// A word that is no [`Status`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no status is called {0:?}")]
pub struct StatusError(pub String);

impl FromStr for Status {
    type Err = StatusError;

    fn from_str(text: &str) -> Result<Self, StatusError> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| StatusError(text.to_owned()))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("Active ".parse::<Status>().is_err());
    }

    #[test]
    fn the_dead_stay_dead_and_nobody_skips_suspension() {
        for next in Status::ALL {
            assert!(!Status::Dropped.may_become(next));
        }
        assert!(!Status::Active.may_become(Status::Dropping));
        assert!(Status::Suspended.may_become(Status::Dropping));
    }

    #[test]
    fn every_status_can_be_reached_from_birth() {
        let mut reached = vec![Status::Provisioning];
        while let Some(next) = Status::ALL
            .into_iter()
            .find(|next| !reached.contains(next) && reached.iter().any(|s| s.may_become(*next)))
        {
            reached.push(next);
        }
        assert_eq!(reached.len(), Status::ALL.len());
    }
}
