//! Pools, and how scopes enter through them.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool};

use super::enter::Entry;
use super::{Access, PoolOptions, Scoped};
use crate::schema::NO_SCHEMA;

/// While a statement runs, PostgreSQL looks only this often (in milliseconds) whether anybody still
/// waits for it; by default never.
const CHECK: &str = "client_connection_check_interval";
const CHECK_EVERY: &str = "500";

/// One login's pool.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) pool: PgPool,
    /// Whether statements are kept prepared on the connection.
    persistent: bool,
    /// What else a transaction begins with.
    settings: String,
}

/// Where a scope leads, in names that are SQL identifiers.
pub(super) struct Place<'a> {
    pub(super) schema: &'a str,
    /// Whose rights it has, if not the login's own.
    pub(super) role: Option<String>,
}

impl Door {
    /// A door that every request goes through.
    pub(super) fn serving(connect: PgConnectOptions, options: &PoolOptions) -> Self {
        let mut connect = named(connect);
        let mut settings = String::new();
        let timeout = options.statement_timeout.as_millis();
        if options.pooled {
            settings = format!(
                "; SET LOCAL statement_timeout TO {timeout}; SET LOCAL {CHECK} TO {CHECK_EVERY}"
            );
            // PgBouncer refuses what it doesn't know, and PostgreSQL's default is precise.
            connect = connect.extra_float_digits(None);
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
        Self {
            pool: pool.connect_lazy_with(connect),
            persistent: !options.pooled,
            settings,
        }
    }

    /// A door to a direct connection, where things take as long as they take.
    pub(super) fn operating(connect: PgConnectOptions, options: &PoolOptions) -> Self {
        let connect = named(connect).options([
            ("search_path", NO_SCHEMA),
            ("statement_timeout", "0"),
            (CHECK, CHECK_EVERY),
        ]);
        Self {
            pool: pool(options).connect_lazy_with(connect),
            persistent: true,
            settings: String::new(),
        }
    }

    /// A scope at this place, not begun yet.
    pub(super) fn scope<R>(&self, place: &Place<'_>, access: Access) -> Scoped<R> {
        let begin = self.begin(place, access);
        let pool = self.pool.clone();
        Scoped::new(Entry { pool, begin }, self.persistent)
    }

    /// What a transaction at this place begins with.
    pub(super) fn begin(&self, place: &Place<'_>, access: Access) -> String {
        let mode = match access {
            Access::Read => "ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Access::Write => "READ WRITE",
        };
        let role = place.role.as_ref();
        let role = role.map_or_else(String::new, |role| format!("; SET LOCAL ROLE {role}"));
        let Self { settings, .. } = self;
        let schema = place.schema;
        // Temporary tables are searched first unless the path says otherwise.
        format!("BEGIN {mode}{role}; SET LOCAL search_path TO {schema}, pg_temp{settings}")
    }
}

fn named(connect: PgConnectOptions) -> PgConnectOptions {
    let name = connect
        .get_application_name()
        .unwrap_or("tenancy")
        .to_owned();
    connect.application_name(&name).disable_statement_logging()
}

fn pool(options: &PoolOptions) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
}
