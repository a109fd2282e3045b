//! Tokens that look almost right. Each stands beside the good one that it was made from.

use api::auth::TenantRole;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};
use tests::{TestServer, server::SECRET};
use uuid::Uuid;

use super::ME;
use super::rotation::{Keys, public_pem, settings};

/// A token's header and claims as JSON.
fn opened(token: &str) -> (Value, Value) {
    let mut parts = token.split('.');
    let mut next = || serde_json::from_slice(&BASE64.decode(parts.next().unwrap()).unwrap());
    (next().unwrap(), next().unwrap())
}

/// These very parts, signed with any key.
fn signed(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
    let encode = |part: &Value| BASE64.encode(part.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// A change to a header and claims that are right.
type Change = (&'static str, fn(&mut Value, &mut Value));

const HEADERS: [Change; 13] = [
    ("none", |header, _| header["alg"] = json!("none")),
    ("None", |header, _| header["alg"] = json!("None")),
    ("another length", |header, _| header["alg"] = json!("HS512")),
    ("no key id", |header, _| {
        header.as_object_mut().unwrap().remove("kid");
    }),
    ("another key id", |header, _| header["kid"] = json!("mine")),
    ("a file as key id", |header, _| {
        header["kid"] = json!("../../../../dev/null");
    }),
    ("a statement as key id", |header, _| {
        header["kid"] = json!("' UNION SELECT 'secret");
    }),
    ("a long key id", |header, _| {
        header["kid"] = json!("k".repeat(3_000));
    }),
    ("odd characters", |header, _| {
        header["kid"] = json!("\u{0}\r\n\u{202e}");
    }),
    ("a key set of mine", |header, _| {
        header["jku"] = json!("http://127.0.0.1:1/jwks.json");
    }),
    ("a key of mine", |header, _| {
        header["jwk"] = json!({ "kty": "oct", "k": "bWluZQ" });
    }),
    ("a certificate of mine", |header, _| {
        header["x5u"] = json!("http://127.0.0.1:1/x.pem");
    }),
    ("crit", |header, _| header["crit"] = json!(["exp"])),
];

const CLAIMS: [Change; 10] = [
    ("expired", |_, claims| claims["exp"] = json!(now() - 6)),
    ("not yet", |_, claims| claims["nbf"] = json!(now() + 60)),
    ("another issuer", |_, claims| claims["iss"] = json!("else")),
    ("another audience", |_, claims| {
        claims["aud"] = json!(Uuid::now_v7());
    }),
    ("the slug as audience", |_, claims| {
        claims["aud"] = json!("python");
    }),
    ("a list of audiences", |_, claims| {
        claims["aud"] = json!([claims["aud"]]);
    }),
    ("the other realm", |_, claims| {
        claims["aud"] = json!("shared");
    }),
    ("another realm's role", |_, claims| {
        claims["role"] = json!("operator");
    }),
    ("another role", |_, claims| claims["role"] = json!("staff")),
    ("another user", |_, claims| {
        claims["sub"] = json!(Uuid::now_v7());
    }),
];

fn now() -> i64 {
    Utc::now().timestamp()
}

#[tokio::test]
async fn a_token_that_was_changed_is_refused_though_it_is_rightly_signed() {
    let server = TestServer::start().await;
    let python = server.tenant("python");
    let owner = server.people().user("python", TenantRole::Owner);
    let (header, claims) = opened(&server.token(&owner));
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let sign = |header: &Value, claims: &Value| signed(header, claims, &key, Algorithm::HS256);

    for (name, change) in HEADERS.into_iter().chain(CLAIMS) {
        let (mut bad, mut worse) = (header.clone(), claims.clone());
        change(&mut bad, &mut worse);
        assert_ne!((&bad, &worse), (&header, &claims), "{name}");
        let answer = python.clone().bearing(&sign(&bad, &worse)).query(ME).await;
        assert_eq!(answer.status, 401, "{name}");
        answer.assert_refused(401, "UNAUTHENTICATED");
    }
    for claim in claims.as_object().unwrap().keys() {
        let mut without = claims.clone();
        without.as_object_mut().unwrap().remove(claim);
        let answer = python
            .clone()
            .bearing(&sign(&header, &without))
            .query(ME)
            .await;
        assert_eq!(answer.status, 401, "without {claim}");
    }
    let unsigned = format!("{}.", sign(&header, &claims).rsplit_once('.').unwrap().0);
    let answer = python.clone().bearing(&unsigned).query(ME).await;
    answer.assert_refused(401, "UNAUTHENTICATED");

    // The clocks of two servers may be five seconds apart.
    let mut late = claims.clone();
    late["exp"] = json!(now() - 2);
    late["nbf"] = json!(now() + 2);
    for good in [&claims, &late] {
        let answer = python.clone().bearing(&sign(&header, good)).query(ME).await;
        assert_eq!(answer.at("me.email"), "owner@python.test");
    }
}

/// What everybody can read at `/.well-known/jwks.json` signs nothing.
#[tokio::test]
async fn a_public_key_is_no_secret() {
    for kind in ["ed25519", "rsa"] {
        let keys = Keys::generate(&[kind]);
        let server = TestServer::with(&settings(&keys.list(&[0]))).await;
        let python = server.tenant("python");
        let owner = server.people().user("python", TenantRole::Owner);
        let good = server.token(&owner);
        let (mut header, claims) = opened(&good);
        let jwk = python.path("/.well-known/jwks.json").await.json()["keys"][0].clone();
        let member = if kind == "rsa" { "n" } else { "x" };
        let raw = BASE64.decode(jwk[member].as_str().unwrap()).unwrap();
        let pem = public_pem(&keys.path(0));

        header["alg"] = json!("HS256");
        for secret in [
            pem.as_bytes(),
            pem.trim().as_bytes(),
            &raw,
            jwk.to_string().as_bytes(),
        ] {
            let key = EncodingKey::from_secret(secret);
            let forged = signed(&header, &claims, &key, Algorithm::HS256);
            let answer = python.clone().bearing(&forged).query(ME).await;
            answer.assert_refused(401, "UNAUTHENTICATED");
        }
        let answer = python.bearing(&good).query(ME).await;
        assert_eq!(answer.at("me.email"), "owner@python.test");
    }
}
