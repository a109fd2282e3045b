//! What signs access tokens and what verifies them.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, crypto};
use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;

use super::{pem, secret_file};

/// The shortest secret for HMAC-SHA-256: as long as its output (RFC 7518, section 3.2).
const MIN_SECRET_BYTES: usize = 32;

/// The configured keys, all of one algorithm: the first signs, every one verifies.
///
/// One algorithm at a time is what rules out the confusion of a public key with an HMAC secret: the
/// algorithm is a property of the configuration, and what a token says about it is only compared.
///
/// To rotate, put the new key first and leave the old one (its public half is enough) for as long as
/// its last token lives.
pub struct Keys {
    algorithm: Algorithm,
    signing: EncodingKey,
    /// Not empty; the first belongs to `signing`.
    verifying: Vec<VerifyingKey>,
}

impl Keys {
    /// HMAC-SHA-256 with a shared secret: whoever verifies could sign, so for our servers alone.
    pub fn from_secret(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(KeyError::ShortSecret {
                bytes: secret.len(),
            });
        }
        let signing = EncodingKey::from_secret(secret);
        // A keyed hash names the secret without telling more of it than any signature does.
        let kid = crypto::sign(b"insula key id", &signing, Algorithm::HS256)
            .map_err(|_| KeyError::Unusable)?;
        let verifying = VerifyingKey {
            algorithm: Algorithm::HS256,
            kid,
            key: DecodingKey::from_secret(secret),
            public: None,
        };
        Self::proven(signing, vec![verifying])
    }

    /// Ed25519 (`EdDSA`) or RSA (`RS256`) keys from PEM files: the first a private key, the others
    /// private or public ones. Reads the files at once: for the start, not for a request.
    pub fn from_pem_files(paths: &[impl AsRef<Path>]) -> Result<Self, KeyError> {
        let mut signing = None;
        let mut verifying: Vec<VerifyingKey> = Vec::with_capacity(paths.len());
        for path in paths.iter().map(AsRef::as_ref) {
            let pair = read_pem(path)?;
            match verifying.first() {
                None => signing = pair.signing,
                Some(first) if first.algorithm == pair.verifying.algorithm => {}
                Some(_) => {
                    return Err(KeyError::MixedAlgorithms {
                        path: path.to_owned(),
                    });
                }
            }
            verifying.push(pair.verifying);
        }
        if verifying.is_empty() {
            return Err(KeyError::None);
        }
        Self::proven(signing.ok_or(KeyError::FirstIsPublic)?, verifying)
    }

    /// For `dev`: the secret in the file `path`, which is made with a random one the first time.
    /// Works on the file at once: for the start, not for a request.
    pub fn load_or_generate(path: &Path) -> Result<Self, KeyError> {
        let secret =
            secret_file::load_or_generate(path).map_err(|source| KeyError::SecretFile {
                path: path.to_owned(),
                source,
            })?;
        Self::from_secret(&secret).map_err(|error| match error {
            KeyError::ShortSecret { .. } => KeyError::BrokenSecretFile {
                path: path.to_owned(),
            },
            other => other,
        })
    }

    /// The public keys as a JWK set (RFC 7517); empty for a shared secret.
    pub fn jwks(&self) -> Value {
        let keys = self.verifying.iter().filter_map(|key| key.public.clone());
        let set = JwkSet {
            keys: keys.collect(),
        };
        serde_json::to_value(set).unwrap_or_else(|_| json!({ "keys": [] }))
    }

    /// The key with this id, among the configured ones.
    pub(super) fn find(&self, kid: &str) -> Option<&VerifyingKey> {
        self.verifying.iter().find(|key| key.kid == kid)
    }

    /// The claims as a signed token.
    pub(super) fn sign(&self, claims: &impl Serialize) -> String {
        self.try_sign(claims)
            .expect("the key signed a probe when it was loaded, and claims are plain JSON")
    }

    fn try_sign(&self, claims: &impl Serialize) -> jsonwebtoken::errors::Result<String> {
        let mut header = Header::new(self.algorithm);
        header.kid = self.verifying.first().map(|key| key.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.signing)
    }

    /// Signs and verifies a probe, so that a broken key is found at the start and not at a login.
    fn proven(signing: EncodingKey, verifying: Vec<VerifyingKey>) -> Result<Self, KeyError> {
        let first = verifying.first().ok_or(KeyError::None)?;
        let keys = Self {
            algorithm: first.algorithm,
            signing,
            verifying,
        };
        let probe = keys.try_sign(&json!({})).map_err(|_| KeyError::Unusable)?;
        let (message, signature) = probe.rsplit_once('.').ok_or(KeyError::Unusable)?;
        match keys.verifying.first() {
            Some(own) if own.verifies(message, signature) => Ok(keys),
            _ => Err(KeyError::Unusable),
        }
    }
}

fn read_pem(path: &Path) -> Result<pem::Pair, KeyError> {
    let text = fs::read(path).map_err(|source| KeyError::Read {
        path: path.to_owned(),
        source,
    })?;
    pem::parse(&text).map_err(|source| KeyError::Pem {
        path: path.to_owned(),
        source,
    })
}

/// Algorithm and key ids only.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("algorithm", &self.algorithm)
            .field("verifying", &self.verifying)
            .finish_non_exhaustive()
    }
}

/// A key that verifies, with the one algorithm it is for.
pub(super) struct VerifyingKey {
    pub(super) algorithm: Algorithm,
    pub(super) kid: String,
    pub(super) key: DecodingKey,
    /// What may be published of it.
    pub(super) public: Option<Jwk>,
}

impl VerifyingKey {
    /// Whether `signature` (base64url) is this key's over `message`.
    pub(super) fn verifies(&self, message: &str, signature: &str) -> bool {
        crypto::verify(signature, message.as_bytes(), &self.key, self.algorithm).unwrap_or(false)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kid)
    }
}

/// Why there are no keys to sign with. All of it is about the configuration, at the start.
#[derive(Debug, Error)]
pub enum KeyError {
    #[error(
        "the secret for tokens has {bytes} bytes, and {MIN_SECRET_BYTES} is the least: set INSULA_JWT_SECRET to the output of `openssl rand -base64 48`"
    )]
    ShortSecret { bytes: usize },
    #[error("no key file is given: set INSULA_JWT_KEY_FILES, or INSULA_JWT_SECRET instead")]
    None,
    #[error("can't read the key file {path}: it must exist and be readable by the server", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("can't use the key file {path}", path = path.display())]
    Pem {
        path: PathBuf,
        source: pem::PemError,
    },
    #[error("the key file {path} is of another kind than the first: use only Ed25519 or only RSA keys", path = path.display())]
    MixedAlgorithms { path: PathBuf },
    #[error("the first key file holds a public key: put a private key first, it signs")]
    FirstIsPublic,
    #[error(
        "the first key can't sign: generate another, e.g. `openssl genpkey -algorithm ed25519`"
    )]
    Unusable,
    #[error("can't keep the generated secret in {path}: the folder must exist and be writable", path = path.display())]
    SecretFile { path: PathBuf, source: io::Error },
    #[error("the generated secret in {path} is damaged: delete the file to get another, which ends all sessions", path = path.display())]
    BrokenSecretFile { path: PathBuf },
}
