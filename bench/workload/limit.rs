//! What there is to gain at most: `pgbench` runs the transaction that a query needs at least.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use crate::Failure;
use crate::fleet::{Tenant, id_in_sql};
use crate::pgbench;

/// A `pgbench` at work.
pub(crate) struct Limit {
    process: Child,
    folder: TempDir,
}

/// Whether there is a `pgbench`.
pub(crate) fn is_there() -> bool {
    let version = Command::new(pgbench::program()).arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

impl Limit {
    /// Runs a transaction for so long, on so many connections, at a random tenant each time.
    pub(crate) fn start(
        database: &str,
        transaction: &str,
        tenants: &[Tenant],
        (connections, time): (usize, Duration),
    ) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("script.sql");
        fs::write(&file, script(transaction, tenants)?)?;
        let Some(first) = tenants.first() else {
            return Err("there are no tenants".into());
        };
        let process = Command::new(pgbench::program())
            .args(["--no-vacuum", "--protocol=prepared", "--log", "--jobs=1"])
            .arg(format!("--client={connections}"))
            .arg(format!("--time={}", time.as_secs()))
            .arg(format!("--file={}", file.display()))
            .arg(database)
            // It prepares a pipeline's statements before it runs the first, so some tables must be in sight.
            // And its plans are to be as good as the server's.
            .env(
                "PGOPTIONS",
                format!("-c search_path={} -c random_page_cost=1.1", first.schema),
            )
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Self { process, folder })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for its end; how long each transaction took that ended in between, in microseconds.
    pub(crate) fn times(self, from: SystemTime, to: SystemTime) -> Result<Vec<u32>, Failure> {
        let output = self.process.wait_with_output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let (from, to) = (
            from.duration_since(UNIX_EPOCH)?,
            to.duration_since(UNIX_EPOCH)?,
        );
        let mut times = Vec::new();
        for file in logs(self.folder.path())? {
            let text = fs::read_to_string(file)?;
            let lines = text.lines().filter_map(logged);
            let within = lines.filter(|(ended, _)| (from..to).contains(ended));
            times.extend(within.map(|(_, took)| took));
        }
        Ok(times)
    }
}

fn logs(folder: &Path) -> Result<Vec<std::path::PathBuf>, Failure> {
    let entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let paths = entries.into_iter().map(|entry| entry.path());
    Ok(paths
        .filter(|path| path.extension().is_none_or(|kind| kind != "sql"))
        .collect())
}

/// `client transaction latency script seconds microseconds`: when it ended, and how long it took.
fn logged(line: &str) -> Option<(Duration, u32)> {
    let mut words = line.split(' ').skip(2);
    let took = words.next()?.parse().ok()?;
    let seconds = Duration::from_secs(words.nth(1)?.parse().ok()?);
    let rest = Duration::from_micros(words.next()?.parse().ok()?);
    Some((seconds + rest, took))
}

/// The frame that the server has, in one flight: role and path of the tenant, by its place in a text.
fn script(transaction: &str, tenants: &[Tenant]) -> Result<String, Failure> {
    let width = tenants.first().map_or(0, |tenant| tenant.schema.len());
    let schemas: String = tenants
        .iter()
        .map(|tenant| tenant.schema.as_str())
        .collect();
    let (set, body) = transaction
        .split_once("%begin%")
        .unwrap_or(("", transaction));
    let mut script = format!("\\set tenant random(0, {})\n", tenants.len() - 1);
    write!(
        script,
        "{set}\\startpipeline\nBEGIN;\n\
         SELECT set_config('role', s, true), set_config('search_path', s, true) FROM (\
         SELECT convert_from(substr('{schemas}'::bytea, 1 + {width} * :tenant, {width}), 'UTF8') AS s OFFSET 0) t;\
         {body}\nCOMMIT;\n\\endpipeline\n"
    )?;
    Ok(script.replace("%row%", &id_in_sql("(:row)::int")))
}
