//! Starting and stopping.

use std::fmt::{self, Write as _};
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::files::{Folder, Lock};
use crate::initdb::{self, Init};
use crate::postmaster::{self, Postmaster};
use crate::programs::{self, Programs};
use crate::supervisor::{Job, Supervisor};
use crate::user::User;
use crate::{Error, Options};

/// After a crash it reads its log again before it is ready.
const READY_WITHIN: Duration = Duration::from_mins(3);
/// How long obstacles may last that go away by themselves.
const RETRY_WITHIN: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(5);

/// Has glibc ask for large pages. A backend remembers the tables and plans of hundreds of tenants, all over its memory, and finds
/// few of them by pages of 4 kB without looking up first where the page is.
const LARGE_PAGES: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");

/// A PostgreSQL of our own. It is stopped when this is dropped, and when the process ends.
pub struct Cluster {
    running: Running,
    // In the order in which they must go: the server, its folder if temporary, the lock.
    server: Supervisor,
    folder: Folder,
    _lock: Lock,
}

/// How to reach a PostgreSQL that runs, whoever owns it.
#[derive(Clone)]
pub struct Running {
    pid: u32,
    port: u16,
    password: String,
}

impl Cluster {
    /// Starts PostgreSQL and waits until it takes connections. Makes its data first if there are none.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let folder = Folder::open(options)?;
        let lock = folder.lock()?;
        let user = User::choose(&folder.data());
        folder.open_to(user)?;
        folder.begin_log()?;
        let programs = programs::find(&folder, user, options)?;
        let init = Init {
            folder: &folder,
            programs: &programs,
            user,
            options,
        };
        let initialised = match folder.version()? {
            Some(_) => None,
            None => Some(init.run()?),
        };
        let password = folder
            .password()?
            .ok_or_else(|| folder.password_missing())?;
        let data = folder.data();
        postmaster::clear(&data)?;
        initdb::write_settings(&data, user, options)?;
        let (server, port) = Launch {
            folder: &folder,
            programs: &programs,
            user,
        }
        .run(options.port)?;
        if let Some(initdb) = initialised {
            initdb.keep().map_err(Error::io("settle", &data))?;
        }
        folder.remember_port(port)?;
        tracing::info!(version = programs.major, port, folder = %folder.path().display(), "PostgreSQL is ready");
        let pid = server.pid().unsigned_abs();
        Ok(Self {
            running: Running {
                pid,
                port,
                password,
            },
            server,
            folder,
            _lock: lock,
        })
    }

    /// The cluster that runs in this folder at this moment, whichever process owns it. For those who only want to connect.
    pub fn find(data_dir: &Path) -> Result<Option<Running>, Error> {
        if !data_dir.exists() {
            return Ok(None);
        }
        let folder = Folder::existing(data_dir)?;
        let Some(found) = Postmaster::of(&folder.data())?.filter(|found| found.ready) else {
            return Ok(None);
        };
        let password = folder
            .password()?
            .ok_or_else(|| folder.password_missing())?;
        Ok(Some(Running {
            pid: found.pid.unsigned_abs(),
            port: found.port,
            password,
        }))
    }

    /// The URL of a database of this cluster, as its superuser.
    pub fn url(&self, database: &str) -> String {
        self.running.url(database)
    }

    pub fn port(&self) -> u16 {
        self.running.port
    }

    /// PostgreSQL's process id.
    pub fn pid(&self) -> u32 {
        self.running.pid
    }

    /// Whether PostgreSQL is still there. It may crash or be killed like any process.
    pub fn is_running(&self) -> bool {
        self.server.is_running()
    }

    /// Stops PostgreSQL: ends its connections, writes everything down, and waits. Dropping does the same without telling.
    pub fn stop(mut self) -> Result<(), Error> {
        self.server
            .stop()
            .map_err(Error::io("stop PostgreSQL in", self.folder.path()))
    }
}

impl Running {
    /// The URL of a database of this cluster, as its superuser.
    pub fn url(&self, database: &str) -> String {
        let Self { port, password, .. } = self;
        let database = percent_encoded(database);
        format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// PostgreSQL's process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cluster").field(&self.running).finish()
    }
}

/// Without the password.
impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("pid", &self.pid)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

struct Launch<'a> {
    folder: &'a Folder,
    programs: &'a Programs,
    user: User,
}

impl Launch<'_> {
    /// Starts the server, again if what hindered it goes away by itself.
    fn run(&self, wish: Option<u16>) -> Result<(Supervisor, u16), Error> {
        let data = self.folder.data();
        let wish = wish.or_else(|| self.folder.last_port());
        let deadline = Instant::now() + RETRY_WITHIN;
        loop {
            let port = free_port(wish).map_err(Error::io("find a port for", &data))?;
            let mut server = self.spawn(port)?;
            match self.wait_until_ready(&server) {
                Ok(()) => return Ok((server, port)),
                Err(_)
                    if Instant::now() < deadline && !server.is_running() && self.passes(port) =>
                {
                    let waited = server.status().and_then(|_| server.keep());
                    waited.map_err(Error::io("wait for", &data))?;
                    thread::sleep(Duration::from_millis(50));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn spawn(&self, port: u16) -> Result<Supervisor, Error> {
        let data = self.folder.data();
        let port = port.to_string();
        // On the command line, where no setting of the user's can change what our URLs say.
        let arguments = [
            "-D".as_ref(),
            data.as_os_str(),
            "-p".as_ref(),
            port.as_ref(),
            "-clisten_addresses=127.0.0.1".as_ref(),
            "-cunix_socket_directories=".as_ref(),
        ];
        Supervisor::spawn(Job {
            program: &self.programs.folder.join("postgres"),
            arguments: arguments.to_vec(),
            user: self.user,
            environment: match self.folder.scrap() {
                None => &[LARGE_PAGES],
                // What doesn't last meets few, and would have to clear them.
                Some(_) => &[],
            },
            log: self.folder.append_log()?,
            scrap: self.folder.scrap(),
        })
        .map_err(Error::io("run PostgreSQL in", &data))
    }

    fn wait_until_ready(&self, server: &Supervisor) -> Result<(), Error> {
        let data = self.folder.data();
        let deadline = Instant::now() + READY_WITHIN;
        while server.is_running() && Instant::now() < deadline {
            let told = Postmaster::of(&data)?;
            if told.is_some_and(|told| told.pid == server.pid() && told.ready) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        Err(Error::Start {
            data_dir: self.folder.path().to_path_buf(),
            log: self.folder.last_words(),
        })
    }

    /// Whether the server failed for a reason that goes away: somebody else was quicker to take the port, or backends of a server that
    /// was killed have yet to notice.
    fn passes(&self, port: u16) -> bool {
        let outlived = "pre-existing shared memory block";
        !is_free(port) || self.folder.last_words().contains(outlived)
    }
}

fn free_port(wish: Option<u16>) -> io::Result<u16> {
    match wish {
        Some(port) if is_free(port) => Ok(port),
        _ => Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port()),
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

fn percent_encoded(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
