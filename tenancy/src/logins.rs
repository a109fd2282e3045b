//! Who logs in, and what keeps tenants apart once somebody has.

use std::fmt;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use url::Url;

use crate::SchemaName;
use crate::error::Error;

/// What keeps the tenants of a database apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Each tenant has a role that may touch the rows of its own schema and nothing else, and a
    /// scope works as that role: PostgreSQL refuses what names another schema.
    #[default]
    Role,
    /// The search path alone: a statement that names another tenant's schema reaches it. For very
    /// many tenants, or where no roles can be made.
    Path,
}

/// The number of the login that looks up whose a request is.
///
/// It has connections of its own, also behind a pooler, which has a pool for each login. So
/// somebody inside a scope may ask: waiting for a second connection of the pool that one has the
/// first of, all could wait for each other.
pub(crate) const LOOKUP: u16 = 0;

/// The two logins of a database: one that serves requests, one that changes structure.
///
/// Where tenants are kept apart by roles, the serving one must own nothing. So if both addresses
/// are of one user, a serving login of its own is derived: `<user>_serving`, with a password made
/// from that user's. [`History::migrate_shared`](crate::History::migrate_shared) makes it.
#[derive(Clone)]
pub struct Logins {
    pub(crate) isolation: Isolation,
    pub(crate) serving: PgConnectOptions,
    pub(crate) operator: PgConnectOptions,
    name: String,
    password: Option<String>,
    is_derived: bool,
    is_one: bool,
}

impl Logins {
    /// From the addresses of both, `postgres://user:password@host:port/name`, which may be equal.
    pub fn new(serving: &str, operator: &str, isolation: Isolation) -> Result<Self, Error> {
        let (given, operators) = (Credentials::of(serving)?, Credentials::of(operator)?);
        let is_one = given.user == operators.user;
        let is_derived = is_one && isolation == Isolation::Role;
        let used = if is_derived { given.derive() } else { given };
        let serving: PgConnectOptions = serving.parse().map_err(Error::Address)?;
        let mut logins = Self {
            isolation,
            serving,
            operator: operator.parse().map_err(Error::Address)?,
            name: used.user,
            password: used.password,
            is_derived,
            is_one,
        };
        if is_derived {
            logins.serving = logins.address(1);
        }
        Ok(logins)
    }

    /// How the serving login of this number connects.
    ///
    /// PostgreSQL goes through all the roles of a login when it enters one after any role has
    /// changed, in quadratic time. So a login has a limited number of tenants; the others' have
    /// others, all with one password.
    pub(crate) fn address(&self, number: u16) -> PgConnectOptions {
        let address = self.serving.clone().username(&self.login(number));
        match &self.password {
            Some(password) => address.password(password),
            None => address,
        }
    }

    /// The name of the serving login of this number: the first has the family's name. That of
    /// [`LOOKUP`] looks up whose a request is, and enters no tenant.
    pub fn login(&self, number: u16) -> String {
        match (number, self.isolation) {
            // Without roles a login has nothing to go through, and one does for all.
            (_, Isolation::Path) | (1, _) => self.name.clone(),
            (LOOKUP, _) => format!("{}_lookup", self.name),
            (more, _) => format!("{}_{more}", self.name),
        }
    }

    pub(crate) fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// Whether the password of this login is ours to set.
    pub(crate) fn owns(&self, number: u16) -> bool {
        self.is_derived || number != 1
    }

    /// Whether there is anything that one login must grant another.
    pub(crate) fn grants_nothing(&self) -> bool {
        self.is_one && self.isolation == Isolation::Path
    }

    /// As whom a tenant's rows are touched.
    pub(crate) fn grantee(&self, schema: &SchemaName) -> String {
        match self.isolation {
            Isolation::Role => schema.as_str().to_owned(),
            Isolation::Path => self.name.clone(),
        }
    }

    /// The role that a scope in this part of the shared realm, or of all tenants, works as.
    pub(crate) fn role(&self, role: Role) -> String {
        match self.isolation {
            Isolation::Role => format!("{}_{}", self.name, role.suffix()),
            Isolation::Path => self.name.clone(),
        }
    }
}

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logins")
            .field("isolation", &self.isolation)
            .field("serving", &self.name)
            .finish_non_exhaustive()
    }
}

/// The roles that belong to no tenant. Roles are the cluster's, so their names begin with that of
/// the serving login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Reads what a request needs before it has a tenant.
    Directory,
    /// Reads and writes the shared realm.
    Shared,
    /// Reads the rows of every tenant. Only the operators' login has it.
    Fleet,
}

impl Role {
    pub(crate) const ALL: [Self; 3] = [Self::Directory, Self::Shared, Self::Fleet];

    fn suffix(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Shared => "shared",
            Self::Fleet => "fleet",
        }
    }
}

/// The user of an address, which sqlx keeps to itself.
struct Credentials {
    user: String,
    password: Option<String>,
}

impl Credentials {
    fn of(address: &str) -> Result<Self, Error> {
        let unfit = || Error::Address(sqlx::Error::Configuration("it is not a URL".into()));
        let url = Url::parse(address).map_err(|_| unfit())?;
        let given = |name: &str| {
            let mut pairs = url.query_pairs();
            let pair = pairs.find(|(key, _)| key == name);
            pair.map(|(_, value)| value.into_owned())
        };
        let options: PgConnectOptions = address.parse().map_err(Error::Address)?;
        let password = url.password().map(decoded).transpose()?;
        Ok(Self {
            user: options.get_username().to_owned(),
            password: given("password").or(password),
        })
    }

    fn derive(self) -> Self {
        let user = format!("{}_serving", self.user);
        let password = self.password.map(|password| {
            let digest = Sha256::new()
                .chain_update(password.len().to_be_bytes())
                .chain_update(&password)
                .chain_update(&user)
                .finalize();
            BASE64_URL_SAFE_NO_PAD.encode(digest)
        });
        Self { user, password }
    }
}

fn decoded(text: &str) -> Result<String, Error> {
    let bytes = percent_encoding::percent_decode_str(text);
    let text = bytes
        .decode_utf8()
        .map_err(|error| Error::Address(sqlx::Error::Configuration(error.into())))?;
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_for_both_serves_by_a_login_derived_from_it() {
        let url = "postgres://insula:s%40crets@db.internal/insula";
        let logins = Logins::new(url, url, Isolation::Role).unwrap();
        assert_eq!(logins.login(1), "insula_serving");
        assert_eq!(logins.login(LOOKUP), "insula_serving_lookup");
        assert_eq!(logins.login(3), "insula_serving_3");
        assert_eq!(logins.serving.get_username(), "insula_serving");
        assert_eq!(logins.operator.get_username(), "insula");
        assert_eq!(logins.role(Role::Directory), "insula_serving_directory");
        let password = logins.password().unwrap();
        assert_eq!(password.len(), 43);
        let same = Logins::new(url, url, Isolation::Role).unwrap();
        assert_eq!(same.password(), Some(password));
        let other = "postgres://insula:other@db.internal/insula";
        let other = Logins::new(other, other, Isolation::Role).unwrap();
        assert_ne!(other.password(), Some(password));
        assert!(!format!("{logins:?}").contains(password));
    }

    #[test]
    fn two_users_are_used_as_they_are() {
        let serving = "postgres://app@db.internal/insula?password=s3cret";
        let operator = "postgres://owner:other@db.internal/insula";
        let logins = Logins::new(serving, operator, Isolation::Role).unwrap();
        assert_eq!(logins.login(1), "app");
        assert_eq!(logins.password(), Some("s3cret"));
        assert!(!logins.owns(1) && logins.owns(2));
    }

    #[test]
    fn by_the_path_alone_everything_is_the_login() {
        let url = "postgres://insula@db.internal/insula";
        let logins = Logins::new(url, url, Isolation::Path).unwrap();
        assert_eq!([1, 2, LOOKUP].map(|n| logins.login(n)), ["insula"; 3]);
        assert_eq!(logins.role(Role::Shared), "insula");
        assert!(logins.grants_nothing());
    }
}
