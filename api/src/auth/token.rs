//! A principal as a short-lived signed text (a JSON Web Token), and back.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use jsonwebtoken::Algorithm;
use quick_cache::sync::Cache;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use uuid::Uuid;

use super::keys::Keys;
use super::principal::{Audience, Principal};

/// Ours have some 500 bytes; whoever sends more is not using one of ours.
const MAX_BYTES: usize = 4096;

/// How far the clocks of two servers may be apart, in seconds.
pub(crate) const LEEWAY: i64 = 5;

/// What is lost is found by whoever finds it, so a token must not live long.
const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// How many tokens are remembered; another is verified again.
const MOST_REMEMBERED: usize = 10_000;

/// Mints access tokens and verifies them.
#[derive(Debug)]
pub struct Tokens {
    keys: Keys,
    issuer: String,
    access_ttl: TimeDelta,
    /// What tokens say whose signature was good, by their SHA-256: for the signature alone is the same
    /// at every time, every tenant and after every revocation, and it is most of the work.
    signed: Cache<[u8; 32], Arc<Claims>>,
}

impl Tokens {
    pub fn new(
        keys: Keys,
        issuer: impl Into<String>,
        access_ttl: Duration,
    ) -> Result<Self, TokensError> {
        let issuer = issuer.into();
        if issuer.is_empty() {
            return Err(TokensError::NoIssuer);
        }
        if access_ttl < Duration::from_secs(1) || access_ttl > LONGEST_LIFE {
            return Err(TokensError::AccessTtl);
        }
        let access_ttl = TimeDelta::from_std(access_ttl).map_err(|_| TokensError::AccessTtl)?;
        Ok(Self {
            keys,
            issuer,
            access_ttl,
            signed: Cache::new(MOST_REMEMBERED),
        })
    }

    /// The keys, for publishing the public ones.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// A token for `principal`, good from `now` on.
    pub fn mint(&self, principal: &Principal, now: DateTime<Utc>) -> MintedToken {
        let expires_at = (now + self.access_ttl).trunc_subsecs(0);
        let token = self.keys.sign(&Claims {
            iss: self.issuer.clone(),
            aud: principal.audience().to_string(),
            sub: principal.user(),
            sid: principal.session(),
            role: principal.role().code().to_owned(),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: expires_at.timestamp(),
            jti: Uuid::now_v7(),
        });
        MintedToken { token, expires_at }
    }

    /// Whoever `token` was minted for, if it is good here and now.
    pub fn verify(
        &self,
        token: &str,
        expected: Audience,
        now: DateTime<Utc>,
    ) -> Result<Principal, TokenError> {
        self.read(token, expected, now).map(|read| read.principal)
    }

    /// Like [`verify`](Self::verify), with the time of its minting, for whoever asks whether its
    /// session still stands.
    ///
    /// All of it is checked by hand on top of the bare signature, since the library's validation
    /// takes its own time, lets missing claims pass, accepts lists of audiences and overlooks
    /// `crit`. The order matters: nothing of the payload is looked at before the signature is good.
    pub fn read(
        &self,
        token: &str,
        expected: Audience,
        now: DateTime<Utc>,
    ) -> Result<ReadToken, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::TooLarge);
        }
        let claims = self.claims(token)?;
        self.check(&claims, expected, now.timestamp())?;
        let principal = Principal::parse(expected, claims.sub, claims.sid, &claims.role)
            .map_err(|_| TokenError::WrongRole)?;
        let minted_at = DateTime::from_timestamp(claims.iat, 0).ok_or(TokenError::Claims)?;
        Ok(ReadToken {
            principal,
            minted_at,
        })
    }

    /// Whose token it is, wherever they belong and however old it is: to tell of one that was refused, and
    /// for nothing else.
    pub fn owner(&self, token: &str) -> Option<Principal> {
        let claims = self.claims(token).ok()?;
        let audience = claims.aud.parse().ok()?;
        Principal::parse(audience, claims.sub, claims.sid, &claims.role).ok()
    }

    /// What a token says that one of our keys signed.
    fn claims(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        let digest = Sha256::digest(token).into();
        if let Some(claims) = self.signed.get(&digest) {
            return Ok(claims);
        }
        let payload = self.signed_payload(token)?;
        let claims = Arc::new(decode::<Claims>(payload).ok_or(TokenError::Claims)?);
        self.signed.insert(digest, Arc::clone(&claims));
        Ok(claims)
    }

    /// The payload, still encoded, of a token that one of our keys signed.
    fn signed_payload<'t>(&self, token: &'t str) -> Result<&'t str, TokenError> {
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
        let header: Header = decode(header).ok_or(TokenError::Malformed)?;
        header.refuse_extras()?;
        let key = header.kid.and_then(|kid| self.keys.find(&kid));
        let key = key.ok_or(TokenError::UnknownKey)?;
        if Algorithm::from_str(&header.alg).ok() != Some(key.algorithm) {
            return Err(TokenError::WrongAlgorithm);
        }
        if !key.verifies(message, signature) {
            return Err(TokenError::BadSignature);
        }
        Ok(payload)
    }

    fn check(&self, claims: &Claims, expected: Audience, now: i64) -> Result<(), TokenError> {
        if claims.iss != self.issuer {
            return Err(TokenError::WrongIssuer);
        }
        if claims.aud != expected.to_string() {
            return Err(TokenError::WrongAudience);
        }
        if now >= claims.exp.saturating_add(LEEWAY) {
            return Err(TokenError::Expired);
        }
        if claims.nbf > now.saturating_add(LEEWAY) {
            return Err(TokenError::NotYetValid);
        }
        Ok(())
    }
}

/// A good token: whom it was minted for, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadToken {
    pub principal: Principal,
    pub minted_at: DateTime<Utc>,
}

/// A new token and when it ends, for whoever signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct MintedToken {
    pub token: String,
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for MintedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MintedToken")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Why a token is refused: for the log. Whoever sent it gets the same answer to all of them.
///
/// No text has anything of the token in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    #[error("the token is larger than {MAX_BYTES} bytes")]
    TooLarge,
    #[error("the token is not a signed JSON Web Token")]
    Malformed,
    #[error("the token's header has entries that aren't supported, such as crit or jwk")]
    UnsupportedHeader,
    #[error("the token names no key that is configured")]
    UnknownKey,
    #[error("the token names another algorithm than its key is for")]
    WrongAlgorithm,
    #[error("the token's signature is wrong")]
    BadSignature,
    #[error("the token lacks a claim, or has one of the wrong type")]
    Claims,
    #[error("the token is of another issuer")]
    WrongIssuer,
    #[error("the token is for another tenant, or for the other realm")]
    WrongAudience,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet; the servers' clocks may be apart")]
    NotYetValid,
    #[error("the token's role is none of its realm")]
    WrongRole,
}

/// Why tokens can't be configured like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokensError {
    #[error("the issuer of tokens is empty: set INSULA_JWT_ISSUER to the server's public URL")]
    NoIssuer,
    #[error("access tokens must live between a second and a day: set INSULA_JWT_ACCESS_TTL")]
    AccessTtl,
}

/// Each one is required, and of exactly this type. Others may come beside them, so that a newer
/// server's tokens are good for an older one while they are replaced one by one.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    role: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: Uuid,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    #[serde(flatten)]
    extras: BTreeMap<String, Value>,
}

impl Header {
    /// Everything beyond `alg`, `kid` and `typ` is refused. `crit` means "refuse me if you don't
    /// understand"; `jwk`, `jku`, `x5c` and their like offer a key of the sender's choice.
    fn refuse_extras(&self) -> Result<(), TokenError> {
        let typ = self.typ.as_deref().unwrap_or("JWT");
        if self.extras.is_empty() && typ.eq_ignore_ascii_case("JWT") {
            return Ok(());
        }
        Err(TokenError::UnsupportedHeader)
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&json).ok()
}
