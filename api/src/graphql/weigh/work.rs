//! Sums and products that end at the greatest number instead of overflowing.

use std::ops::{AddAssign, Mul};

/// What the executor has to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Work {
    /// Objects, but for the parts of a page: those count as the page's rows.
    pub(super) nodes: u64,
    /// Fields to resolve.
    pub(super) fields: u64,
    /// Fields of introspection to resolve.
    pub(super) introspected: u64,
}

/// What a selection set costs with all its fragments, for one object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) once: Work,
    /// What is to be done for each row of the page that the object is.
    pub(super) paged: Work,
    pub(super) aliases: u64,
    /// Of fields in fields.
    pub(super) depth: u64,
    /// The fields of the set itself.
    pub(super) siblings: u64,
    /// Those among them that log in.
    pub(super) logins: u64,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.fields = self.fields.saturating_add(other.fields);
        self.introspected = self.introspected.saturating_add(other.introspected);
    }
}

impl Mul<u64> for Work {
    type Output = Self;

    fn mul(self, times: u64) -> Self {
        Self {
            nodes: self.nodes.saturating_mul(times),
            fields: self.fields.saturating_mul(times),
            introspected: self.introspected.saturating_mul(times),
        }
    }
}

/// Beside each other in one set.
impl AddAssign for Weight {
    fn add_assign(&mut self, other: Self) {
        self.once += other.once;
        self.paged += other.paged;
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.depth = self.depth.max(other.depth);
        self.siblings = self.siblings.saturating_add(other.siblings);
        self.logins = self.logins.saturating_add(other.logins);
    }
}

impl Weight {
    /// All that is done for an object that is a page of so many rows.
    pub(super) fn with_rows(self, rows: u64) -> Work {
        let mut work = self.once;
        work += self.paged * rows;
        work
    }
}
