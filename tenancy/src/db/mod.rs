//! The door to PostgreSQL: the only module that opens connections.

mod door;
mod enter;
mod frame;
mod held;
mod nested;
mod operator;
mod scoped;
mod statements;
mod text;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

pub use nested::Nested;
pub use operator::{Operator, OperatorDb, OperatorRealm, StructureLock, create_database};
pub use statements::RowStream;
pub use text::{Answer, Column};

use crate::ActiveTenant;
use crate::error::Error;
use crate::schema::SHARED_SCHEMA;
use door::Door;
use enter::Entry;
use frame::Frame;

/// The serving login's pool. It hands out scopes and nothing else.
///
/// ```
/// # tenancy::testing::block_on(async {
/// use sea_orm::{ConnectionTrait, Statement};
/// use tenancy::Access;
///
/// let shops = tenancy::testing::two_shops().await?;
/// let db = shops.database.tenant(&shops.python, Access::Read);
/// let names = Statement::from_string(db.get_database_backend(), "SELECT name FROM employee ORDER BY 1");
/// let rows = db.query_all_raw(names).await?;
/// let names: Vec<String> = rows.iter().map(|row| row.try_get("", "name")).collect::<Result<_, _>>()?;
/// assert_eq!(names, ["Cobra", "Viper"]);
/// # Ok::<_, tenancy::Error>(()) });
/// ```
#[derive(Clone)]
pub struct Database {
    door: Door,
}

/// How a pool is made. [`Default`] suits a small server that talks to PostgreSQL directly.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// The most connections that are open at once.
    pub max_connections: u32,
    /// How long a statement may wait for a connection before the database counts as unavailable.
    pub acquire_timeout: Duration,
    /// How long a single statement may run before PostgreSQL cancels it.
    pub statement_timeout: Duration,
    /// Whether a pooler in transaction mode stands in between: then statements aren't kept
    /// prepared, what is said of time is said in every transaction, and no start-up options are
    /// sent. So the login's own default path must name nothing
    /// (`ALTER ROLE … SET search_path = unscoped`). A column of a type that has to be looked up (an
    /// enum, a domain) fails the first time that a connection meets it.
    pub pooled: bool,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            max_connections: 10,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(10),
            pooled: false,
        }
    }
}

/// What a scope may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// One snapshot, no changes: `REPEATABLE READ READ ONLY`. Its end costs nothing.
    Read,
    /// Changes, kept by [`Scoped::commit`] and by nothing else.
    Write,
}

impl Database {
    /// A pool for this address. No connection is made before the first statement needs one, so a
    /// server may start before its database.
    pub fn new(url: &str, options: &PoolOptions) -> Result<Self, Error> {
        let door = Door::serving(url, options)?;
        Ok(Self { door })
    }

    /// The rows of one tenant.
    pub fn tenant(&self, tenant: &ActiveTenant, access: Access) -> TenantDb {
        self.door.scope(&tenant.schema.quoted(), access)
    }

    /// The rows of the shared realm: the registry and the operators.
    pub fn shared(&self, access: Access) -> SharedDb {
        self.door.scope(SHARED_SCHEMA, access)
    }

    /// Closes every connection, waiting for the scopes that are open.
    pub async fn close(&self) {
        self.door.pool.close().await;
    }
}

/// A scope in one tenant's schema: what a function takes that touches a tenant's rows.
pub type TenantDb = Scoped<TenantRealm>;

/// A scope in the shared realm.
pub type SharedDb = Scoped<SharedRealm>;

/// Marks a [`TenantDb`].
#[derive(Debug)]
pub enum TenantRealm {}

/// Marks a [`SharedDb`].
#[derive(Debug)]
pub enum SharedRealm {}

/// One transaction with its search path, on one connection. It begins with the first statement;
/// clones share it. Dropping the last clone rolls it back.
pub struct Scoped<R> {
    frame: Arc<Frame>,
    realm: PhantomData<fn() -> R>,
}

impl<R> Scoped<R> {
    fn new(entry: Entry, persistent: bool) -> Self {
        Self {
            frame: Arc::new(Frame::new(entry, persistent)),
            realm: PhantomData,
        }
    }

    /// Keeps the changes. A scope in which a statement failed can't be kept: it is rolled back and
    /// the answer is [`Error::Aborted`].
    pub async fn commit(&self) -> Result<(), Error> {
        self.frame.commit().await
    }

    /// Gives the connection back, undoing any changes, without waiting for PostgreSQL. Every clone
    /// is of no more use.
    pub async fn end(&self) {
        self.frame.end().await;
    }
}

impl<R> Clone for Scoped<R> {
    fn clone(&self) -> Self {
        Self {
            frame: Arc::clone(&self.frame),
            realm: PhantomData,
        }
    }
}

impl<R> std::fmt::Debug for Scoped<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::any::type_name::<Self>())
    }
}
