//! The `Authorization` header: who is asking.

use chrono::Utc;
use http::request::Parts;
use http::{HeaderMap, header};
use tenancy::{Admitted, SharedRealm, TenantRealm};

use super::{Code, Refusal};
use crate::app::audit::{Action, Actor, Event, Origin};
use crate::app::sessions::Sessions;
use crate::auth::{Audience, Caller, Principal, TokenError};
use crate::state::State;

/// Nobody, where there is no token; somebody, where there is a good one of this very realm whose
/// session goes on.
pub(super) async fn caller(
    state: &State,
    parts: &Parts,
    admitted: &Admitted,
    origin: &Origin,
) -> Result<Caller, Refusal> {
    let Some(token) = token(&parts.headers)? else {
        return Ok(Caller::Anonymous);
    };
    let audience = match admitted {
        Admitted::Tenant(tenant) => Audience::Tenant(tenant.id.as_uuid()),
        Admitted::Shared => Audience::Shared,
    };
    let read = state.tokens.read(token, audience, Utc::now());
    let read = read.map_err(|error| {
        tracing::info!(%error, "a token was refused");
        if let Some(owner) = foreigner(state, token, error) {
            tell(state, owner, origin, admitted);
        }
        refused()
    })?;
    let stands = match admitted {
        Admitted::Tenant(tenant) => {
            Sessions::<TenantRealm>::new(state, tenant)
                .stands(&read)
                .await
        }
        Admitted::Shared => Sessions::<SharedRealm>::new(state, &()).stands(&read).await,
    };
    match stands {
        Ok(true) => Ok(Caller::Known(read.principal)),
        Ok(false) => {
            tracing::info!("a token was refused: its session has ended");
            tell(state, read.principal, origin, admitted);
            Err(refused())
        }
        // Whoever can't be told from somebody who was shut out stays outside.
        Err(error) if error.is_unavailable() => {
            let message = "the database is not available at the moment; try again shortly";
            Err(Refusal::new(Code::DatabaseUnavailable, message))
        }
        Err(error) => {
            tracing::error!(
                error = crate::chain(&error),
                "a session could not be looked up"
            );
            Err(Refusal::internal(parts.extensions.get().cloned()))
        }
    }
}

fn refused() -> Refusal {
    let message = "the token is not valid here; log in again";
    Refusal::new(Code::Unauthenticated, message)
}

/// The token, if there is a header for one.
fn token(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let token = value
        .to_str()
        .ok()
        .and_then(bearer)
        .filter(|_| values.next().is_none());
    let token = token.ok_or_else(|| {
        let message = "send one header: Authorization: Bearer <token>";
        Refusal::new(Code::Unauthenticated, message)
    })?;
    Ok(Some(token))
}

/// Whose token it is, if it is a good one that only isn't good here. Of any other nobody knows whose it is.
fn foreigner(state: &State, token: &str, error: TokenError) -> Option<Principal> {
    match error {
        TokenError::WrongAudience => state.tokens.owner(token),
        _ => None,
    }
}

/// Tells whose token was shown where it isn't good, or not any more.
fn tell(state: &State, owner: Principal, origin: &Origin, admitted: &Admitted) {
    let actor = Actor::new(Caller::Known(owner), origin.clone());
    let event = Event::new(actor, Action::CrossingToken).with("of", owner.audience().to_string());
    state.crossings.tell(match admitted {
        Admitted::Tenant(tenant) => event.of(tenant),
        Admitted::Shared => event,
    });
}

/// What follows the scheme, which has no case.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
