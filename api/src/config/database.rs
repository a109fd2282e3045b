//! Which database, as whom, and how many connections.

use std::{fmt, path::PathBuf, time::Duration};

use tenancy::Isolation;
use url::Url;

use super::{
    error::{ConfigError, Problem},
    key::{Key, KeyInfo},
    layers::Layers,
    value::Value,
};

const URL: Key<DatabaseUrl> = Key::new("database.url", "DATABASE_URL");
const OPERATOR_URL: Key<DatabaseUrl> =
    Key::new("database.operator_url", "INSULA_OPERATOR_DATABASE_URL");
const ISOLATION: Key<Isolation> = Key::new("database.isolation", "INSULA_DATABASE_ISOLATION");
const TENANTS_PER_LOGIN: Key<u32> = Key::new(
    "database.tenants_per_login",
    "INSULA_DATABASE_TENANTS_PER_LOGIN",
);
const MAX_CONNECTIONS: Key<u32> = Key::new(
    "database.max_connections",
    "INSULA_DATABASE_MAX_CONNECTIONS",
);
const TENANTS_PER_CONNECTION: Key<u32> = Key::new(
    "database.tenants_per_connection",
    "INSULA_DATABASE_TENANTS_PER_CONNECTION",
);
const STATEMENTS_PER_CONNECTION: Key<u32> = Key::new(
    "database.statements_per_connection",
    "INSULA_DATABASE_STATEMENTS_PER_CONNECTION",
);
const ACQUIRE_TIMEOUT: Key<Duration> = Key::new(
    "database.acquire_timeout",
    "INSULA_DATABASE_ACQUIRE_TIMEOUT",
);
const POOLED: Key<bool> = Key::new("database.pooled", "INSULA_DATABASE_POOLED");
const POSTGRES_BIN: Key<PathBuf> = Key::new("database.postgres_bin", "INSULA_POSTGRES_BIN");

pub(super) const KEYS: &[KeyInfo] = &[
    URL.info(),
    OPERATOR_URL.info(),
    ISOLATION.info(),
    TENANTS_PER_LOGIN.info(),
    MAX_CONNECTIONS.info(),
    TENANTS_PER_CONNECTION.info(),
    STATEMENTS_PER_CONNECTION.info(),
    ACQUIRE_TIMEOUT.info(),
    POOLED.info(),
    POSTGRES_BIN.info(),
];

#[derive(Debug, Clone)]
pub struct Database {
    /// The serving login (`DATABASE_URL`); unset where `insula dev` has a database of its own.
    pub url: Option<DatabaseUrl>,
    /// The login that migrates (`INSULA_OPERATOR_DATABASE_URL`), else the serving one.
    pub operator_url: Option<DatabaseUrl>,
    /// What keeps tenants apart.
    pub isolation: Isolation,
    /// How many tenants one serving login enters before the next is made.
    pub tenants_per_login: u32,
    /// How many connections serve, whatever logins they need.
    pub max_connections: u32,
    /// How many tenants a connection may come to know.
    pub tenants_per_connection: u32,
    /// How many statements a connection keeps prepared.
    pub statements_per_connection: u32,
    pub acquire_timeout: Duration,
    /// Whether the serving login goes through a pooler in transaction mode.
    pub pooled: bool,
    /// Where `initdb` and `postgres` are, for the private database of `insula dev`.
    pub postgres_bin: Option<PathBuf>,
}

impl Database {
    pub(super) fn read(layers: &Layers) -> Self {
        let url = layers.find(&URL);
        Self {
            operator_url: layers.find(&OPERATOR_URL).or_else(|| url.clone()),
            url,
            isolation: layers.get(&ISOLATION),
            tenants_per_login: layers.get(&TENANTS_PER_LOGIN),
            max_connections: layers.get(&MAX_CONNECTIONS),
            tenants_per_connection: layers.get(&TENANTS_PER_CONNECTION),
            statements_per_connection: layers.get(&STATEMENTS_PER_CONNECTION),
            acquire_timeout: layers.get(&ACQUIRE_TIMEOUT),
            pooled: layers.get(&POOLED),
            postgres_bin: layers.find(&POSTGRES_BIN),
        }
    }

    /// What operators do (locks, `LISTEN`, migrations) lasts longer than a transaction.
    pub(super) fn contradiction(&self) -> Option<Problem> {
        let through = self.pooled && self.url.is_some() && self.operator_url == self.url;
        through.then_some(Problem::Missing {
            key: OPERATOR_URL.name(),
            remedy: "with `database.pooled` set INSULA_OPERATOR_DATABASE_URL to an address of PostgreSQL that leads past the pooler",
        })
    }

    /// The serving login, for a command that can't do without.
    pub fn require_url(&self) -> Result<&DatabaseUrl, ConfigError> {
        require(self.url.as_ref())
    }

    /// The operators' login, for a command that can't do without.
    pub fn require_operator_url(&self) -> Result<&DatabaseUrl, ConfigError> {
        require(self.operator_url.as_ref())
    }
}

fn require(url: Option<&DatabaseUrl>) -> Result<&DatabaseUrl, ConfigError> {
    url.ok_or_else(|| {
        let problem = Problem::Missing {
            key: URL.name(),
            remedy: "set DATABASE_URL to a PostgreSQL database, or run `insula dev`, which starts one",
        };
        vec![problem].into()
    })
}

/// Where a PostgreSQL database is and who logs in; shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// With its password: for the one who connects.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Value for DatabaseUrl {
    fn expected() -> String {
        "a URL such as postgres://user:password@host:5432/database (special characters percent-encoded)".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let url = parse(text)?;
        matches!(url.scheme(), "postgres" | "postgresql").then(|| Self(text.to_owned()))
    }

    fn show(text: &str) -> String {
        parse(text).map_or_else(|| "(hidden)".to_owned(), without_password)
    }
}

impl Value for Isolation {
    fn expected() -> String {
        r#""role" or "path""#.to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "role" => Some(Self::Role),
            "path" => Some(Self::Path),
            _ => None,
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Self::show(&self.0))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// A raw `/`, `?` or `#` in a password ends the login early; then the rest of the password is in the wrong part, and the `@` with it.
fn parse(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let query = url.query().unwrap_or_default();
    let misplaced = url.path().contains('@') || query.contains('@') || url.fragment().is_some();
    (!misplaced).then_some(url)
}

fn without_password(mut url: Url) -> String {
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return "(hidden)".to_owned();
    }
    if url.query().is_some() {
        let shown: Vec<_> = url
            .query_pairs()
            .map(|(name, value)| match name.as_ref() {
                "password" => (name.into_owned(), "***".to_owned()),
                _ => (name.into_owned(), value.into_owned()),
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(shown);
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_wherever_they_stand() {
        for (text, shown) in [
            ("postgres://u:s3cret@h:5432/d", "postgres://u:***@h:5432/d"),
            ("postgres://u:s3c%40ret@h/d", "postgres://u:***@h/d"),
            (
                "postgres://u@h/d?password=s3cret",
                "postgres://u@h/d?password=***",
            ),
            ("mysql://u:s3cret@h/d", "mysql://u:***@h/d"),
            ("postgres://u:12/s3cret@h/d", "(hidden)"),
            ("postgres://u:12?s3cret@h/d", "(hidden)"),
            ("postgres://u:12#s3cret@h/d", "(hidden)"),
            ("s3cret", "(hidden)"),
            ("host=h password=s3cret", "(hidden)"),
        ] {
            assert_eq!(DatabaseUrl::show(text), shown, "{text}");
        }
    }

    #[test]
    fn a_url_without_a_password_is_shown_whole() {
        let url = DatabaseUrl::from_text("postgres:///insula?host=/run/postgresql").unwrap();
        assert_eq!(
            url.to_string(),
            "postgres:///insula?host=%2Frun%2Fpostgresql"
        );
        assert_eq!(url.expose(), "postgres:///insula?host=/run/postgresql");
    }

    #[test]
    fn only_postgresql_will_do() {
        assert!(DatabaseUrl::from_text("postgresql://u@h/d").is_some());
        assert!(DatabaseUrl::from_text("mysql://u@h/d").is_none());
        assert!(DatabaseUrl::from_text("h:5432").is_none());
    }

    #[test]
    fn debug_hides_the_password_too() {
        let url = DatabaseUrl::from_text("postgres://u:s3cret@h/d").unwrap();
        assert_eq!(format!("{url:?}"), "DatabaseUrl(postgres://u:***@h/d)");
    }
}
