//! A pool, and how scopes enter through it.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool};

use super::enter::Entry;
use super::{Access, PoolOptions, Scoped};
use crate::error::Error;
use crate::schema::NO_SCHEMA;

/// While a statement runs, PostgreSQL looks only this often (in milliseconds) whether anybody still
/// waits for it; by default never.
const CHECK: &str = "client_connection_check_interval";
const CHECK_EVERY: &str = "500";

#[derive(Clone)]
pub(super) struct Door {
    pub(super) pool: PgPool,
    /// Whether statements are kept prepared on the connection.
    persistent: bool,
    /// What else a transaction begins with.
    settings: String,
}

impl Door {
    /// A door that every request goes through.
    pub(super) fn serving(url: &str, options: &PoolOptions) -> Result<Self, Error> {
        let mut connect = address(url)?;
        let mut settings = String::new();
        let timeout = options.statement_timeout.as_millis();
        if options.pooled {
            settings = format!(
                "; SET LOCAL statement_timeout TO {timeout}; SET LOCAL {CHECK} TO {CHECK_EVERY}"
            );
        } else {
            let timeout = timeout.to_string();
            connect = connect.options([
                ("search_path", NO_SCHEMA),
                ("statement_timeout", &timeout),
                (CHECK, CHECK_EVERY),
            ]);
        }
        // A ping would cost every request a round trip; a dead connection is found by `BEGIN`.
        let pool = pool(options).test_before_acquire(false);
        Ok(Self {
            pool: pool.connect_lazy_with(connect),
            persistent: !options.pooled,
            settings,
        })
    }

    /// A door to a direct connection, where things take as long as they take.
    pub(super) fn operating(url: &str, options: &PoolOptions) -> Result<Self, Error> {
        let connect = address(url)?.options([
            ("search_path", NO_SCHEMA),
            ("statement_timeout", "0"),
            (CHECK, CHECK_EVERY),
        ]);
        Ok(Self {
            pool: pool(options).connect_lazy_with(connect),
            persistent: true,
            settings: String::new(),
        })
    }

    /// A scope in this schema, not begun yet.
    pub(super) fn scope<R>(&self, schema: &str, access: Access) -> Scoped<R> {
        let mode = match access {
            Access::Read => "ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Access::Write => "READ WRITE",
        };
        let Self { settings, .. } = self;
        // Temporary tables are searched first unless the path says otherwise.
        let begin = format!("BEGIN {mode}; SET LOCAL search_path TO {schema}, pg_temp{settings}");
        let pool = self.pool.clone();
        Scoped::new(Entry { pool, begin }, self.persistent)
    }
}

fn address(url: &str) -> Result<PgConnectOptions, Error> {
    let connect: PgConnectOptions = url.parse().map_err(Error::Address)?;
    let name = connect
        .get_application_name()
        .unwrap_or("tenancy")
        .to_owned();
    Ok(connect.application_name(&name).disable_statement_logging())
}

fn pool(options: &PoolOptions) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
}
