//! Good tokens and almost good ones.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::Value;
use uuid::Uuid;

use super::super::keys::Keys;
use super::super::principal::{Audience, Principal, TenantRole};
use super::super::token::{TokenError, Tokens};
use super::key_file;

pub(super) const SECRET: &[u8] = b"planted-secret-0123456789abcdef0";
pub(super) const ISSUER: &str = "https://insula.test";
pub(super) const TTL: u64 = 600;
pub(super) const TENANT: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
pub(super) const OTHER_TENANT: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002);
pub(super) const USER: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0003);
pub(super) const SESSION: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0004);

pub(super) fn noon() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub(super) fn after(seconds: i64) -> DateTime<Utc> {
    noon() + TimeDelta::seconds(seconds)
}

pub(super) fn tokens_of(keys: Keys) -> Tokens {
    Tokens::new(keys, ISSUER, Duration::from_secs(TTL)).unwrap()
}

pub(super) fn tokens() -> Tokens {
    tokens_of(Keys::from_secret(SECRET).unwrap())
}

pub(super) fn from_files(names: &[&str]) -> Tokens {
    let paths: Vec<_> = names.iter().copied().map(key_file).collect();
    tokens_of(Keys::from_pem_files(&paths).unwrap())
}

pub(super) fn owner() -> Principal {
    Principal::of_tenant(TENANT, USER, SESSION, TenantRole::Owner)
}

pub(super) fn verify(tokens: &Tokens, token: &str) -> Result<Principal, TokenError> {
    tokens.verify(token, Audience::Tenant(TENANT), noon())
}

/// A token's header and claims as JSON.
pub(super) fn opened(token: &str) -> (Value, Value) {
    let mut parts = token.split('.');
    let mut next = || serde_json::from_slice(&BASE64.decode(parts.next().unwrap()).unwrap());
    (next().unwrap(), next().unwrap())
}

pub(super) fn encoded(json: &Value) -> String {
    BASE64.encode(json.to_string())
}

/// A token of any header and claims, signed with any secret.
pub(super) fn forged_with(
    secret: &[u8],
    algorithm: Algorithm,
    header: &Value,
    claims: &Value,
) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let key = EncodingKey::from_secret(secret);
    let signature = crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// The good token after a change, rightly signed: only the change can be what is wrong with it.
pub(super) fn changed(change: impl Fn(&mut Value, &mut Value)) -> String {
    let (mut header, mut claims) = opened(&tokens().mint(&owner(), noon()).token);
    change(&mut header, &mut claims);
    forged_with(SECRET, Algorithm::HS256, &header, &claims)
}
