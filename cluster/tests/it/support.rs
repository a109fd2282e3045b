//! Folders, SQL and processes for the tests.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cluster::{Cluster, Options};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use tempfile::TempDir;

/// A folder that PostgreSQL's user can pass.
pub(crate) fn folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("insula-test-")
        .permissions(Permissions::from_mode(0o755))
        .tempdir()
        .unwrap()
}

/// A cluster that keeps its data, without waiting for the disk.
pub(crate) fn kept(data_dir: &Path) -> Options {
    Options {
        data_dir: Some(data_dir.to_path_buf()),
        ..Options::temporary()
    }
}

/// Runs a statement, and gives the first column of its first row.
pub(crate) fn sql(url: &str, statement: &str) -> Result<Option<String>, sqlx::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = PgConnection::connect(url).await?;
        let row = connection.fetch_optional(AssertSqlSafe(statement)).await?;
        let first = row.map(|row| row.try_get(0)).transpose()?;
        connection.close().await?;
        Ok(first)
    })
}

pub(crate) fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !happened() {
        assert!(Instant::now() < deadline, "still waiting: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A process that ended but that its parent hasn't asked about isn't alive.
pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    let is_zombie = stat.is_ok_and(|stat| stat.contains(") Z "));
    test_kill_process(process(pid)).is_ok() && !is_zombie
}

/// As `kill -9` does.
pub(crate) fn kill(pid: u32) {
    kill_process(process(pid), Signal::KILL).unwrap();
}

fn process(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
}

/// Another process that owns a cluster.
pub(crate) struct Owner {
    pub child: Child,
    /// What it told: the URL, PostgreSQL's process id, the folder of its data.
    pub told: Vec<String>,
}

impl Owner {
    /// Starts the process and doesn't wait. `data_dir` empty: a temporary cluster.
    pub(crate) fn begin(data_dir: &str, then: &str) -> Child {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "support::owns_a_cluster",
                "--ignored",
                "--nocapture",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = format!("{data_dir}\n{then}\n");
        let input = child.stdin.as_mut().unwrap();
        input.write_all(orders.as_bytes()).unwrap();
        child
    }

    pub(crate) fn start(data_dir: &str, then: &str) -> Self {
        let mut child = Self::begin(data_dir, then);
        let output = BufReader::new(child.stdout.as_mut().unwrap());
        let told = output
            .lines()
            .map(Result::unwrap)
            .find_map(|line| Some(line.split_once("owner: ")?.1.to_owned()))
            .expect("the owner tells how to reach its cluster");
        let told = told.split(' ').map(str::to_owned).collect();
        Self { child, told }
    }

    pub(crate) fn server(&self) -> u32 {
        self.told[1].parse().unwrap()
    }

    pub(crate) fn data(&self) -> PathBuf {
        PathBuf::from(&self.told[2])
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Not a test but the process of [`Owner`]; without its orders on standard input it does nothing.
#[test]
#[ignore = "other tests run it as a process of its own"]
fn owns_a_cluster() {
    let mut orders = stdin().lines().map_while(Result::ok);
    let (Some(data_dir), Some(then)) = (orders.next(), orders.next()) else {
        return;
    };
    let mut options = match data_dir.as_str() {
        "" => Options::temporary(),
        data_dir => kept(Path::new(data_dir)),
    };
    if then == "initdb" {
        options.cache = None; // No template, thus no short cut.
    }
    let cluster = Cluster::start(&options).unwrap();
    let url = cluster.url("postgres");
    let data = sql(&url, "SHOW data_directory").unwrap().unwrap();
    writeln!(stdout(), "owner: {url} {} {data}", cluster.pid()).unwrap();
    if then == "exit" {
        // As with a cluster in a `static`: no destructor runs.
        std::process::exit(0);
    }
    orders.next();
}
