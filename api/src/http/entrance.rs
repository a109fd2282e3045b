//! How a request becomes a tenant's, and what is answered where it doesn't.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tenancy::axum::{Entrance, Trust};
use tenancy::resolve::{Policy, Realm, Unresolved};
use tenancy::{Closed, Gate, Refused, SHARED_SCHEMA};

use super::origin::origin;
use super::{Code, Refusal};
use crate::app::audit::{Action, Actor, Event};
use crate::auth::Caller;
use crate::catalog::Registry;
use crate::config::HeaderTrust;
use crate::state::{self, State};

/// What a server needs to know before it can let anybody in.
#[derive(Debug, thiserror::Error)]
pub enum EntranceError {
    #[error("no domain leads to the shared realm; set INSULA_SHARED_DOMAIN")]
    NoSharedDomain,
    #[error("DEFAULT_TENANT_DOMAIN can't be used")]
    DefaultDomain(#[source] state::StateError),
}

/// The entrance that the configuration describes.
pub fn entrance(state: &Arc<State>) -> Result<Entrance<Registry>, EntranceError> {
    let tenancy = &state.config.tenancy;
    let default = tenancy
        .default_domain
        .as_ref()
        .map(state::domain)
        .transpose();
    let policy = Policy {
        shared: state
            .shared_domain
            .clone()
            .ok_or(EntranceError::NoSharedDomain)?,
        default: default.map_err(EntranceError::DefaultDomain)?,
    };
    let known = state.histories.tenant.latest();
    let proxies = tenancy.trusted_proxies.clone();
    let teller = Arc::clone(state);
    let listed = move |peer: IpAddr| proxies.iter().any(|network| network.contains(&peer));
    Ok(Entrance {
        gate: Gate::new(Arc::clone(&state.directory), policy, known),
        header: tenancy.header_name.clone(),
        trust: match tenancy.header {
            HeaderTrust::Trust => Trust::Everybody,
            HeaderTrust::Off => Trust::Nobody,
            HeaderTrust::TrustedProxies => Trust::Peers(Box::new(listed)),
        },
        refuse: Box::new(move |refused, request| refuse(&teller, &refused, request)),
    })
}

/// The contract's answers about the tenant.
fn refuse(state: &State, refused: &Refused, request: &Request) -> Response {
    if let Some(error) = refused.registry_error() {
        tracing::error!(
            error = crate::chain(error),
            "the registry could not be asked"
        );
    }
    let code = match refused {
        Refused::Unresolved(Unresolved::NotFound) | Refused::Closed(Closed::Gone) => {
            Code::TenantNotFound
        }
        Refused::Unresolved(Unresolved::Conflict { header, host }) => {
            tell_of_conflict(state, request, header, host);
            Code::TenantConflict
        }
        Refused::Unresolved(Unresolved::Invalid) => Code::TenantInvalid,
        Refused::Unresolved(Unresolved::Registry(_)) if refused.is_unavailable() => {
            Code::DatabaseUnavailable
        }
        Refused::Unresolved(Unresolved::Registry(_)) => {
            return Refusal::internal(request.extensions().get().cloned()).into_response();
        }
        Refused::Closed(Closed::Suspended) => Code::TenantSuspended,
        Refused::Closed(_) => Code::TenantUnavailable,
    };
    let message = match code {
        Code::TenantNotFound => Unresolved::NotFound.to_string(),
        Code::TenantUnavailable => format!("{refused}; try again shortly"),
        Code::DatabaseUnavailable => {
            "the database is not available at the moment; try again shortly".to_owned()
        }
        _ => refused.to_string(),
    };
    Refusal::new(code, message).into_response()
}

/// Nobody comes by a header and a host that disagree as a client of ours does.
fn tell_of_conflict(state: &State, request: &Request, header: &Realm, host: &Realm) {
    let nobody = Actor::new(
        Caller::Anonymous,
        origin(
            &state.config.tenancy.trusted_proxies,
            request.headers(),
            request.extensions(),
        ),
    );
    let event = Event::new(nobody, Action::CrossingHeader).with("host", name(host));
    state.crossings.tell(match header {
        Realm::Tenant(tenant) => event.of(tenant),
        Realm::Shared => event,
    });
}

fn name(realm: &Realm) -> &str {
    match realm {
        Realm::Tenant(tenant) => tenant.slug.as_str(),
        Realm::Shared => SHARED_SCHEMA,
    }
}
