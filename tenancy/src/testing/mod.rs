//! For tests: a PostgreSQL of their own, two small shops in it, a pooler and a proxy that counts.
//!
//! All tests of a process share one temporary cluster, which ends with the process. Each takes
//! databases of its own from it, so tests may run side by side.
//!
//! ```
//! tenancy::testing::block_on(async {
//!     let shops = tenancy::testing::two_shops().await?;
//!     assert_eq!(shops.python.slug.as_str(), "python");
//!     assert_ne!(shops.python.schema, shops.ruby.schema);
//!     Ok::<_, tenancy::Error>(())
//! });
//! ```

pub mod employee;

mod catalog;
mod pooler;
mod proxy;
mod shops;
mod way;

use std::fmt::Debug;
use std::sync::OnceLock;

use cluster::{Cluster, Options};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

pub use catalog::MemoryCatalog;
pub use pooler::{Pooler, pooler};
pub use proxy::Proxy;
pub use shops::{
    FIRST, SECOND, ShopMigrations, Shops, SupplierMigrations, logins, shops_of, two_shops,
    two_shops_by,
};
pub use way::Way;

use crate::error::Error;

/// An empty database that nobody else uses, and its URL.
pub async fn fresh_database() -> Result<String, Error> {
    create_database("template0").await
}

/// A copy of the database behind this URL, to which nobody may be connected.
///
/// # Panics
///
/// If the URL isn't one of this module's.
pub async fn clone_of_database(url: &str) -> Result<String, Error> {
    let (_, template) = url.rsplit_once('/').expect("a URL that names a database");
    create_database(template).await
}

async fn create_database(template: &str) -> Result<String, Error> {
    let name = format!("test_{}", Uuid::now_v7().simple());
    let create = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
    let mut connection = PgConnection::connect(&cluster().url("postgres")).await?;
    connection.execute(AssertSqlSafe(create)).await?;
    // A copy has its template's tables and grants, but not what was said of the database itself.
    let revoke = format!("REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC");
    connection.execute(AssertSqlSafe(revoke)).await?;
    connection.close().await?;
    Ok(cluster().url(&name))
}

/// The cluster of this process, started by whoever asks first.
///
/// # Panics
///
/// If no PostgreSQL can be started here; the message says what to do.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| match Cluster::start(&Options::temporary()) {
        Ok(cluster) => cluster,
        Err(error) => panic!("no PostgreSQL for the tests: {error}"),
    })
}

/// Runs asynchronous code in a test that isn't.
///
/// # Panics
///
/// If it fails.
pub fn block_on<T, E: Debug>(future: impl Future<Output = Result<T, E>>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system gives a runtime what it needs")
        .block_on(future)
        .expect("what the test does goes well")
}
