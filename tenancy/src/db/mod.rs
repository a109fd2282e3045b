//! The door to PostgreSQL: the only module that opens connections.

mod audit;
mod door;
mod doors;
mod enter;
mod first;
mod flight;
mod frame;
mod hand;
mod held;
mod literal;
mod nested;
mod operator;
mod pool;
mod question;
mod scoped;
mod statements;
mod text;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

pub use audit::Danger;
pub use nested::Nested;
pub use operator::{Operator, OperatorDb, OperatorRealm, StructureLock, create_database};
pub use pool::Gauges;
pub use statements::RowStream;
pub use text::{Answer, Column};

use crate::error::Error;
use crate::logins::{Isolation, LOOKUP, Role};
use crate::schema::{SHARED_SCHEMA, quote};
use crate::{ActiveTenant, Logins, Tenant};
use door::Place;
use doors::Doors;
use enter::Entry;
use frame::Frame;

/// The serving logins' connections. It hands out scopes and nothing else.
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
    doors: Doors,
}

/// How a pool is made. [`Default`] suits a small server that talks to PostgreSQL directly.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// The most connections that are open at once, for all tenants and the shared realm together,
    /// whatever logins they need. Two more look up tenants.
    pub max_connections: u32,
    /// How many tenants a connection may come to know before it is closed and another opened in its
    /// place. A backend remembers the tables and statements of each, and never forgets.
    pub tenants_per_connection: u32,
    /// How many statements are kept prepared on a connection, three quarters of them for those that
    /// come with a scope's beginning (see [`Scoped::begin_with`]). Each tenant has its own, and those
    /// that were not used for longest are forgotten first. 0 keeps none.
    pub statements_per_connection: u32,
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
            tenants_per_connection: 600,
            statements_per_connection: 1_000,
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
    /// A pool of the serving logins. No connection is made before the first statement needs one, so
    /// a server may start before its database.
    pub fn new(logins: &Logins, options: &PoolOptions) -> Self {
        let doors = Doors::new(logins, options);
        Self { doors }
    }

    /// The rows of one tenant, with the rights of that tenant.
    pub fn tenant(&self, tenant: &ActiveTenant, access: Access) -> TenantDb {
        let schema = tenant.schema.quoted();
        let place = self.within(tenant, &schema);
        self.doors.to(&place).scope(&place, access)
    }

    /// The rows of the shared realm: the registry and the operators.
    pub fn shared(&self, access: Access) -> SharedDb {
        let place = self.within_shared(Role::Shared);
        self.doors.to(&place).scope(&place, access)
    }

    /// What is read of the shared realm before it is known whose request it is; see
    /// [`History::readable`](crate::History::readable).
    pub fn directory(&self) -> SharedDb {
        let place = self.within_shared(Role::Directory);
        self.doors.to(&place).scope(&place, Access::Read)
    }

    /// How the connections stand that enter tenants and the shared realm.
    ///
    /// ```
    /// # tenancy::testing::block_on(async {
    /// use tenancy::Access;
    ///
    /// let shops = tenancy::testing::two_shops().await?;
    /// assert_eq!(shops.database.gauges().open, 0);
    /// shops.database.shared(Access::Read).commit().await?;
    /// assert_eq!(shops.database.gauges().open, 0, "nothing was asked");
    /// # Ok::<_, tenancy::Error>(()) });
    /// ```
    pub fn gauges(&self) -> Gauges {
        self.doors.serving.pool.gauges()
    }

    /// The same of those that look up whose a request is.
    pub fn directory_gauges(&self) -> Gauges {
        self.doors.directory.pool.gauges()
    }

    /// A tenant's place, with the quoted name of its schema.
    fn within<'a>(&self, tenant: &'a Tenant, schema: &'a str) -> Place<'a> {
        Place {
            role: self.role(|_| schema.to_owned()),
            schema,
            login: match self.isolation() {
                Isolation::Role => tenant.login,
                // One does for all.
                Isolation::Path => 1,
            },
            version: tenant.version.as_deref(),
        }
    }

    fn within_shared(&self, role: Role) -> Place<'static> {
        Place {
            role: self.role(|logins| quote(&logins.role(role))),
            schema: SHARED_SCHEMA,
            login: if role == Role::Directory { LOOKUP } else { 1 },
            version: None,
        }
    }

    /// What keeps tenants apart.
    pub fn isolation(&self) -> Isolation {
        self.doors.logins.isolation
    }

    fn role(&self, role: impl FnOnce(&Logins) -> String) -> Option<String> {
        let logins = &self.doors.logins;
        (logins.isolation == Isolation::Role).then(|| role(logins))
    }

    /// Closes every connection, waiting for the scopes that are open.
    pub async fn close(&self) {
        self.doors.close().await;
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
    fn new(entry: Entry) -> Self {
        Self {
            frame: Arc::new(Frame::new(entry)),
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
