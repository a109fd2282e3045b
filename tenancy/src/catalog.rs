use crate::error::Error;
use crate::{Domain, Tenant, TenantId};

/// The book of tenants. The product owns its tables and implements this; `tenancy` only asks.
///
/// Answers must be fresh from the database: the [`Directory`](crate::Directory) caches them.
pub trait Catalog: Send + Sync + 'static {
    /// The tenant that a domain leads to, whatever its status.
    fn by_domain(
        &self,
        domain: &Domain,
    ) -> impl Future<Output = Result<Option<Tenant>, Error>> + Send;

    /// Every tenant that has or may have a schema, whatever its status, oldest first. The shared
    /// realm is no tenant and so not among them.
    fn all(&self) -> impl Future<Output = Result<Vec<Tenant>, Error>> + Send;

    /// The tenant of this id, whatever its status.
    fn by_id(&self, id: TenantId) -> impl Future<Output = Result<Option<Tenant>, Error>> + Send;
}
