//! A PEM file's text as a key of a kind that we support.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use thiserror::Error;

use super::keys::VerifyingKey;

/// The smallest RSA modulus (RFC 7518, section 3.3).
const MIN_RSA_BITS: usize = 2048;

/// What a PEM holds: a public key always, and the private one that it belongs to perhaps.
pub(super) struct Pair {
    pub(super) signing: Option<EncodingKey>,
    pub(super) verifying: VerifyingKey,
}

/// Reads the first key of a PEM.
///
/// The label decides which half it is. The library doesn't look: it takes a public RSA key for
/// signing and a private one for verifying, and fails only when they are used.
pub(super) fn parse(text: &[u8]) -> Result<Pair, PemError> {
    match label(text).ok_or(PemError::NotPem)?.as_str() {
        "PRIVATE KEY" | "RSA PRIVATE KEY" => private(text),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => public(text),
        "ENCRYPTED PRIVATE KEY" => Err(PemError::Encrypted),
        _ => Err(PemError::Unsupported),
    }
}

fn label(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let (_, after) = text.split_once("-----BEGIN ")?;
    let (label, _) = after.split_once("-----")?;
    Some(label.to_owned())
}

fn private(text: &[u8]) -> Result<Pair, PemError> {
    let (key, algorithm) = EncodingKey::from_ed_pem(text)
        .map(|key| (key, Algorithm::EdDSA))
        .or_else(|_| EncodingKey::from_rsa_pem(text).map(|key| (key, Algorithm::RS256)))
        .map_err(|_| PemError::Unsupported)?;
    let jwk = Jwk::from_encoding_key(&key, algorithm).map_err(|_| PemError::Unsupported)?;
    Ok(Pair {
        signing: Some(key),
        verifying: published(jwk, algorithm)?,
    })
}

fn public(text: &[u8]) -> Result<Pair, PemError> {
    let (key, algorithm) = DecodingKey::from_ed_pem(text)
        .map(|key| (key, Algorithm::EdDSA))
        .or_else(|_| DecodingKey::from_rsa_pem(text).map(|key| (key, Algorithm::RS256)))
        .map_err(|_| PemError::Unsupported)?;
    let jwk = Jwk::from_decoding_key(&key, Some(algorithm)).map_err(|_| PemError::Unsupported)?;
    Ok(Pair {
        signing: None,
        verifying: published(jwk, algorithm)?,
    })
}

/// The verifying key from its public parts, named by its thumbprint (RFC 7638).
fn published(mut jwk: Jwk, algorithm: Algorithm) -> Result<VerifyingKey, PemError> {
    refuse_weak(&jwk)?;
    let kid = jwk
        .thumbprint(ThumbprintHash::SHA256)
        .map_err(|_| PemError::Unsupported)?;
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| PemError::Unsupported)?;
    jwk.common.key_id = Some(kid.clone());
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok(VerifyingKey {
        algorithm,
        kid,
        key,
        public: Some(jwk),
    })
}

fn refuse_weak(jwk: &Jwk) -> Result<(), PemError> {
    let AlgorithmParameters::RSA(rsa) = &jwk.algorithm else {
        return Ok(());
    };
    let modulus = URL_SAFE_NO_PAD
        .decode(&rsa.n)
        .map_err(|_| PemError::Unsupported)?;
    let bits = modulus.len() * 8;
    if bits < MIN_RSA_BITS {
        return Err(PemError::WeakRsa { bits });
    }
    Ok(())
}

/// What is wrong with a PEM file. Never says anything of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PemError {
    #[error("it is not a PEM file: it must hold a line like -----BEGIN PRIVATE KEY-----")]
    NotPem,
    #[error("the private key is encrypted: decrypt it with `openssl pkey`")]
    Encrypted,
    #[error(
        "it is neither an Ed25519 nor an RSA key: generate one with `openssl genpkey -algorithm ed25519`"
    )]
    Unsupported,
    #[error("the RSA key has {bits} bits, and {MIN_RSA_BITS} is the least")]
    WeakRsa { bits: usize },
}
