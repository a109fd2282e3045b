use std::hash::{Hash, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

use super::Change;
use crate::{Domain, Tenant, TenantId};

/// How many answers are kept of each kind. Hosts are a stranger's to choose, so there is a bound.
const CAPACITY: usize = 20 << 10;

pub(super) struct Memory {
    pub(super) domains: Answers<Domain, Option<TenantId>>,
    pub(super) tenants: Answers<TenantId, Arc<Tenant>>,
    /// Counts what was forgotten, so that an answer that was on its way meanwhile isn't kept.
    pub(super) age: u64,
    /// How long each is believed.
    pub(super) life: Duration,
}

impl Memory {
    pub(super) fn new(life: Duration) -> Self {
        Self {
            domains: Answers::new(life),
            tenants: Answers::new(life),
            age: 0,
            life,
        }
    }

    pub(super) fn forget(&mut self, change: &Change) {
        self.age += 1;
        match change {
            Change::Tenant(id) => self.tenants.forget(id),
            Change::Domain(domain) => self.domains.forget(domain),
            Change::Other(_) => {}
        }
    }

    /// Forgets everything, and answers what that was; what comes is believed for so long, or as long as before.
    pub(super) fn forget_all(&mut self, life: Option<Duration>) -> Self {
        let mut fresh = Self::new(life.unwrap_or(self.life));
        fresh.age = self.age + 1;
        std::mem::replace(self, fresh)
    }
}

/// Answers that are believed for a while.
pub(super) struct Answers<K, V> {
    kept: Cache<K, (Instant, V), UnitWeighter, RandomState>,
    life: Duration,
}

impl<K: Hash + Eq, V: Clone> Answers<K, V> {
    fn new(life: Duration) -> Self {
        let most = CAPACITY as u64;
        let (weigh, hash) = (UnitWeighter, RandomState::new());
        let kept = Cache::with(CAPACITY, most, weigh, hash, DefaultLifecycle::default());
        Self { kept, life }
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        let (since, answer) = self.kept.get(key)?;
        (since.elapsed() < self.life).then_some(answer)
    }

    pub(super) fn keep(&self, key: K, answer: V) {
        self.kept.insert(key, (Instant::now(), answer));
    }

    fn forget(&self, key: &K) {
        self.kept.remove(key);
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
            memory.domains.keep(domain, None);
        }
        assert!(memory.domains.kept.len() <= CAPACITY);
    }
}
