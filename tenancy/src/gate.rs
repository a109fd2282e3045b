use std::sync::Arc;

use crate::error::Error;
use crate::resolve::{Named, Policy, Realm, Unresolved, resolve};
use crate::tenant::{ActiveTenant, Closed};
use crate::{Catalog, Directory};

/// Where a request becomes a tenant's: finds out whom it is for and whether they may be entered.
pub struct Gate<C> {
    directory: Arc<Directory<C>>,
    policy: Policy,
    known: String,
}

/// Who was let in.
#[derive(Debug, Clone)]
pub enum Admitted {
    /// The shared realm.
    Shared,
    /// A tenant that is active and at a version that this server can serve.
    Tenant(ActiveTenant),
}

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The request leads nowhere.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// The tenant can't be entered now.
    #[error(transparent)]
    Closed(#[from] Closed),
}

impl Refused {
    /// Whether the registry couldn't be asked, because the database is away.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unresolved(Unresolved::Registry(error)) if error.is_unavailable())
    }

    /// What the registry's database said, for the log.
    pub fn registry_error(&self) -> Option<&Error> {
        match self {
            Self::Unresolved(Unresolved::Registry(error)) => Some(error),
            _ => None,
        }
    }
}

impl<C: Catalog> Gate<C> {
    /// A gate before these tenants. `known` is the newest tenant migration of this server.
    pub fn new(directory: Arc<Directory<C>>, policy: Policy, known: impl Into<String>) -> Self {
        Self {
            directory,
            policy,
            known: known.into(),
        }
    }

    /// Lets a request in, or says why not.
    pub async fn admit(&self, named: Named<'_>) -> Result<Admitted, Refused> {
        match resolve(&self.directory, &self.policy, named).await? {
            Realm::Shared => Ok(Admitted::Shared),
            Realm::Tenant(tenant) => Ok(Admitted::Tenant(tenant.enter(&self.known)?)),
        }
    }

    /// The tenants behind this gate.
    pub fn directory(&self) -> &Arc<Directory<C>> {
        &self.directory
    }
}
