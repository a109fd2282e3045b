use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use uuid::Uuid;

use crate::{SchemaName, Slug, Status};

/// The unchanging identity of a tenant: a UUIDv7, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(Uuid);

impl TenantId {
    /// A new identity.
    #[expect(clippy::new_without_default, reason = "each call gives another value")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// The bare UUID, for storing and for tokens.
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for TenantId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the registry knows of a tenant, as far as entering it is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its unchanging identity.
    pub id: TenantId,
    /// Its name in URLs and commands, which may change.
    pub slug: Slug,
    /// Its schema in PostgreSQL.
    pub schema: SchemaName,
    /// The number of the serving login that may enter it: see [`Logins`](crate::Logins).
    pub login: u16,
    /// Where it stands in its life.
    pub status: Status,
    /// The newest migration that its schema has, `None` before the first.
    pub version: Option<String>,
    /// The newest migration of its schema that servers must know to serve it.
    pub breaking: Option<String>,
}

impl Tenant {
    /// The key to this tenant's data, if it may be entered by a server whose newest tenant
    /// migration is `known`.
    ///
    /// A schema *ahead* of the server is served, so that servers can be replaced one by one, unless
    /// a migration that the server doesn't know is marked as breaking.
    pub fn enter(self: Arc<Self>, known: &str) -> Result<ActiveTenant, Closed> {
        match self.status {
            Status::Active => {}
            Status::Suspended => return Err(Closed::Suspended),
            Status::Provisioning | Status::Failed => return Err(Closed::Unfinished),
            Status::Maintenance => return Err(Closed::Maintenance),
            Status::Dropping | Status::Dropped => return Err(Closed::Gone),
        }
        if self.version.as_deref().unwrap_or_default() < known {
            return Err(Closed::Behind);
        }
        if self
            .breaking
            .as_deref()
            .is_some_and(|breaking| breaking > known)
        {
            return Err(Closed::Ahead);
        }
        Ok(ActiveTenant(self))
    }
}

/// Why a tenant can't be entered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// An operator suspended it.
    #[error("the tenant is suspended")]
    Suspended,
    /// Its schema is still being made, or could not be made.
    #[error("the tenant is being set up")]
    Unfinished,
    /// An operator is at work on it.
    #[error("the tenant is under maintenance")]
    Maintenance,
    /// Its schema lacks a migration that this server needs.
    #[error("the tenant's schema is behind this server")]
    Behind,
    /// Its schema has a breaking migration that this server doesn't know.
    #[error("the tenant's schema is ahead of this server")]
    Ahead,
    /// It is dropped, or is being dropped: as if it had never been.
    #[error("the tenant is gone")]
    Gone,
}

/// A tenant that may be entered: the only key to a [`TenantDb`](crate::TenantDb).
///
/// Only [`Tenant::enter`] makes one. A request's extensions hold it.
#[derive(Debug, Clone)]
pub struct ActiveTenant(Arc<Tenant>);

impl Deref for ActiveTenant {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(
        status: Status,
        version: Option<&str>,
        breaking: Option<&str>,
    ) -> Result<(), Closed> {
        let id = TenantId::new();
        let tenant = Tenant {
            id,
            slug: "acme".parse().unwrap(),
            schema: SchemaName::of(id),
            login: 1,
            status,
            version: version.map(Into::into),
            breaking: breaking.map(Into::into),
        };
        Arc::new(tenant).enter("m2").map(drop)
    }

    #[test]
    fn r27_only_active_tenants_are_entered() {
        assert_eq!(entered(Status::Active, Some("m2"), None), Ok(()));
        assert_eq!(
            entered(Status::Suspended, Some("m2"), None),
            Err(Closed::Suspended)
        );
        assert_eq!(
            entered(Status::Provisioning, None, None),
            Err(Closed::Unfinished)
        );
        assert_eq!(entered(Status::Failed, None, None), Err(Closed::Unfinished));
        assert_eq!(
            entered(Status::Maintenance, Some("m2"), None),
            Err(Closed::Maintenance)
        );
        assert_eq!(
            entered(Status::Dropping, Some("m2"), None),
            Err(Closed::Gone)
        );
        assert_eq!(
            entered(Status::Dropped, Some("m2"), None),
            Err(Closed::Gone)
        );
    }

    #[test]
    fn m31_a_schema_behind_waits_and_one_ahead_is_served_unless_it_broke() {
        assert_eq!(entered(Status::Active, None, None), Err(Closed::Behind));
        assert_eq!(
            entered(Status::Active, Some("m1"), None),
            Err(Closed::Behind)
        );
        assert_eq!(entered(Status::Active, Some("m3"), None), Ok(()));
        assert_eq!(entered(Status::Active, Some("m3"), Some("m2")), Ok(()));
        assert_eq!(
            entered(Status::Active, Some("m3"), Some("m3")),
            Err(Closed::Ahead)
        );
    }
}
