//! From the names in a request to the realm that it is for.

use std::sync::Arc;

use crate::domain::DomainError;
use crate::error::Error;
use crate::{Catalog, Directory, Domain, Tenant};

/// How a request's names lead to a realm.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The domain that leads to the shared realm.
    pub shared: Domain,
    /// The domain of a request that names none.
    pub default: Option<Domain>,
}

/// What a request says about whom it is for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named<'a> {
    /// The tenant header, if there is one and it may be believed.
    pub header: Option<&'a str>,
    /// The host that the request was sent to.
    pub host: Option<&'a str>,
}

/// Whom a request is for. There is no third case: nothing is ever missing.
#[derive(Debug, Clone)]
pub enum Realm {
    /// The registry and the operators.
    Shared,
    /// One tenant, whatever its status.
    Tenant(Arc<Tenant>),
}

impl Realm {
    /// Whether both are the same realm, even if one was looked up a moment earlier.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Shared, Self::Shared) => true,
            (Self::Tenant(one), Self::Tenant(other)) => one.id == other.id,
            _ => false,
        }
    }
}

/// Why a request is for nobody.
#[derive(Debug, thiserror::Error)]
pub enum Unresolved {
    /// No such domain, or none named and no default.
    #[error("no tenant answers at this domain; name one in the tenant header or the host")]
    NotFound,
    /// Header and host name two different tenants.
    #[error("the tenant header and the host name different tenants; send one of them, or the same")]
    Conflict {
        /// Whom the header names.
        header: Realm,
        /// Whom the host names.
        host: Realm,
    },
    /// The name is not a host name.
    #[error("the tenant's domain is not a host name; send one such as shop.example.com")]
    Invalid,
    /// The registry couldn't be asked.
    #[error("the registry could not be asked")]
    Registry(#[source] Error),
}

/// Finds out whom a request is for: the header first, then the host, then the default.
///
/// A header must name somebody. A host that is no registered domain (an address, a proxy's name)
/// names nobody, and the shared domain as host yields to the header.
pub async fn resolve<C: Catalog>(
    directory: &Directory<C>,
    policy: &Policy,
    named: Named<'_>,
) -> Result<Realm, Unresolved> {
    let lookup = async |domain: &Domain| find(directory, policy, domain).await;
    let by_host = match named.host.map(host_domain).transpose()?.flatten() {
        Some(domain) => lookup(&domain).await?,
        None => None,
    };
    if let Some(header) = named.header {
        let domain = header.parse().map_err(|_| Unresolved::Invalid)?;
        let by_header = lookup(&domain).await?.ok_or(Unresolved::NotFound)?;
        return match by_host {
            None | Some(Realm::Shared) => Ok(by_header),
            Some(by_host) if by_host.is(&by_header) => Ok(by_header),
            Some(by_host) => Err(Unresolved::Conflict {
                header: by_header,
                host: by_host,
            }),
        };
    }
    if let Some(realm) = by_host {
        return Ok(realm);
    }
    let default = policy.default.as_ref().ok_or(Unresolved::NotFound)?;
    lookup(default).await?.ok_or(Unresolved::NotFound)
}

/// The domain that a host may be, `None` where it can't be anybody's.
fn host_domain(host: &str) -> Result<Option<Domain>, Unresolved> {
    match host.parse() {
        Ok(domain) => Ok(Some(domain)),
        Err(DomainError::Address | DomainError::Underscore) => Ok(None),
        Err(DomainError::Malformed) => Err(Unresolved::Invalid),
    }
}

async fn find<C: Catalog>(
    directory: &Directory<C>,
    policy: &Policy,
    domain: &Domain,
) -> Result<Option<Realm>, Unresolved> {
    if *domain == policy.shared {
        return Ok(Some(Realm::Shared));
    }
    let tenant = directory.find(domain).await.map_err(Unresolved::Registry)?;
    Ok(tenant.map(Realm::Tenant))
}
