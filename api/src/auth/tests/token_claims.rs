//! What a token says: for whom, where and when it is good.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use super::super::keys::Keys;
use super::super::principal::{Audience, OperatorRole, Principal, TenantRole};
use super::super::token::{TokenError, Tokens, TokensError};
use super::forge::*;

/// The positive control of [`changed`]: nothing changed, nothing wrong.
#[test]
fn re_signed_without_a_change_the_token_is_good() {
    assert_eq!(verify(&tokens(), &changed(|_, _| {})), Ok(owner()));
}

#[test]
fn what_is_minted_is_verified_in_both_realms_and_with_every_kind_of_key() {
    let who = [
        owner(),
        Principal::of_tenant(TENANT, USER, SESSION, TenantRole::Manager),
        Principal::of_tenant(OTHER_TENANT, USER, SESSION, TenantRole::Staff),
        Principal::operator(USER, SESSION, OperatorRole::Operator),
        Principal::operator(USER, SESSION, OperatorRole::Viewer),
    ];
    for tokens in [
        tokens(),
        from_files(&["ed25519.pem"]),
        from_files(&["rsa_2048.pem"]),
    ] {
        for principal in who {
            let minted = tokens.mint(&principal, noon());
            let verified = tokens.verify(&minted.token, principal.audience(), noon());
            assert_eq!(verified, Ok(principal), "{tokens:?}");
        }
    }
}

#[test]
fn a_token_says_what_it_should() {
    let minted = tokens().mint(&owner(), noon() + TimeDelta::milliseconds(900));
    let (header, claims) = opened(&minted.token);
    assert_eq!(minted.expires_at, after(600));
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("HS256"), &json!("JWT"))
    );
    assert_eq!(claims["iss"], json!(ISSUER));
    assert_eq!(claims["aud"], json!("01900000-0000-7000-8000-000000000001"));
    assert_eq!(claims["sub"], json!(USER));
    assert_eq!(claims["sid"], json!(SESSION));
    assert_eq!(claims["role"], json!("owner"));
    assert_eq!(claims["exp"], json!(after(600).timestamp()));
    assert_eq!(
        (&claims["iat"], &claims["nbf"]),
        (&json!(noon().timestamp()), &json!(noon().timestamp()))
    );
    let (_, again) = opened(&tokens().mint(&owner(), noon()).token);
    assert_ne!(
        claims["jti"], again["jti"],
        "every token has an id of its own"
    );
    let operator = Principal::operator(USER, SESSION, OperatorRole::Viewer);
    assert_eq!(
        opened(&tokens().mint(&operator, noon()).token).1["aud"],
        json!("shared")
    );
}

#[test]
fn r24_a_token_is_worth_nothing_at_another_tenant_or_in_the_other_realm() {
    let tokens = tokens();
    let operator = Principal::operator(USER, SESSION, OperatorRole::Operator);
    for (principal, elsewhere) in [
        (owner(), Audience::Tenant(OTHER_TENANT)),
        (owner(), Audience::Shared),
        (operator, Audience::Tenant(TENANT)),
    ] {
        let token = tokens.mint(&principal, noon()).token;
        assert_eq!(
            tokens.verify(&token, elsewhere, noon()),
            Err(TokenError::WrongAudience)
        );
        assert_eq!(
            tokens.verify(&token, principal.audience(), noon()),
            Ok(principal)
        );
    }
}

#[test]
fn an_audience_is_one_text_in_one_spelling() {
    let tenant = TENANT.to_string();
    for (aud, error) in [
        (json!([tenant]), TokenError::Claims),
        (json!([tenant, OTHER_TENANT]), TokenError::Claims),
        (
            json!(TENANT.simple().to_string()),
            TokenError::WrongAudience,
        ),
        (json!(format!("{{{tenant}}}")), TokenError::WrongAudience),
        (json!(TENANT.urn().to_string()), TokenError::WrongAudience),
        (json!("*"), TokenError::WrongAudience),
        (json!(""), TokenError::WrongAudience),
        (json!(null), TokenError::Claims),
    ] {
        let token = changed(|_, claims| claims["aud"] = aud.clone());
        assert_eq!(verify(&tokens(), &token), Err(error), "{aud}");
    }
}

#[test]
fn every_claim_is_required() {
    for claim in [
        "iss", "aud", "sub", "sid", "role", "iat", "nbf", "exp", "jti",
    ] {
        let missing = changed(|_, claims| {
            claims.as_object_mut().unwrap().remove(claim).unwrap();
        });
        assert_eq!(
            verify(&tokens(), &missing),
            Err(TokenError::Claims),
            "no {claim}"
        );
        for wrong in [json!(null), json!(1.5), json!({}), json!([])] {
            let token = changed(|_, claims| claims[claim] = wrong.clone());
            assert_eq!(
                verify(&tokens(), &token),
                Err(TokenError::Claims),
                "{claim}: {wrong}"
            );
        }
    }
}

#[test]
fn a_claim_that_is_not_ours_is_let_pass() {
    let token = changed(|_, claims| claims["plan"] = json!("gold"));
    assert_eq!(verify(&tokens(), &token), Ok(owner()));
}

#[test]
fn a_role_that_does_not_fit_the_audience_is_refused() {
    let shared = |role: &str| {
        changed(|_, claims| {
            claims["aud"] = json!("shared");
            claims["role"] = json!(role);
        })
    };
    for role in ["owner", "manager", "staff", "", "admin", "Operator"] {
        let verified = tokens().verify(&shared(role), Audience::Shared, noon());
        assert_eq!(verified, Err(TokenError::WrongRole), "{role}");
    }
    assert!(
        tokens()
            .verify(&shared("operator"), Audience::Shared, noon())
            .is_ok()
    );
    for role in ["operator", "viewer", "", "admin", "OWNER"] {
        let token = changed(|_, claims| claims["role"] = json!(role));
        assert_eq!(
            verify(&tokens(), &token),
            Err(TokenError::WrongRole),
            "{role}"
        );
    }
    assert!(
        verify(
            &tokens(),
            &changed(|_, claims| claims["role"] = json!("staff"))
        )
        .is_ok()
    );
}

#[test]
fn another_issuer_is_refused() {
    for issuer in [
        "https://insula.test.evil.test",
        "https://insula.test/",
        "insula",
        "",
    ] {
        let token = changed(|_, claims| claims["iss"] = json!(issuer));
        assert_eq!(
            verify(&tokens(), &token),
            Err(TokenError::WrongIssuer),
            "{issuer}"
        );
    }
    let token = changed(|_, claims| claims["iss"] = json!([ISSUER]));
    assert_eq!(verify(&tokens(), &token), Err(TokenError::Claims));
}

#[test]
fn a_token_is_good_from_its_start_to_its_end_and_five_seconds_around() {
    let tokens = tokens();
    let token = tokens.mint(&owner(), noon()).token;
    for (seconds, expected) in [
        (-6, Err(TokenError::NotYetValid)),
        (-5, Ok(owner())),
        (0, Ok(owner())),
        (599, Ok(owner())),
        (604, Ok(owner())),
        (605, Err(TokenError::Expired)),
        (86_400, Err(TokenError::Expired)),
    ] {
        let verified = tokens.verify(&token, Audience::Tenant(TENANT), after(seconds));
        assert_eq!(verified, expected, "{seconds} s");
    }
}

#[test]
fn times_at_the_ends_of_their_range_are_compared_and_not_overflown() {
    for (claim, value, expected) in [
        ("exp", json!(i64::MAX), Ok(owner())),
        ("exp", json!(i64::MIN), Err(TokenError::Expired)),
        ("exp", json!(0), Err(TokenError::Expired)),
        ("exp", json!(u64::MAX), Err(TokenError::Claims)),
        ("exp", json!("2099-01-01"), Err(TokenError::Claims)),
        ("nbf", json!(i64::MAX), Err(TokenError::NotYetValid)),
        ("nbf", json!(i64::MIN), Ok(owner())),
    ] {
        let token = changed(|_, claims| claims[claim] = value.clone());
        assert_eq!(verify(&tokens(), &token), expected, "{claim}: {value}");
    }
}

#[test]
fn a_configuration_that_makes_bad_tokens_is_refused() {
    let build = |issuer: &str, seconds| {
        let keys = Keys::from_secret(SECRET).unwrap();
        Tokens::new(keys, issuer, Duration::from_secs(seconds)).err()
    };
    assert_eq!(build("", TTL), Some(TokensError::NoIssuer));
    for seconds in [0, 86_401, u64::MAX] {
        assert_eq!(build(ISSUER, seconds), Some(TokensError::AccessTtl));
    }
    assert_eq!(build(ISSUER, 1), None);
    assert_eq!(build(ISSUER, 86_400), None);
}

#[test]
fn secrets_and_tokens_are_not_in_debug() {
    let tokens = tokens();
    let minted = tokens.mint(&owner(), noon());
    let shown = format!("{tokens:?} {minted:?}");
    assert!(shown.contains("2026-03-01T12:10:00Z"), "{shown}");
    for part in minted.token.split('.').chain(["planted"]) {
        assert!(!shown.contains(part), "{shown}");
    }
}
