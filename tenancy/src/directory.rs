use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use tokio::task::JoinHandle;

use crate::error::Error;
use crate::{Catalog, Domain, Operator, Tenant, TenantId};

/// The channel on which changes of the registry are announced.
const CHANNEL: &str = "tenancy";

/// How long an answer is believed if no announcement gets through.
const LIFE: Duration = Duration::from_secs(30);

/// How many answers are kept of each kind. Hosts are a stranger's to choose, so there is a bound.
const CAPACITY: u64 = 20_000;

/// How long to wait before trying to hear announcements again.
const PAUSE: Duration = Duration::from_millis(250);

/// A [`Catalog`] with a memory: which domain leads where, and what each tenant is.
///
/// Negative answers are kept too. A change that is [announced](announce) is dropped from the memory
/// of every process at once; behind that stands a short life for each answer.
pub struct Directory<C> {
    catalog: C,
    domains: Cache<Domain, Option<TenantId>>,
    tenants: Cache<TenantId, Arc<Tenant>>,
    /// Counts what was forgotten, so that an answer that was on its way meanwhile isn't kept.
    forgotten: AtomicU64,
}

/// What changed in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A tenant came, went, or changed its status, slug or version.
    Tenant(TenantId),
    /// A domain came, went, or leads elsewhere.
    Domain(Domain),
}

/// Tells every process of a change, once the transaction of `db` commits.
pub async fn announce(db: &impl ConnectionTrait, change: &Change) -> Result<(), DbErr> {
    let text = match change {
        Change::Tenant(id) => format!("tenant {id}"),
        Change::Domain(domain) => format!("domain {domain}"),
    };
    let sql = "SELECT pg_notify($1, $2)";
    let values = [CHANNEL.into(), text.into()];
    db.execute_raw(Statement::from_sql_and_values(
        db.get_database_backend(),
        sql,
        values,
    ))
    .await?;
    Ok(())
}

impl<C: Catalog> Directory<C> {
    /// An empty memory before this catalogue.
    pub fn new(catalog: C) -> Self {
        Self {
            catalog,
            domains: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(LIFE)
                .build(),
            tenants: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(LIFE)
                .build(),
            forgotten: AtomicU64::new(0),
        }
    }

    /// The tenant that a domain leads to, whatever its status.
    pub async fn find(&self, domain: &Domain) -> Result<Option<Arc<Tenant>>, Error> {
        match self.domains.get(domain) {
            Some(Some(id)) => self.get(id).await,
            Some(None) => Ok(None),
            None => {
                let before = self.forgotten.load(Ordering::Acquire);
                let found = self.catalog.by_domain(domain).await?.map(Arc::new);
                if before == self.forgotten.load(Ordering::Acquire) {
                    self.domains
                        .insert(domain.clone(), found.as_ref().map(|tenant| tenant.id));
                    self.keep(found.as_ref());
                }
                Ok(found)
            }
        }
    }

    /// The tenant of this id, whatever its status.
    pub async fn get(&self, id: TenantId) -> Result<Option<Arc<Tenant>>, Error> {
        if let Some(tenant) = self.tenants.get(&id) {
            return Ok(Some(tenant));
        }
        let before = self.forgotten.load(Ordering::Acquire);
        let found = self.catalog.by_id(id).await?.map(Arc::new);
        if before == self.forgotten.load(Ordering::Acquire) {
            self.keep(found.as_ref());
        }
        Ok(found)
    }

    /// The catalogue behind the memory.
    pub fn catalog(&self) -> &C {
        &self.catalog
    }

    /// Forgets what a change made untrue.
    pub fn forget(&self, change: &Change) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        match change {
            Change::Tenant(id) => self.tenants.invalidate(id),
            Change::Domain(domain) => self.domains.invalidate(domain),
        }
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.tenants.invalidate_all();
        self.domains.invalidate_all();
    }

    /// Listens for announcements in the background, for as long as the directory lives. Whenever
    /// the connection is lost everything is forgotten, for nobody knows what was missed.
    pub fn follow(self: &Arc<Self>, operator: Operator) -> JoinHandle<()> {
        let directory = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                let heard = operator.listen(CHANNEL).await;
                let Some(this) = directory.upgrade() else {
                    return;
                };
                this.forget_all();
                drop(this);
                if let Ok(mut listener) = heard {
                    while let Ok(Some(notice)) = listener.try_recv().await {
                        let Some(this) = directory.upgrade() else {
                            return;
                        };
                        match parse(notice.payload()) {
                            Some(change) => this.forget(&change),
                            None => this.forget_all(),
                        }
                    }
                    tracing::warn!("lost the connection that hears of changes in the registry");
                }
                tokio::time::sleep(PAUSE).await;
            }
        })
    }

    fn keep(&self, tenant: Option<&Arc<Tenant>>) {
        if let Some(tenant) = tenant {
            self.tenants.insert(tenant.id, Arc::clone(tenant));
        }
    }
}

fn parse(payload: &str) -> Option<Change> {
    let (kind, name) = payload.split_once(' ')?;
    match kind {
        "tenant" => Some(Change::Tenant(name.parse::<uuid::Uuid>().ok()?.into())),
        "domain" => Some(Change::Domain(name.parse().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements_are_read_back() {
        let id = TenantId::new();
        assert_eq!(parse(&format!("tenant {id}")), Some(Change::Tenant(id)));
        let domain: Domain = "acme.x".parse().unwrap();
        assert_eq!(parse("domain acme.x"), Some(Change::Domain(domain)));
        assert_eq!(parse("tenant acme"), None);
        assert_eq!(parse(""), None);
    }
}
