//! How scopes enter, and the words they enter by.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool};

use super::enter::{Begin, Entry, Source};
use super::pool::{Client, Plan, Pool};
use super::{Access, PoolOptions, Scoped};
use crate::Logins;
use crate::schema::NO_SCHEMA;

/// While a statement runs, PostgreSQL looks only this often (in milliseconds) whether anybody still
/// waits for it; by default never.
const CHECK: &str = "client_connection_check_interval";
const CHECK_EVERY: &str = "500";

/// What PostgreSQL takes it to cost that a page is not the one after the last. Its default, 4, is a
/// turning disk's, so that it reads a small table from end to end for a single row; and a plan that
/// is kept stays so when the table has grown.
const PAGE_COST: &str = "random_page_cost";
const PAGE_COST_IN_MEMORY: &str = "1.1";

/// The connections of the logins that serve.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) pool: Pool,
    words: Words,
}

/// What transactions begin with besides their place.
#[derive(Clone)]
struct Words {
    /// Whether statements are kept prepared on the connection.
    keeps: bool,
    settings: String,
}

/// Where a scope leads, in names that are SQL identifiers.
pub(super) struct Place<'a> {
    pub(super) schema: &'a str,
    /// Whose rights it has, if not the login's own.
    pub(super) role: Option<String>,
    /// The number of the serving login that may enter it.
    pub(super) login: u16,
    /// The version of the schema, as far as is known.
    pub(super) version: Option<&'a str>,
}

impl Door {
    /// A door that every request goes through: so many connections of all these logins together.
    pub(super) fn new(logins: &Logins, options: &PoolOptions, homes: bool) -> Self {
        let mut settings = String::new();
        if options.pooled {
            let timeout = options.statement_timeout.as_millis();
            settings = format!(
                "; SET LOCAL statement_timeout TO {timeout}; SET LOCAL {CHECK} TO {CHECK_EVERY}"
            );
        }
        let (logins, given) = (logins.clone(), options.clone());
        let pool = Pool::new(Plan {
            total: options.max_connections as usize,
            acquire_timeout: options.acquire_timeout,
            tenants: options.tenants_per_connection as usize,
            firsts: firsts(options) as usize,
            homes,
            // A pooler would keep its backend for us alone.
            hands_over: !options.pooled,
            address: Box::new(move |login| serving(logins.address(login), &given)),
        });
        let words = Words {
            keeps: !options.pooled && options.statements_per_connection > 0,
            settings,
        };
        Self { pool, words }
    }

    /// A scope at this place, not begun yet.
    pub(super) fn scope<R>(&self, place: &Place<'_>, access: Access) -> Scoped<R> {
        let source = Source::Serving(self.pool.clone(), place.client());
        Scoped::new(self.words.entry(source, place, access))
    }

    /// What a transaction at this place begins with.
    pub(super) fn begin(&self, place: &Place<'_>, access: Access) -> String {
        self.words.begin(place, access).words
    }
}

/// How many of the statements that are kept on a connection are scopes' first ones, which most are.
fn firsts(options: &PoolOptions) -> u32 {
    options.statements_per_connection / 4 * 3
}

/// How a serving login connects.
fn serving(connect: PgConnectOptions, options: &PoolOptions) -> PgConnectOptions {
    let others = options.statements_per_connection - firsts(options);
    let connect = named(connect).statement_cache_capacity(others as usize);
    if options.pooled {
        // PgBouncer refuses what it doesn't know, and PostgreSQL's default is precise.
        return connect.extra_float_digits(None);
    }
    let timeout = options.statement_timeout.as_millis().to_string();
    // Whose address says another cost knows better.
    let told = connect.get_options();
    let told = told.is_some_and(|options| options.contains(PAGE_COST));
    let cost = (!told).then_some((PAGE_COST, PAGE_COST_IN_MEMORY));
    let ours = [
        ("search_path", NO_SCHEMA),
        ("statement_timeout", &timeout),
        (CHECK, CHECK_EVERY),
    ];
    connect.options(ours.into_iter().chain(cost))
}

/// The operators' direct connections, where things take as long as they take. The pool is sqlx's,
/// whose transactions SeaORM's schema manager insists on.
#[derive(Clone)]
pub(super) struct OperatorsDoor {
    pub(super) pool: PgPool,
}

impl OperatorsDoor {
    pub(super) fn new(connect: PgConnectOptions, options: &PoolOptions) -> Self {
        let connect = named(connect).options([
            ("search_path", NO_SCHEMA),
            ("statement_timeout", "0"),
            (CHECK, CHECK_EVERY),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout);
        Self {
            pool: pool.connect_lazy_with(connect),
        }
    }

    /// A scope at this place, not begun yet.
    pub(super) fn scope<R>(&self, place: &Place<'_>, access: Access) -> Scoped<R> {
        let words = Words {
            keeps: true,
            settings: String::new(),
        };
        let source = Source::Operating(self.pool.clone());
        Scoped::new(words.entry(source, place, access))
    }
}

impl Words {
    fn entry(&self, source: Source, place: &Place<'_>, access: Access) -> Entry {
        Entry {
            source,
            begin: Arc::new(self.begin(place, access)),
            access,
            keeps: self.keeps.then(|| place.stamp()),
        }
    }

    fn begin(&self, place: &Place<'_>, access: Access) -> Begin {
        let mode = match access {
            Access::Read => "ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Access::Write => "READ WRITE",
        };
        let role = place.role.as_ref();
        let role = role.map_or_else(String::new, |role| format!("; SET LOCAL ROLE {role}"));
        let Self { settings, .. } = self;
        let schema = place.schema;
        // Temporary tables are searched first unless the path says otherwise.
        let words =
            format!("BEGIN {mode}{role}; SET LOCAL search_path TO {schema}, pg_temp{settings}");
        let commands = 2 + usize::from(place.role.is_some()) + settings.matches(';').count();
        Begin { words, commands }
    }
}

impl Place<'_> {
    fn client(&self) -> Client {
        Client {
            key: hash(&(self.schema, &self.role)),
            login: self.login,
        }
    }

    /// What tells the statements that are kept for this place from the same ones kept for another,
    /// or for another version of it. A schema's name is generated, so it can't end a comment; of the
    /// version, which comes from the registry, only the hash is said.
    fn stamp(&self) -> String {
        let name = self.schema.trim_matches('"');
        format!("{name}.{:x}", hash(&self.version))
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn named(connect: PgConnectOptions) -> PgConnectOptions {
    let name = connect
        .get_application_name()
        .unwrap_or("tenancy")
        .to_owned();
    connect.application_name(&name).disable_statement_logging()
}
