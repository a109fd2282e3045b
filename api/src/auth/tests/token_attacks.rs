//! Tokens that somebody else made, or made something else of.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use proptest::prelude::*;
use serde_json::json;

use super::super::keys::Keys;
use super::super::principal::{Principal, TenantRole};
use super::super::token::TokenError;
use super::forge::*;
use super::key_file;

#[test]
fn none_is_no_algorithm() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let (mut header, claims) = opened(&tokens().mint(&owner(), noon()).token);
        header["alg"] = json!(alg);
        let message = format!("{}.{}", encoded(&header), encoded(&claims));
        assert_eq!(
            verify(&tokens(), &format!("{message}.")),
            Err(TokenError::WrongAlgorithm)
        );
        let signed = forged_with(SECRET, Algorithm::HS256, &header, &claims);
        assert_eq!(
            verify(&tokens(), &signed),
            Err(TokenError::WrongAlgorithm),
            "{alg}"
        );
    }
}

#[test]
fn another_algorithm_of_the_family_is_refused_though_rightly_signed() {
    let (mut header, claims) = opened(&tokens().mint(&owner(), noon()).token);
    for (name, algorithm) in [("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)] {
        header["alg"] = json!(name);
        let token = forged_with(SECRET, algorithm, &header, &claims);
        assert_eq!(
            verify(&tokens(), &token),
            Err(TokenError::WrongAlgorithm),
            "{name}"
        );
    }
}

/// The classic: the public key, which everybody has, used as the secret of an HMAC.
#[test]
fn a_public_key_is_no_secret() {
    for (private, public) in [
        ("rsa_2048.pem", "rsa_2048.public.pem"),
        ("ed25519.pem", "ed25519.public.pem"),
    ] {
        let tokens = from_files(&[private]);
        let good = tokens.mint(&owner(), noon()).token;
        assert_eq!(verify(&tokens, &good), Ok(owner()));
        let (mut header, claims) = opened(&good);
        let public = fs::read(key_file(public)).unwrap();
        for (alg, error) in [
            (json!("HS256"), TokenError::WrongAlgorithm),
            (header["alg"].clone(), TokenError::BadSignature),
        ] {
            header["alg"] = alg;
            let token = forged_with(&public, Algorithm::HS256, &header, &claims);
            assert_eq!(verify(&tokens, &token), Err(error), "{private}");
        }
    }
}

#[test]
fn a_key_id_is_only_looked_up_among_the_configured_ones() {
    let ours = opened(&tokens().mint(&owner(), noon()).token).0["kid"].clone();
    let long = "k".repeat(1000);
    for kid in [
        "",
        "0",
        "../../../../dev/null",
        "https://evil.test/key",
        "' OR 1=1 --",
        "\0",
        long.as_str(),
        &ours.as_str().unwrap().to_uppercase(),
    ] {
        let token = changed(|header, _| header["kid"] = json!(kid));
        assert_eq!(
            verify(&tokens(), &token),
            Err(TokenError::UnknownKey),
            "{kid}"
        );
    }
    let without = changed(|header, _| {
        header.as_object_mut().unwrap().remove("kid").unwrap();
    });
    assert_eq!(verify(&tokens(), &without), Err(TokenError::UnknownKey));
    assert_eq!(
        verify(&tokens(), &changed(|header, _| header["kid"] = json!(7))),
        Err(TokenError::Malformed)
    );
    assert_eq!(
        verify(
            &tokens(),
            &changed(|header, _| header["kid"] = ours.clone())
        ),
        Ok(owner())
    );
}

#[test]
fn a_key_that_the_token_brings_along_is_not_used() {
    let own = BASE64.encode(b"the attacker's own secret, 32 bytes");
    for (name, value) in [
        ("jwk", json!({ "kty": "oct", "k": own })),
        ("jku", json!("https://evil.test/jwks.json")),
        ("x5u", json!("https://evil.test/cert.pem")),
        ("x5c", json!(["MIIB"])),
    ] {
        let (mut header, claims) = opened(&tokens().mint(&owner(), noon()).token);
        header[name] = value.clone();
        let secret = b"the attacker's own secret, 32 bytes";
        let forged = forged_with(secret, Algorithm::HS256, &header, &claims);
        assert_eq!(
            verify(&tokens(), &forged),
            Err(TokenError::UnsupportedHeader),
            "{name}"
        );
        let ours = forged_with(SECRET, Algorithm::HS256, &header, &claims);
        assert_eq!(
            verify(&tokens(), &ours),
            Err(TokenError::UnsupportedHeader),
            "{name}"
        );
    }
}

#[test]
fn crit_is_refused_in_any_shape() {
    for crit in [
        json!(["exp"]),
        json!(["b64"]),
        json!([]),
        json!("exp"),
        json!(null),
        json!(1),
    ] {
        let token = changed(|header, _| header["crit"] = crit.clone());
        assert_eq!(
            verify(&tokens(), &token),
            Err(TokenError::UnsupportedHeader),
            "{crit}"
        );
    }
    let unencoded = changed(|header, _| header["b64"] = json!(false));
    assert_eq!(
        verify(&tokens(), &unencoded),
        Err(TokenError::UnsupportedHeader)
    );
}

#[test]
fn only_a_jwt_is_a_jwt() {
    for typ in [json!("JWT"), json!("jwt"), json!(null)] {
        let token = changed(|header, _| header["typ"] = typ.clone());
        assert_eq!(verify(&tokens(), &token), Ok(owner()), "{typ}");
    }
    for typ in ["at+jwt", "dpop+jwt", "JOSE", ""] {
        let token = changed(|header, _| header["typ"] = json!(typ));
        assert_eq!(
            verify(&tokens(), &token),
            Err(TokenError::UnsupportedHeader),
            "{typ}"
        );
    }
}

#[test]
fn a_name_that_comes_twice_is_refused() {
    let (header, claims) = opened(&tokens().mint(&owner(), noon()).token);
    let sign = |header: &str, claims: &str| {
        let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let key = EncodingKey::from_secret(SECRET);
        let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        verify(&tokens(), &format!("{message}.{signature}"))
    };
    let (header, claims) = (header.to_string(), claims.to_string());
    assert_eq!(sign(&header, &claims), Ok(owner()));
    let two_algs = header.replacen('{', r#"{"alg":"none","#, 1);
    assert_eq!(sign(&two_algs, &claims), Err(TokenError::Malformed));
    let two_roles = claims.replacen('{', r#"{"role":"owner","#, 1);
    assert_eq!(sign(&header, &two_roles), Err(TokenError::Claims));
}

#[test]
fn a_changed_payload_or_signature_is_refused() {
    for tokens in [
        tokens(),
        from_files(&["ed25519.pem"]),
        from_files(&["rsa_2048.pem"]),
    ] {
        let minor = Principal::of_tenant(TENANT, USER, SESSION, TenantRole::Staff);
        let token = tokens.mint(&minor, noon()).token;
        assert_eq!(verify(&tokens, &token), Ok(minor));
        let parts: Vec<_> = token.split('.').collect();
        let mut claims = opened(&token).1;
        claims["role"] = json!("owner");
        let raised = format!("{}.{}.{}", parts[0], encoded(&claims), parts[2]);
        assert_eq!(verify(&tokens, &raised), Err(TokenError::BadSignature));
        for signature in ["", "AAAA", &parts[2][1..], "%%%", &format!("{}=", parts[2])] {
            let token = format!("{}.{}.{signature}", parts[0], parts[1]);
            assert_eq!(
                verify(&tokens, &token),
                Err(TokenError::BadSignature),
                "{signature}"
            );
        }
    }
}

#[test]
fn another_secret_or_key_of_the_same_kind_is_refused() {
    let stranger = tokens_of(Keys::from_secret(b"another-secret-0123456789abcdef0").unwrap());
    let token = stranger.mint(&owner(), noon()).token;
    assert_eq!(verify(&stranger, &token), Ok(owner()));
    assert_eq!(verify(&tokens(), &token), Err(TokenError::UnknownKey));
    // Even under the name of our key.
    let (header, _) = opened(&tokens().mint(&owner(), noon()).token);
    let (_, claims) = opened(&token);
    let forged = forged_with(
        b"another-secret-0123456789abcdef0",
        Algorithm::HS256,
        &header,
        &claims,
    );
    assert_eq!(verify(&tokens(), &forged), Err(TokenError::BadSignature));
}

#[test]
fn two_keys_are_alive_during_rotation() {
    let before = from_files(&["ed25519.pem"]);
    let during = from_files(&["ed25519_next.pem", "ed25519.public.pem"]);
    let afterwards = from_files(&["ed25519_next.pem"]);
    let old = before.mint(&owner(), noon()).token;
    let new = during.mint(&owner(), noon()).token;
    assert_eq!(verify(&during, &old), Ok(owner()));
    assert_eq!(verify(&during, &new), Ok(owner()));
    assert_eq!(verify(&afterwards, &new), Ok(owner()));
    assert_eq!(verify(&afterwards, &old), Err(TokenError::UnknownKey));
    assert_eq!(verify(&before, &new), Err(TokenError::UnknownKey));
}

/// With both keys configured, each id leads to its own key only.
#[test]
fn the_id_of_one_key_does_not_let_the_other_sign() {
    let both = from_files(&["ed25519_next.pem", "ed25519.public.pem"]);
    let next = both.mint(&owner(), noon()).token;
    let old = from_files(&["ed25519.pem"]).mint(&owner(), noon()).token;
    let (_, next_rest) = next.split_once('.').unwrap();
    let (old_header, _) = old.split_once('.').unwrap();
    let crossed = format!("{old_header}.{next_rest}");
    assert_eq!(verify(&both, &crossed), Err(TokenError::BadSignature));
    assert_eq!(verify(&both, &next), Ok(owner()));
}

#[test]
fn four_kilobytes_are_the_most() {
    let with = |padding: usize| changed(|_, claims| claims["padding"] = json!("x".repeat(padding)));
    let small = with(2000);
    assert!(small.len() < 4096);
    assert_eq!(verify(&tokens(), &small), Ok(owner()));
    let large = with(3000);
    assert!(large.len() > 4096);
    assert_eq!(verify(&tokens(), &large), Err(TokenError::TooLarge));
}

#[test]
fn what_is_no_token_is_malformed() {
    let good = tokens().mint(&owner(), noon()).token;
    let parts: Vec<_> = good.split('.').collect();
    for token in [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        "a.b.c".into(),
        parts[0].into(),
        format!("{}.{}", parts[0], parts[1]),
        format!("Bearer {good}"),
        format!(" {good}"),
        format!("{}.{}.{}", encoded(&json!([])), parts[1], parts[2]),
        format!("{}.{}.{}", encoded(&json!({})), parts[1], parts[2]),
    ] {
        assert_eq!(
            verify(&tokens(), &token),
            Err(TokenError::Malformed),
            "{token:?}"
        );
    }
    for token in [
        format!("{good}.{good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{good}."),
    ] {
        assert!(verify(&tokens(), &token).is_err(), "{token:?}");
    }
}

proptest! {
    #[test]
    fn garbage_is_refused_and_never_panics(token in "\\PC{0,200}|[A-Za-z0-9_.-]{0,200}") {
        prop_assert!(verify(&tokens(), &token).is_err());
    }

    #[test]
    fn garbage_in_the_right_form_is_refused(
        header in any::<Vec<u8>>(), payload in any::<Vec<u8>>(), signature in any::<Vec<u8>>(),
    ) {
        let parts = [header, payload, signature].map(|part| BASE64.encode(part));
        prop_assert!(verify(&tokens(), &parts.join(".")).is_err());
    }

    /// Rightly signed or not: a payload that isn't our claims is refused.
    #[test]
    fn signed_garbage_is_refused(payload in any::<Vec<u8>>()) {
        let good = tokens().mint(&owner(), noon()).token;
        let message = format!("{}.{}", good.split('.').next().unwrap(), BASE64.encode(payload));
        let key = EncodingKey::from_secret(SECRET);
        let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        let verified = verify(&tokens(), &format!("{message}.{signature}"));
        prop_assert_eq!(verified, Err(TokenError::Claims));
    }

    #[test]
    fn one_changed_character_makes_it_bad(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let good = tokens().mint(&owner(), noon()).token;
        let at = at.index(good.len());
        let mut bad = good.clone();
        bad.replace_range(at..=at, &to);
        prop_assert_eq!(verify(&tokens(), &bad).is_ok(), bad == good);
    }
}
