use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::{Catalog, Domain, Tenant, TenantId};

/// A [`Catalog`] in memory, for tests. Clones share the book.
#[derive(Debug, Clone, Default)]
pub struct MemoryCatalog {
    book: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
struct Book {
    tenants: BTreeMap<TenantId, Tenant>,
    domains: BTreeMap<Domain, TenantId>,
    questions: usize,
}

impl MemoryCatalog {
    /// Enters a tenant, or replaces what was known of it.
    pub fn put(&self, tenant: Tenant) {
        self.book().tenants.insert(tenant.id, tenant);
    }

    /// Lets a domain lead to a tenant.
    pub fn point(&self, domain: Domain, tenant: TenantId) {
        self.book().domains.insert(domain, tenant);
    }

    /// Lets a domain lead nowhere.
    pub fn unpoint(&self, domain: &Domain) {
        self.book().domains.remove(domain);
    }

    /// How often it was asked for a tenant, by domain or id.
    pub fn questions(&self) -> usize {
        self.book().questions
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // A panic elsewhere in a test left the book whole: every change is one step.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Catalog for MemoryCatalog {
    async fn by_domain(&self, domain: &Domain) -> Result<Option<Tenant>, Error> {
        let mut book = self.book();
        book.questions += 1;
        let tenant = book.domains.get(domain).and_then(|id| book.tenants.get(id));
        Ok(tenant.cloned())
    }

    async fn all(&self) -> Result<Vec<Tenant>, Error> {
        Ok(self.book().tenants.values().cloned().collect())
    }

    async fn by_id(&self, id: TenantId) -> Result<Option<Tenant>, Error> {
        let mut book = self.book();
        book.questions += 1;
        Ok(book.tenants.get(&id).cloned())
    }
}
