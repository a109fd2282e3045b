//! The `Authorization` header: who is asking.

use chrono::Utc;
use http::{HeaderMap, header};
use tenancy::Admitted;

use super::{Code, Refusal};
use crate::app::audit::{Action, Actor, Event, Origin};
use crate::auth::{Audience, Caller, Principal, TokenError};
use crate::state::State;

/// Nobody, where there is no token; somebody, where there is a good one of this very realm.
pub(super) fn caller(
    state: &State,
    headers: &HeaderMap,
    admitted: &Admitted,
    origin: &Origin,
) -> Result<Caller, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(Caller::Anonymous);
    };
    let token = value
        .to_str()
        .ok()
        .and_then(bearer)
        .filter(|_| values.next().is_none());
    let token = token.ok_or_else(|| {
        Refusal::new(
            Code::Unauthenticated,
            "send one header: Authorization: Bearer <token>",
        )
    })?;
    let audience = match admitted {
        Admitted::Tenant(tenant) => Audience::Tenant(tenant.id.as_uuid()),
        Admitted::Shared => Audience::Shared,
    };
    match state.tokens.verify(token, audience, Utc::now()) {
        Ok(principal) => Ok(Caller::Known(principal)),
        Err(error) => {
            tracing::info!(%error, "a token was refused");
            if let Some(owner) = foreigner(state, token, error) {
                state.crossings.tell(crossing(owner, origin, admitted));
            }
            let message = "the token is not valid here; log in again";
            Err(Refusal::new(Code::Unauthenticated, message))
        }
    }
}

/// Whose token it is, if it is a good one that only isn't good here. Of any other nobody knows whose it is.
fn foreigner(state: &State, token: &str, error: TokenError) -> Option<Principal> {
    match error {
        TokenError::WrongAudience => state.tokens.owner(token),
        _ => None,
    }
}

fn crossing(owner: Principal, origin: &Origin, admitted: &Admitted) -> Event {
    let actor = Actor::new(Caller::Known(owner), origin.clone());
    let event = Event::new(actor, Action::CrossingToken).with("of", owner.audience().to_string());
    match admitted {
        Admitted::Tenant(tenant) => event.of(tenant),
        Admitted::Shared => event,
    }
}

/// What follows the scheme, which has no case.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
