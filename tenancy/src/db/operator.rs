//! The operators' own login: it migrates, provisions, listens and locks.

use sea_orm::{DatabaseTransaction, DbErr, SqlxPostgresConnector, TransactionTrait};
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection};

use super::door::{OperatorsDoor, Place};
use super::{Access, PoolOptions, Scoped, SharedDb};
use crate::error::{Error, is_refused};
use crate::logins::{Isolation, Role};
use crate::schema::{SHARED_SCHEMA, quote};
use crate::{Logins, Tenant, TenantId};

/// The key of the advisory lock under which structure is changed ("tenancy" in ASCII).
const STRUCTURE_LOCK: i64 = 0x74_65_6e_61_6e_63_79;

/// A scope that an operator opens in a tenant of any status: to export a suspended one, say.
pub type OperatorDb = Scoped<OperatorRealm>;

/// Marks an [`OperatorDb`].
#[derive(Debug)]
pub enum OperatorRealm {}

/// A direct connection to the database with the rights to change structure.
///
/// Nothing that serves a tenant's request holds one.
#[derive(Clone)]
pub struct Operator {
    door: OperatorsDoor,
    pub(crate) logins: Logins,
}

impl Operator {
    /// A pool for the operators' login; no connection is made yet. Structure takes as long as it
    /// takes, and an operator is never behind a pooler: those options don't count here.
    pub fn new(logins: &Logins, options: &PoolOptions) -> Self {
        Self {
            door: OperatorsDoor::new(logins.operator.clone(), options),
            logins: logins.clone(),
        }
    }

    /// The shared realm, with the rights to change the registry.
    pub fn shared(&self, access: Access) -> SharedDb {
        let place = Place {
            schema: SHARED_SCHEMA,
            role: None,
            login: 1,
            version: None,
        };
        self.door.scope(&place, access)
    }

    /// The rows of a tenant, whatever its status.
    ///
    /// To read is to read as somebody who may read every tenant and change nothing.
    pub fn tenant(&self, tenant: &Tenant, access: Access) -> OperatorDb {
        let by_roles = self.logins.isolation == Isolation::Role;
        let fleet = || quote(&self.logins.role(Role::Fleet));
        let place = Place {
            schema: &tenant.schema.quoted(),
            role: (by_roles && access == Access::Read).then(fleet),
            login: tenant.login,
            version: tenant.version.as_deref(),
        };
        self.door.scope(&place, access)
    }

    /// Waits until nobody else changes structure, and keeps others from it until the lock is
    /// dropped. `waiting` is called once if somebody does.
    pub async fn lock_structure(&self, waiting: impl FnOnce()) -> Result<StructureLock, Error> {
        // Outside the pool: the lock lives as long as its connection.
        let mut connection = self.door.pool.acquire().await?.detach();
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(STRUCTURE_LOCK)
            .fetch_one(&mut connection)
            .await?;
        if !taken {
            waiting();
            sqlx::query("SELECT pg_advisory_lock($1)")
                .bind(STRUCTURE_LOCK)
                .execute(&mut connection)
                .await?;
        }
        Ok(StructureLock { connection })
    }

    /// Keeps others from changing this tenant's structure until the lock is dropped; `None` if
    /// somebody does so now.
    pub async fn try_lock(&self, tenant: TenantId) -> Result<Option<StructureLock>, Error> {
        let mut connection = self.door.pool.acquire().await?.detach();
        // The random half of the id: 64 bits are what a lock's key has.
        let (_, key) = tenant.as_uuid().as_u64_pair();
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(key.cast_signed())
            .fetch_one(&mut connection)
            .await?;
        Ok(taken.then_some(StructureLock { connection }))
    }

    /// Closes every connection, and ends every [following](crate::Directory::follow) through it.
    pub async fn close(&self) {
        self.door.pool.close().await;
    }

    /// A transaction of SeaORM's own, which its schema manager insists on.
    ///
    /// It begins in a task of its own, which nobody cancels: a `BEGIN` whose answer nobody waits
    /// for would leave its connection in the pool inside a transaction, and what its next user
    /// writes would never be committed.
    pub(crate) async fn structure(&self) -> Result<DatabaseTransaction, DbErr> {
        let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(self.door.pool.clone());
        let begun = tokio::spawn(async move { connection.begin().await });
        let interrupted = |_| DbErr::Custom("interrupted by the end of the program".to_owned());
        begun.await.map_err(interrupted)?
    }

    /// Runs statements that belong to no scope: making schemas, the ledger.
    pub(crate) async fn execute(&self, sql: &'static str) -> Result<(), Error> {
        self.door.pool.execute(sql).await?;
        Ok(())
    }

    /// Whether the serving login of this number is let in with the password that we know.
    pub(crate) async fn lets_in(&self, login: u16) -> Result<bool, Error> {
        // Perhaps through a pooler, which would refuse it.
        let address = self.logins.address(login).extra_float_digits(None);
        match PgConnection::connect_with(&address).await {
            Ok(connection) => {
                connection.close().await?;
                Ok(true)
            }
            Err(error) if is_refused(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A connection that hears what is announced on `channel`, until it is lost.
    pub(crate) async fn listen(&self, channel: &str) -> Result<PgListener, Error> {
        // A pool of its own: it would take one of the operators' connections for ever, and put it
        // back among them in the end.
        let connect = self.door.pool.connect_options();
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(self.door.pool.options().get_acquire_timeout())
            .connect_lazy_with((*connect).clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        // Whoever reconnects silently never tells that something was missed.
        listener.eager_reconnect(false);
        listener.listen(channel).await?;
        Ok(listener)
    }

    /// Resolves when [`Operator::close`] was called.
    pub(crate) async fn closed(&self) {
        self.door.pool.close_event().await;
    }
}

/// Held while structure changes; see [`Operator::lock_structure`].
#[derive(Debug)]
pub struct StructureLock {
    connection: PgConnection,
}

impl StructureLock {
    /// Gives the lock back at once, rather than when PostgreSQL notices the closed connection.
    pub async fn release(self) {
        // A failure closes the connection too, and with it the lock.
        let _ = self.connection.close().await;
    }
}

/// Makes a database in the cluster that this address leads to, unless it is there.
pub async fn create_database(url: &str, name: &str) -> Result<(), Error> {
    let mut connection = PgConnection::connect(url).await?;
    let there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(name)
            .fetch_one(&mut connection)
            .await?;
    if !there {
        let quoted = name.replace('"', "\"\"");
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE \"{quoted}\""));
        connection.execute(create).await?;
    }
    connection.close().await?;
    Ok(())
}
