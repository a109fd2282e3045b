use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use super::Change;
use crate::{Domain, Tenant, TenantId};

/// How many answers are kept of each kind. Hosts are a stranger's to choose, so there is a bound.
const CAPACITY: u64 = 20_000;

pub(super) struct Memory {
    pub(super) domains: Cache<Domain, Option<TenantId>>,
    pub(super) tenants: Cache<TenantId, Arc<Tenant>>,
    /// Counts what was forgotten, so that an answer that was on its way meanwhile isn't kept.
    pub(super) age: u64,
    life: Duration,
}

impl Memory {
    pub(super) fn new(life: Duration) -> Self {
        Self {
            domains: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(life)
                .build(),
            tenants: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(life)
                .build(),
            age: 0,
            life,
        }
    }

    pub(super) fn forget(&mut self, change: &Change) {
        self.age += 1;
        match change {
            Change::Tenant(id) => self.tenants.invalidate(id),
            Change::Domain(domain) => self.domains.invalidate(domain),
            Change::Other(_) => {}
        }
    }

    /// Forgets everything; answers what that was.
    pub(super) fn forget_all(&mut self) -> Self {
        let mut fresh = Self::new(self.life);
        fresh.age = self.age + 1;
        std::mem::replace(self, fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_fill_it() {
        let memory = Memory::new(Duration::from_mins(1));
        for n in 0..CAPACITY * 2 {
            let domain = format!("host-{n}.x").parse().unwrap();
            memory.domains.insert(domain, None);
        }
        memory.domains.run_pending_tasks();
        assert!(memory.domains.entry_count() <= CAPACITY);
    }
}
