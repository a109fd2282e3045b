use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cluster::{Companion, Error, Place};

use super::cluster;
use super::proxy::authority;

/// How long it may take to listen on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// A PgBouncer in transaction mode: each transaction may get another of its few backends, and each
/// backend the next transaction, whosever it is.
///
/// Every login of the cluster gets through as itself, by its own password. Nothing else is made
/// easy: start-up parameters that PgBouncer doesn't know are refused, as they are by default.
///
/// ```
/// # tenancy::testing::block_on(async {
/// use sea_orm::{ConnectionTrait, Statement};
/// use tenancy::testing::{pooler, two_shops};
/// use tenancy::{Access, Database, Isolation, Logins, PoolOptions};
///
/// let shops = two_shops().await?;
/// let pooled = PoolOptions { pooled: true, ..PoolOptions::default() };
/// let logins = Logins::new(&pooler(1).url(&shops.url), &shops.url, Isolation::Role)?;
/// let database = Database::new(&logins, &pooled);
/// let db = database.tenant(&shops.python, Access::Read);
/// db.query_one_raw(Statement::from_string(db.get_database_backend(), "SELECT name FROM employee")).await?;
/// # Ok::<_, tenancy::Error>(()) });
/// ```
#[derive(Debug)]
pub struct Pooler {
    companion: Companion,
    port: u16,
}

/// The pooler of this process that has at most so many backends for each database and login,
/// started by whoever asks first. It stands before [`cluster()`] and ends with the process.
///
/// # Panics
///
/// If no PgBouncer can be started here; the message says what to do.
pub fn pooler(backends: u32) -> &'static Pooler {
    static POOLERS: Mutex<BTreeMap<u32, &'static Pooler>> = Mutex::new(BTreeMap::new());
    let mut poolers = POOLERS.lock().unwrap_or_else(PoisonError::into_inner);
    poolers.entry(backends).or_insert_with(|| {
        match Pooler::start(&cluster().url("postgres"), backends) {
            Ok(pooler) => Box::leak(Box::new(pooler)),
            Err(error) => panic!("no PgBouncer for the tests: {error}"),
        }
    })
}

impl Pooler {
    /// A pooler before the PostgreSQL of this URL, which must be a superuser's.
    ///
    /// # Panics
    ///
    /// If it doesn't take connections in time, with what it said.
    pub fn start(upstream: &str, backends: u32) -> Result<Self, Error> {
        Self::start_in_mode("transaction", upstream, backends)
    }

    /// Like [`Pooler::start`], in another mode, in which nobody should serve tenants.
    ///
    /// # Panics
    ///
    /// As [`Pooler::start`].
    pub fn start_in_mode(mode: &str, upstream: &str, backends: u32) -> Result<Self, Error> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let port = free_port();
            let companion = Companion::start("pgbouncer", |place| {
                let own = format!("listen_port = {port}\npool_mode = {mode}");
                furnish(place, upstream, &own, backends)
            })?;
            // It ends at once where somebody else was quicker to take the port.
            while companion.is_running() {
                let said = companion.last_words();
                if said.contains("process up") {
                    return Ok(Self { companion, port });
                }
                assert!(Instant::now() < deadline, "PgBouncer isn't ready: {said}");
                thread::sleep(Duration::from_millis(2));
            }
            let said = companion.last_words();
            assert!(Instant::now() < deadline, "PgBouncer doesn't start: {said}");
        }
    }

    /// The same database and login, through the pooler.
    ///
    /// # Panics
    ///
    /// If the URL has no host and port.
    pub fn url(&self, url: &str) -> String {
        let (start, end, _) = authority(url).expect("a URL with host and port");
        format!("{}127.0.0.1:{}{}", &url[..start], self.port, &url[end..])
    }

    /// PgBouncer's process id.
    pub fn pid(&self) -> u32 {
        self.companion.pid()
    }
}

/// Asks PostgreSQL for the secrets of the logins, and only for that logs in as somebody of its own.
fn furnish(place: &Place, upstream: &str, own: &str, backends: u32) -> Result<PathBuf, Error> {
    let (start, _, host) = authority(upstream).expect("a URL with host and port");
    let (host, port) = host.split_once(':').expect("a URL with host and port");
    let login = upstream[..start].trim_end_matches('@');
    let login = login.rsplit_once("//").map_or(login, |(_, login)| login);
    let (user, password) = login.split_once(':').expect("a URL with a password");
    let users = place.write("users.txt", &format!("\"{user}\" \"{password}\"\n"))?;
    let users = users.display();
    let settings = format!(
        "[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
{own}
unix_socket_dir =
default_pool_size = {backends}
max_client_conn = 1000
server_idle_timeout = 5
auth_type = scram-sha-256
auth_file = {users}
auth_user = {user}
"
    );
    place.write("pgbouncer.ini", &settings)
}

fn free_port() -> u16 {
    let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    free.expect("the system has a free port").port()
}
