//! PostgreSQL's own benchmark: what there is to gain at most.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::{fs, io};

use crate::Failure;

/// How long each transaction of this script took; none where there is no pgbench.
pub(crate) fn hammer(
    database: &str,
    script: &str,
    connections: usize,
    time: Duration,
) -> Result<Vec<Duration>, Failure> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("script.sql");
    fs::write(&file, script)?;
    let ended = Command::new(program())
        .args(["--no-vacuum", "--protocol=prepared", "--log", "--jobs=2"])
        .arg(format!("--client={connections}"))
        .arg(format!("--time={}", time.as_secs()))
        .arg(format!("--file={}", file.display()))
        .arg(database)
        .current_dir(folder.path())
        .output();
    let output = match ended {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        ended => ended?,
    };
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let mut times = Vec::new();
    for entry in fs::read_dir(folder.path())? {
        let path = entry?.path();
        if path != file {
            times.extend(fs::read_to_string(path)?.lines().filter_map(latency));
        }
    }
    Ok(times)
}

/// `client transaction latency …`, in microseconds.
fn latency(line: &str) -> Option<Duration> {
    Some(Duration::from_micros(line.split(' ').nth(2)?.parse().ok()?))
}

/// Beside the other programs of PostgreSQL, else wherever it is.
pub(crate) fn program() -> PathBuf {
    let folder = Command::new("pg_config").arg("--bindir").output().ok();
    let folder = folder.and_then(|output| String::from_utf8(output.stdout).ok());
    let beside = PathBuf::from(folder.unwrap_or_default().trim()).join("pgbench");
    if beside.is_file() {
        beside
    } else {
        "pgbench".into()
    }
}
