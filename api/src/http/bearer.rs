//! The `Authorization` header: who is asking.

use chrono::Utc;
use http::{HeaderMap, header};
use tenancy::Admitted;

use super::{Code, Refusal};
use crate::auth::{Audience, Caller, Tokens};

/// Nobody, where there is no token; somebody, where there is a good one of this very realm.
pub(super) fn caller(
    tokens: &Tokens,
    headers: &HeaderMap,
    admitted: &Admitted,
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
    match tokens.verify(token, audience, Utc::now()) {
        Ok(principal) => Ok(Caller::Known(principal)),
        Err(error) => {
            tracing::info!(%error, "a token was refused");
            let message = "the token is not valid here; log in again";
            Err(Refusal::new(Code::Unauthenticated, message))
        }
    }
}

/// What follows the scheme, which has no case.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
