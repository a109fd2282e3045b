//! How all is wired: built once, by the same function in the server, the commands and the tests.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tenancy::{Database, Directory, Domain, History, Logins, Operator, PoolOptions};
use tokio::task::JoinHandle;

use crate::app::audit::Crossings;
use crate::app::sessions::Standing;
use crate::auth::{Hasher, Keys, Limiter, Tokens, limiter};
use crate::catalog::Registry;
use crate::config::{Config, HostName};
use crate::graphql::Shapes;

/// Everything that requests and commands work with.
pub struct State {
    pub config: Config,
    /// The pools of the serving logins.
    pub database: Database,
    /// The operators' login, which no tenant's request reaches.
    pub operator: Operator,
    pub directory: Arc<Directory<Registry>>,
    pub histories: Histories,
    pub hasher: Hasher,
    pub tokens: Tokens,
    /// Whether the database was found safe to serve. False only in a server that was started while
    /// its database was away.
    pub is_proven: AtomicBool,
    /// Which sessions have ended whose access tokens haven't.
    pub standing: Arc<Standing>,
    /// How often passwords were tried.
    pub limiter: Limiter,
    pub page: PageLimits,
    /// Statements that root fields were answered with.
    pub shapes: Shapes,
    /// The way into the audit trail for what strangers try, and for operators who sign in.
    pub crossings: Crossings,
    /// The domain of the shared realm, unset for commands that need none.
    pub shared_domain: Option<Domain>,
}

/// The migrations that this program knows.
pub struct Histories {
    pub shared: History,
    pub tenant: History,
}

/// How many rows a page may have.
#[derive(Debug, Clone, Copy)]
pub struct PageLimits {
    /// Where the client says nothing.
    pub default: u32,
    pub most: u32,
}

/// Where the database is, for each of the two logins.
#[derive(Clone)]
pub struct Addresses {
    pub serving: String,
    pub operator: String,
}

/// Why the parts don't fit together.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("DATABASE_URL or INSULA_OPERATOR_DATABASE_URL can't be used")]
    Addresses(#[source] tenancy::Error),
    #[error("{0:?} is not a host name that could lead to the shared realm")]
    SharedDomain(String),
    #[error(transparent)]
    Tokens(#[from] crate::auth::token::TokensError),
}

impl State {
    /// Wires everything. Nothing is connected yet: the first statement does that.
    pub fn new(
        config: Config,
        addresses: &Addresses,
        keys: Keys,
        hasher: Hasher,
    ) -> Result<Self, StateError> {
        let options = PoolOptions {
            max_connections: config.database.max_connections,
            tenants_per_connection: config.database.tenants_per_connection,
            statements_per_connection: config.database.statements_per_connection,
            acquire_timeout: config.database.acquire_timeout,
            statement_timeout: config.graphql.deadline,
            pooled: config.database.pooled,
        };
        let isolation = config.database.isolation;
        let logins = Logins::new(&addresses.serving, &addresses.operator, isolation)
            .map_err(StateError::Addresses)?;
        let database = Database::new(&logins, &options);
        let operator = Operator::new(&logins, &options);
        let shared_domain = config
            .tenancy
            .shared_domain
            .as_ref()
            .map(domain)
            .transpose()?;
        Ok(Self {
            directory: Arc::new(Directory::new(Registry::new(database.clone()))),
            histories: Histories::new(),
            hasher,
            is_proven: AtomicBool::new(true),
            limiter: Limiter::new(limits(&config)),
            standing: Arc::new(Standing::new(config.auth.access_ttl)),
            tokens: Tokens::new(keys, config.auth.issuer.clone(), config.auth.access_ttl)?,
            page: PageLimits {
                default: config.graphql.page_size,
                most: config.graphql.page_limit,
            },
            shapes: Shapes::default(),
            crossings: Crossings::default(),
            shared_domain,
            database,
            operator,
            config,
        })
    }

    /// Hears in the background what other processes change, until the operators' login is closed.
    pub fn follow(&self) -> JoinHandle<()> {
        let (operator, standing) = (self.operator.clone(), Arc::clone(&self.standing));
        self.directory.follow_with(operator, standing)
    }
}

fn limits(config: &Config) -> limiter::Limits {
    limiter::Limits {
        logins: config.auth.login_rate,
        refreshes: config.auth.refresh_rate,
        failures: config.auth.login_failures,
    }
}

impl Histories {
    fn new() -> Self {
        Self {
            shared: History::of::<migration::shared::Migrator>(migration::shared::BREAKING)
                .readable(migration::shared::READABLE)
                .append_only(migration::shared::APPEND_ONLY),
            tenant: History::of::<migration::tenant::Migrator>(migration::tenant::BREAKING),
        }
    }
}

/// A configured host name in its canonical form.
pub fn domain(host: &HostName) -> Result<Domain, StateError> {
    host.as_str()
        .parse()
        .map_err(|_| StateError::SharedDomain(host.as_str().to_owned()))
}
