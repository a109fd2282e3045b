//! The `Authorization` header: who is asking.

use chrono::Utc;
use http::{HeaderMap, header};
use tenancy::{Admitted, SharedRealm, TenantRealm};

use super::{Code, Refusal, RequestId};
use crate::app::sessions::Sessions;
use crate::auth::{Audience, Caller};
use crate::state::State;

/// Nobody, where there is no token; somebody, where there is a good one of this very realm whose
/// session goes on.
pub(super) async fn caller(
    state: &State,
    headers: &HeaderMap,
    admitted: &Admitted,
    id: Option<&RequestId>,
) -> Result<Caller, Refusal> {
    let Some(token) = token(headers)? else {
        return Ok(Caller::Anonymous);
    };
    let audience = match admitted {
        Admitted::Tenant(tenant) => Audience::Tenant(tenant.id.as_uuid()),
        Admitted::Shared => Audience::Shared,
    };
    let read = state.tokens.read(token, audience, Utc::now());
    let read = read.map_err(|error| {
        tracing::info!(%error, "a token was refused");
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
            Err(Refusal::internal(id.cloned()))
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

/// What follows the scheme, which has no case.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
