//! The server as a process.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;

const READY_WITHIN: Duration = Duration::from_secs(30);

/// The server that was built with this bench.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_insula");

/// What a server is told, by the names of variables.
pub(crate) const SETTINGS: [(&str, &str); 6] = [
    ("INSULA_JWT_SECRET", "a secret of nobody, for benchmarks"),
    ("INSULA_SHARED_DOMAIN", "insula.localhost"),
    ("INSULA_TENANT_SUFFIX", "localhost"),
    ("INSULA_LOG", "warn"),
    // However often somebody logs in here, it is no attack.
    ("INSULA_AUTH_LOGIN_RATE", "1000000"),
    ("INSULA_AUTH_LOGIN_FAILURES", "1000000"),
];

pub(crate) struct Server {
    process: Child,
    url: String,
    /// From the start of its process until it said that it is ready.
    pub(crate) took: Duration,
}

impl Server {
    /// `insula serve` or `insula dev` on this database, once it is ready.
    pub(crate) async fn start(command: &str, database: &str, at: &Path) -> Result<Self, Failure> {
        let command = [PROGRAM, command];
        Self::run(command, &SETTINGS, database, at).await
    }

    /// Another program perhaps, told other things perhaps.
    pub(crate) async fn run(
        [program, command]: [&str; 2],
        settings: &[(&str, &str)],
        database: &str,
        at: &Path,
    ) -> Result<Self, Failure> {
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let log = at.join("log");
        let start = Instant::now();
        let process = Command::new(program)
            .args([command, "--addr", &addr])
            .current_dir(at)
            .env("DATABASE_URL", database)
            .env("INSULA_ADMIN_ADDR", "127.0.0.1:0")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()?;
        let mut server = Self {
            process,
            url: format!("http://{addr}"),
            took: Duration::ZERO,
        };
        while !server.is_ready().await {
            if server.process.try_wait()?.is_some() || start.elapsed() > READY_WITHIN {
                let said = fs::read_to_string(&log)?;
                return Err(format!("insula {command} did not get ready: {said}").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.took = start.elapsed();
        Ok(server)
    }

    async fn is_ready(&self) -> bool {
        let answer = reqwest::get(format!("{}/readyz", self.url)).await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// A line of what Linux knows of its memory.
    pub(crate) fn memory(&self, line: &str) -> Result<String, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.unwrap_or_else(|_| format!("{line}: 0 kB"));
        let found = status.lines().find_map(|text| text.strip_prefix(line));
        let kilobytes = found.and_then(|rest| rest.split_whitespace().nth(1));
        let kilobytes: f64 = kilobytes.ok_or("no such line")?.parse()?;
        Ok(format!("{:.1} MB", kilobytes / 1024.0))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
