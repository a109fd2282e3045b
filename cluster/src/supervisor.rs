//! A program under `supervise.sh`: it ends when we end, whichever way that happens.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::user::User;

const SCRIPT: &str = include_str!("supervise.sh");

/// A fast shutdown writes a checkpoint, which takes as long as the disk takes. Past this it is told to leave at once; the next start
/// recovers from its log.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Supervisor {
    shell: Child,
    /// Ends when it is dropped, and the kernel drops it with our process.
    lifeline: Option<ChildStdin>,
    told: BufReader<ChildStdout>,
    pid: i32,
}

/// What to run. Its output goes to `log`.
pub(crate) struct Job<'a> {
    pub program: &'a Path,
    pub arguments: Vec<&'a OsStr>,
    pub user: User,
    /// What its environment says besides the language and where programs are.
    pub environment: &'a [(&'a str, &'a str)],
    pub log: File,
    /// A folder that is worth nothing without us.
    pub scrap: Option<&'a Path>,
}

impl Supervisor {
    pub(crate) fn spawn(job: Job<'_>) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        job.user.apply(&mut command);
        let mut shell = command
            .args(["-c", SCRIPT, "supervise"])
            .arg(job.scrap.unwrap_or(Path::new("")))
            .arg(job.program)
            .args(job.arguments)
            // The caller's variables (PGDATA, PGOPTIONS, …) are not for this server, and messages are read in English.
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("LC_ALL", "C")
            .envs(job.environment.iter().copied())
            // The folder that we were called from may be closed to the server's user.
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(job.log)
            .spawn()?;
        let lifeline = shell.stdin.take();
        let told = shell.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut supervisor = Self {
            shell,
            lifeline,
            told: BufReader::new(told),
            pid: 0,
        };
        supervisor.pid = supervisor.number()?;
        Ok(supervisor)
    }

    /// The program's process id.
    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    pub(crate) fn is_running(&self) -> bool {
        Pid::from_raw(self.pid).is_some_and(|pid| test_kill_process(pid).is_ok())
    }

    /// Waits until the program has ended, and gives its exit status.
    pub(crate) fn status(&mut self) -> io::Result<i32> {
        self.number()
    }

    /// Lets go of a program that has ended, without removing its scrap folder.
    pub(crate) fn keep(mut self) -> io::Result<()> {
        if let Some(mut lifeline) = self.lifeline.take() {
            lifeline.write_all(b"keep\n")?;
        }
        self.shell.wait().map(drop)
    }

    /// Ends the program and waits for it.
    pub(crate) fn stop(&mut self) -> io::Result<()> {
        drop(self.lifeline.take());
        let deadline = Instant::now() + PATIENCE;
        while self.shell.try_wait()?.is_none() {
            if Instant::now() > deadline {
                self.quit();
                return self.shell.wait().map(drop);
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn quit(&self) {
        tracing::warn!(pid = self.pid, "PostgreSQL takes too long to stop");
        if let Some(pid) = Pid::from_raw(self.pid)
            && let Err(error) = kill_process(pid, Signal::QUIT)
        {
            tracing::warn!(pid = self.pid, %error, "PostgreSQL can't be told to quit");
        }
    }

    fn number(&mut self) -> io::Result<i32> {
        let mut line = String::new();
        self.told.read_line(&mut line)?;
        line.trim().parse().map_err(|_| {
            io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the supervising shell is gone",
            )
        })
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::warn!(%error, "can't wait for PostgreSQL to stop");
        }
    }
}
