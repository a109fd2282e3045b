//! Everything that is measured, at its place: PostgreSQL, the tenants in it, the server.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use cluster::{Cluster, Options};
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

use crate::arguments::Arguments;
use crate::fleet::{self, Tenant};
use crate::load::Load;
use crate::queries::Query;
use crate::server::Server;
use crate::usage::Processes;
use crate::{Failure, folder};

/// Neither the disk nor what runs by itself decides. `README.md` names them.
const SETTINGS: [&str; 6] = [
    "ALTER SYSTEM SET shared_buffers = '2GB'",
    "ALTER SYSTEM SET synchronous_commit = off",
    "ALTER SYSTEM SET max_wal_size = '8GB'",
    "ALTER SYSTEM SET checkpoint_timeout = '30min'",
    "ALTER SYSTEM SET autovacuum = off",
    "ALTER SYSTEM SET jit = off",
];

pub(crate) struct Place {
    pub(crate) database: String,
    pub(crate) tenants: Arc<Vec<Tenant>>,
    /// Counts the invoices that were ever asked for.
    pub(crate) numbers: Arc<AtomicUsize>,
    pub(crate) processes: Processes,
    // In the order in which they must go.
    pub(crate) server: Server,
    _cluster: Option<Cluster>,
    _folder: TempDir,
}

impl Place {
    /// `None` where the tenants alone were wanted.
    pub(crate) async fn prepare(arguments: &Arguments) -> Result<Option<Self>, Failure> {
        let folder = folder::in_memory()?;
        let (database, cluster) = if let Some(url) = &arguments.database_url {
            (url.clone(), None)
        } else {
            let cluster = cluster(&folder).await?;
            (cluster.url("postgres"), Some(cluster))
        };
        let tenants = fleet::settle(&database, arguments.tenants).await?;
        let mut connection = PgConnection::connect(&database).await?;
        connection.execute("VACUUM ANALYZE").await?;
        connection.close().await?;
        if let Some(file) = &arguments.tokens {
            fleet::write_tokens(&tenants, file)?;
        }
        if arguments.seed_only {
            return Ok(None);
        }
        let command = [arguments.server.as_str(), "serve"];
        let settings = fleet::settings();
        let server = Server::run(command, &settings, &database, folder.path()).await?;
        Ok(Some(Self {
            processes: Processes::find(server.id(), &database).await?,
            database,
            tenants: Arc::new(tenants),
            numbers: Arc::default(),
            server,
            _cluster: cluster,
            _folder: folder,
        }))
    }

    /// So many connections that ask this of all tenants.
    pub(crate) fn load(&self, query: &Arc<Query>, connections: usize) -> Result<Load, Failure> {
        let (_, addr) = self.server.url().split_once("://").ok_or("an address")?;
        Ok(Load {
            addr: addr.parse()?,
            query: Arc::clone(query),
            tenants: Arc::clone(&self.tenants),
            among: 0..self.tenants.len(),
            connections,
            numbers: Arc::clone(&self.numbers),
        })
    }
}

async fn cluster(folder: &TempDir) -> Result<Cluster, Failure> {
    let options = Options {
        data_dir: Some(folder.path().join("postgres")),
        ..Options::temporary()
    };
    let cluster = Cluster::start(&options)?;
    let mut connection = PgConnection::connect(&cluster.url("postgres")).await?;
    for setting in SETTINGS {
        connection.execute(setting).await?;
    }
    connection.close().await?;
    // Some count from the next start on.
    cluster.stop()?;
    Ok(Cluster::start(&options)?)
}
