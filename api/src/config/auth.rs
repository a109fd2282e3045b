//! How tokens are signed and how long they live.

use std::{fmt, path::PathBuf, time::Duration};

use super::{
    error::Problem,
    key::{Key, KeyInfo},
    layers::Layers,
    table::Setting,
    value::Value,
};

const JWT_SECRET: Key<Secret> = Key::new("auth.jwt_secret", "INSULA_JWT_SECRET");
const JWT_KEY_FILES: Key<Vec<PathBuf>> = Key::new("auth.jwt_key_files", "INSULA_JWT_KEY_FILES");
const JWT_ISSUER: Key<String> = Key::new("auth.jwt_issuer", "INSULA_JWT_ISSUER");
const JWT_ACCESS_TTL: Key<Duration> = Key::new("auth.jwt_access_ttl", "INSULA_JWT_ACCESS_TTL");
const REFRESH_TTL: Key<Duration> = Key::new("auth.refresh_ttl", "INSULA_AUTH_REFRESH_TTL");
const LOGIN_RATE: Key<u32> = Key::new("auth.login_rate", "INSULA_AUTH_LOGIN_RATE");
const REFRESH_RATE: Key<u32> = Key::new("auth.refresh_rate", "INSULA_AUTH_REFRESH_RATE");
const LOGIN_FAILURES: Key<u32> = Key::new("auth.login_failures", "INSULA_AUTH_LOGIN_FAILURES");

pub(super) const KEYS: &[KeyInfo] = &[
    JWT_SECRET.info(),
    JWT_KEY_FILES.info(),
    JWT_ISSUER.info(),
    JWT_ACCESS_TTL.info(),
    REFRESH_TTL.info(),
    LOGIN_RATE.info(),
    REFRESH_RATE.info(),
    LOGIN_FAILURES.info(),
];

#[derive(Debug, Clone)]
pub struct Auth {
    /// What signs tokens; unset where `insula dev` makes its own.
    pub signing: Option<SigningKeys>,
    /// The issuer (`INSULA_JWT_ISSUER`).
    pub issuer: String,
    /// How long an access token lives (`INSULA_JWT_ACCESS_TTL`).
    pub access_ttl: Duration,
    /// How long a session can be refreshed.
    pub refresh_ttl: Duration,
    /// How many passwords one address may try in a minute at one tenant.
    pub login_rate: u32,
    /// How many refresh tokens one address may send in a minute at one tenant.
    pub refresh_rate: u32,
    /// How many wrong passwords an account takes in a quarter of an hour.
    pub login_failures: u32,
}

/// What signs tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningKeys {
    /// One secret for signing and verifying (`INSULA_JWT_SECRET`).
    Secret(Secret),
    /// PEM files of key pairs: the first signs, all verify (`INSULA_JWT_KEY_FILES`).
    Files(Vec<PathBuf>),
}

impl Auth {
    pub(super) fn read(layers: &Layers) -> Self {
        let files = || {
            layers
                .find(&JWT_KEY_FILES)
                .filter(|files| !files.is_empty())
        };
        Self {
            signing: layers
                .find(&JWT_SECRET)
                .map(SigningKeys::Secret)
                .or_else(|| files().map(SigningKeys::Files)),
            issuer: layers.get(&JWT_ISSUER),
            access_ttl: layers.get(&JWT_ACCESS_TTL),
            refresh_ttl: layers.get(&REFRESH_TTL),
            login_rate: layers.get(&LOGIN_RATE),
            refresh_rate: layers.get(&REFRESH_RATE),
            login_failures: layers.get(&LOGIN_FAILURES),
        }
    }

    /// A secret beside key files: it isn't clear which of them signs.
    pub(super) fn contradiction(settings: &[Setting]) -> Option<Problem> {
        let set = |name| {
            let setting = settings.iter().find(|setting| setting.name == name)?;
            setting.value.as_ref().map(|_| &setting.source)
        };
        let (secret, files) = (set(JWT_SECRET.name())?, set(JWT_KEY_FILES.name())?);
        Some(Problem::Conflict {
            key: JWT_SECRET.name(),
            clash: format!(
                "({secret}) and `auth.jwt_key_files` ({files}) are both set; keep one of them"
            ),
        })
    }

    pub(super) fn missing(&self) -> Option<Problem> {
        self.signing.is_none().then_some(Problem::Missing {
            key: JWT_SECRET.name(),
            remedy: "set INSULA_JWT_SECRET to the output of `openssl rand -base64 32`, or INSULA_JWT_KEY_FILES to PEM files",
        })
    }
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl Value for Secret {
    fn expected() -> String {
        "at least 32 bytes, such as the output of `openssl rand -base64 32`".to_owned()
    }

    /// HS256 is only as strong as its key: RFC 7518 asks for the length of the hash.
    fn from_text(text: &str) -> Option<Self> {
        (text.len() >= 32).then(|| Self(text.to_owned()))
    }

    fn show(_: &str) -> String {
        "(hidden)".to_owned()
    }
}
