//! What processes use, as Linux counts it.

use std::collections::HashMap;
use std::fs;
use std::time::{Instant, SystemTime};

use sqlx::{Connection, PgConnection};

use crate::Failure;

/// How Linux counts time for us: in hundredths of a second.
const TICKS: f64 = 100.0;

/// The processes that are looked at.
#[derive(Clone, Copy)]
pub(crate) struct Processes {
    pub(crate) server: u32,
    pub(crate) postgres: u32,
}

/// Seconds of CPU that each has used up to a moment.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) at: Instant,
    pub(crate) clock: SystemTime,
    pub(crate) server: f64,
    pub(crate) postgres: f64,
    /// This process, and the `pgbench` that it runs.
    pub(crate) load: f64,
    /// Everybody.
    pub(crate) machine: f64,
}

impl Processes {
    /// The server, and the PostgreSQL behind this address, which is on this machine.
    pub(crate) async fn find(server: u32, database: &str) -> Result<Self, Failure> {
        let mut connection = PgConnection::connect(database).await?;
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
            .fetch_one(&mut connection)
            .await?;
        let backend = u32::try_from(backend)?;
        let table = processes()?;
        let process = table.get(&backend);
        let process = process.ok_or("PostgreSQL must run on this machine")?;
        Ok(Self {
            server,
            postgres: process.parent,
        })
    }

    pub(crate) fn usage(self, pgbench: Option<u32>) -> Result<Usage, Failure> {
        let table = processes()?;
        let of_tree = |root: u32| -> f64 {
            let tree = tree(root, &table).into_iter();
            tree.map(|process| table[&process].own + table[&process].reaped)
                .sum()
        };
        let me = table.get(&std::process::id());
        Ok(Usage {
            at: Instant::now(),
            clock: SystemTime::now(),
            server: of_tree(self.server),
            postgres: of_tree(self.postgres),
            load: me.map_or(0.0, |me| me.own) + pgbench.map_or(0.0, of_tree),
            machine: machine()?,
        })
    }

    /// What the server has resident, and what PostgreSQL's processes have each for itself; in MB.
    pub(crate) fn memory(self) -> Result<[f64; 2], Failure> {
        let table = processes()?;
        let sum = |root: u32, file: &str, line: &str| -> f64 {
            let tree = tree(root, &table).into_iter();
            tree.filter_map(|process| kilobytes(process, file, line))
                .sum()
        };
        Ok([
            sum(self.server, "status", "VmRSS:") / 1024.0,
            sum(self.postgres, "smaps_rollup", "Pss_Anon:") / 1024.0,
        ])
    }
}

struct Process {
    parent: u32,
    own: f64,
    /// Of its children that have ended.
    reaped: f64,
}

fn processes() -> Result<HashMap<u32, Process>, Failure> {
    let mut table = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // It may end at this moment.
        if let Ok(text) = fs::read_to_string(format!("/proc/{id}/stat"))
            && let Some(process) = Process::parse(&text)
        {
            table.insert(id, process);
        }
    }
    Ok(table)
}

impl Process {
    /// The name, in brackets, may have brackets and blanks.
    fn parse(stat: &str) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(") ")?;
        let words: Vec<_> = rest.split(' ').collect();
        let seconds = |at: usize| Some(words.get(at)?.parse::<f64>().ok()? / TICKS);
        Some(Self {
            parent: words.get(1)?.parse().ok()?,
            own: seconds(11)? + seconds(12)?,
            reaped: seconds(13)? + seconds(14)?,
        })
    }
}

/// A process and all below it.
fn tree(root: u32, table: &HashMap<u32, Process>) -> Vec<u32> {
    let mut found: Vec<u32> = table
        .contains_key(&root)
        .then_some(root)
        .into_iter()
        .collect();
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        let children = table.iter().filter(|(_, process)| process.parent == parent);
        found.extend(children.map(|(id, _)| *id));
        next += 1;
    }
    found
}

fn machine() -> Result<f64, Failure> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().unwrap_or_default();
    let numbers = line.split_whitespace().skip(1).take(8);
    let numbers: Vec<f64> = numbers.filter_map(|number| number.parse().ok()).collect();
    // The fourth and the fifth are for nothing and for waiting.
    let busy = numbers
        .iter()
        .enumerate()
        .filter(|(at, _)| !(3..=4).contains(at));
    Ok(busy.map(|(_, ticks)| ticks).sum::<f64>() / TICKS)
}

fn kilobytes(process: u32, file: &str, line: &str) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/{file}")).ok()?;
    let rest = text.lines().find_map(|text| text.strip_prefix(line))?;
    rest.split_whitespace().next()?.parse().ok()
}
