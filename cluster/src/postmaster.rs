//! What PostgreSQL tells about itself in `postmaster.pid`, and whether that is still true.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Error;

/// No process has this id on any system; PostgreSQL reads it as "gone".
const NO_PROCESS: &str = "2147483647";
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that runs in a data folder.
pub(crate) struct Postmaster {
    pub pid: i32,
    pub port: u16,
    pub ready: bool,
}

impl Postmaster {
    /// The server that runs in this data folder at this moment, if one does.
    pub(crate) fn of(data: &Path) -> Result<Option<Self>, Error> {
        let told = read(data)?.and_then(|text| Self::parse(&text));
        Ok(told.filter(|told| serves(told.pid, data)))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        Some(Self {
            pid: lines.next()?.trim().parse().ok()?,
            // Absent while it starts.
            port: lines
                .nth(2)
                .and_then(|line| line.trim().parse().ok())
                .unwrap_or(0),
            ready: lines.nth(3).is_some_and(|line| line.trim() == "ready"),
        })
    }

    /// Stops a server that lost its owner, or refuses if it won't.
    pub(crate) fn stop(&self, data: &Path) -> Result<(), Error> {
        tracing::info!(pid = self.pid, "stopping an earlier PostgreSQL");
        for signal in [Signal::INT, Signal::QUIT] {
            if let Some(pid) = Pid::from_raw(self.pid) {
                // It may have ended in this moment; whether it did is seen below.
                let _ = kill_process(pid, signal);
            }
            let deadline = Instant::now() + PATIENCE;
            while Instant::now() < deadline {
                if !serves(self.pid, data) {
                    return Ok(());
                }
                thread::sleep(Duration::from_millis(10));
            }
        }
        Err(Error::Stubborn { pid: self.pid })
    }
}

/// Readies the folder for a start: stops a server that runs there, and makes sure that a stale file bars no way.
///
/// PostgreSQL only asks whether the process in the file exists. After a reboot, or in a container, that id is often another
/// process's, and PostgreSQL would refuse to start. The file stays, with an id that can't exist: its line about shared memory lets
/// PostgreSQL find backends that outlived their postmaster.
pub(crate) fn clear(data: &Path) -> Result<(), Error> {
    if let Some(running) = Postmaster::of(data)? {
        running.stop(data)?;
    }
    let Some(stale) = read(data)? else {
        return Ok(());
    };
    let path = pid_file(data);
    let rest = stale.split_once('\n').map_or("", |(_, rest)| rest);
    fs::write(&path, format!("{NO_PROCESS}\n{rest}")).map_err(Error::io("write", &path))
}

fn pid_file(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

fn read(data: &Path) -> Result<Option<String>, Error> {
    let path = pid_file(data);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", &path)(error)),
    }
}

/// Whether this process is a PostgreSQL that was started on this data folder, and not one that has got the id since.
fn serves(pid: i32, data: &Path) -> bool {
    let Some(words) = command_line(pid) else {
        return false;
    };
    let data = data.as_os_str().as_encoded_bytes();
    words
        .first()
        .is_some_and(|name| name.ends_with(b"postgres"))
        && words.iter().any(|word| word == data)
}

#[cfg(target_os = "linux")]
fn command_line(pid: i32) -> Option<Vec<Vec<u8>>> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(line.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect())
}

/// Folders with blanks in their names aren't recognised here; PostgreSQL's own checks still hold.
#[cfg(not(target_os = "linux"))]
fn command_line(pid: i32) -> Option<Vec<Vec<u8>>> {
    let ps = std::process::Command::new("ps")
        .args(["-ww", "-o", "command=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let words = ps.stdout.split(u8::is_ascii_whitespace);
    Some(words.map(<[u8]>::to_vec).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_the_eighth_line() {
        let ready = "41\n/data\n1790000000\n5433\n\n127.0.0.1\n  1 2\nready   \n";
        let starting = "41\n/data\n1790000000\n5433\n\n\n  1 2\nstarting\n";

        let told = Postmaster::parse(ready).unwrap();
        assert_eq!((told.pid, told.port, told.ready), (41, 5433, true));
        assert!(!Postmaster::parse(starting).unwrap().ready);
        assert!(!Postmaster::parse("41\n").unwrap().ready);
        assert!(Postmaster::parse("").is_none());
    }

    #[test]
    fn a_living_process_of_another_kind_serves_no_data() {
        let ourselves = i32::try_from(std::process::id()).unwrap();

        assert!(!serves(ourselves, Path::new("/")));
    }
}
