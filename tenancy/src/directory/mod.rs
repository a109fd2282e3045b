//! The registry with a memory.

mod change;
mod follow;
mod memory;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use change::{Change, announce};
pub use follow::Follower;

use crate::error::Error;
use crate::{Catalog, Domain, Operator, Tenant, TenantId};
use memory::Memory;

/// How long an answer is believed while announcements are heard: what changes the registry without
/// one is noticed by then.
const HEARING: Duration = Duration::from_mins(5);

/// How long it is believed while nobody listens.
const DEAF: Duration = Duration::from_secs(30);

/// A [`Catalog`] with a memory: which domain leads where, and what each tenant is.
///
/// Negative answers are kept too. A change that is [announced](announce) is dropped from the memory
/// of every process that [follows](Directory::follow) at once; behind that stands a life of five
/// minutes for each answer, and of 30 seconds while nobody follows.
pub struct Directory<C> {
    catalog: C,
    memory: RwLock<Memory>,
    /// Ends whoever follows when it is dropped with the directory.
    alive: watch::Sender<()>,
}

impl<C: Catalog> Directory<C> {
    /// An empty memory before this catalogue.
    pub fn new(catalog: C) -> Self {
        Self::with_life(catalog, DEAF)
    }

    fn with_life(catalog: C, life: Duration) -> Self {
        Self {
            catalog,
            memory: RwLock::new(Memory::new(life)),
            alive: watch::Sender::new(()),
        }
    }

    /// The tenant that a domain leads to, whatever its status.
    pub async fn find(&self, domain: &Domain) -> Result<Option<Arc<Tenant>>, Error> {
        let (known, age) = {
            let memory = self.memory();
            (memory.domains.get(domain), memory.age)
        };
        match known {
            Some(Some(id)) => self.get(id).await,
            Some(None) => Ok(None),
            None => {
                let found = self.catalog.by_domain(domain).await?.map(Arc::new);
                self.keep(age, found.as_ref(), Some(domain));
                Ok(found)
            }
        }
    }

    /// The tenant of this id, whatever its status.
    pub async fn get(&self, id: TenantId) -> Result<Option<Arc<Tenant>>, Error> {
        let (known, age) = {
            let memory = self.memory();
            (memory.tenants.get(&id), memory.age)
        };
        if known.is_some() {
            return Ok(known);
        }
        let found = self.catalog.by_id(id).await?.map(Arc::new);
        self.keep(age, found.as_ref(), None);
        Ok(found)
    }

    /// The catalogue behind the memory.
    pub fn catalog(&self) -> &C {
        &self.catalog
    }

    /// Forgets what a change made untrue.
    pub fn forget(&self, change: &Change) {
        self.change_memory().forget(change);
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        self.begin(None);
    }

    /// Forgets everything; what is asked from now on is believed for so long, or as long as before.
    fn begin(&self, life: Option<Duration>) {
        let forgotten = self.change_memory().forget_all(life);
        // Not while others wait.
        drop(forgotten);
    }

    /// Listens for announcements in the background, until the directory is dropped or the operator
    /// is closed. Whenever the connection is lost everything is forgotten, for nobody knows what
    /// was missed.
    pub fn follow(self: &Arc<Self>, operator: Operator) -> JoinHandle<()> {
        self.follow_with(operator, Arc::new(()))
    }

    /// Like [`follow`](Self::follow), with somebody who hears of [other](Change::Other) changes by
    /// the same connection.
    pub fn follow_with(
        self: &Arc<Self>,
        operator: Operator,
        other: Arc<impl Follower>,
    ) -> JoinHandle<()> {
        let directory = Arc::downgrade(self);
        let mut alive = self.alive.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                () = follow::follow(&directory, &operator, other.as_ref()) => {}
                _ = alive.changed() => {}
                () = operator.closed() => {}
            }
        })
    }

    /// Keeps an answer, unless something was forgotten since its question: then it may be older
    /// than the change.
    fn keep(&self, age: u64, tenant: Option<&Arc<Tenant>>, domain: Option<&Domain>) {
        // Nothing can be forgotten between the comparison and the keeping: that waits for this lock.
        let memory = self.memory();
        if memory.age != age {
            return;
        }
        if let Some(domain) = domain {
            let id = tenant.map(|tenant| tenant.id);
            memory.domains.keep(domain.clone(), id);
        }
        if let Some(tenant) = tenant {
            memory.tenants.keep(tenant.id, Arc::clone(tenant));
        }
    }

    fn memory(&self) -> RwLockReadGuard<'_, Memory> {
        self.memory.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change_memory(&self) -> RwLockWriteGuard<'_, Memory> {
        self.memory.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::testing::{MemoryCatalog, two_shops};

    #[tokio::test]
    async fn an_answer_that_nobody_took_back_has_a_short_life() {
        let directory = Directory::with_life(MemoryCatalog::default(), Duration::from_millis(5));
        let domain = "acme.x".parse().unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while directory.catalog().questions() < 2 {
            directory.find(&domain).await.unwrap();
            assert!(Instant::now() < deadline, "it is never asked again");
        }
    }

    #[tokio::test]
    async fn answers_live_long_only_while_somebody_listens() {
        let shops = two_shops().await.unwrap();
        let directory = Arc::new(Directory::new(MemoryCatalog::default()));
        let life = || directory.memory().life;
        assert_eq!(life(), DEAF);
        let following = directory.follow(shops.operator.clone());
        let deadline = Instant::now() + Duration::from_secs(10);
        while life() == DEAF {
            assert!(Instant::now() < deadline, "nobody listens");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(life(), HEARING);
        directory.forget_all();
        assert_eq!(life(), HEARING);
        shops.operator.close().await;
        following.await.unwrap();
        assert_eq!(life(), DEAF);
    }
}
