//! The server as a process.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::client::Client;

const READY_WITHIN: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    process: Child,
    url: String,
    /// From the start of its process until it said that it is ready.
    pub(crate) took: Duration,
}

impl Server {
    /// `insula serve` or `insula dev` on this database, once it is ready.
    pub(crate) async fn start(command: &str, database: &str, at: &Path) -> Result<Self, Failure> {
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let log = at.join("log");
        let start = Instant::now();
        let process = Command::new(env!("CARGO_BIN_EXE_insula"))
            .args([command, "--addr", &addr])
            .current_dir(at)
            .env("DATABASE_URL", database)
            .env("INSULA_JWT_SECRET", "a secret of nobody, for benchmarks")
            .env("INSULA_SHARED_DOMAIN", "insula.localhost")
            .env("INSULA_TENANT_SUFFIX", "localhost")
            .env("INSULA_LOG", "warn")
            // However often somebody logs in here, it is no attack.
            .env("INSULA_AUTH_LOGIN_RATE", "1000000")
            .env("INSULA_AUTH_LOGIN_FAILURES", "1000000")
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

    /// Somebody of the demo, logged in.
    pub(crate) async fn client(&self, domain: &str, email: &str) -> Result<Client, Failure> {
        let client = Client::new(&self.url, domain)?;
        Ok(client.log_in(email, "insula-demo").await?)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
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
