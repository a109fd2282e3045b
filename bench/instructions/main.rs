//! How many instructions a request costs the server: `cargo bench -p api --bench instructions`.
//!
//! Unlike time, that is the same on a busy machine. `valgrind` counts those of a process that sends
//! itself few requests and of one that sends many; the difference is the requests'. PostgreSQL is
//! asked as ever, and what it does isn't counted. Ends with 1 when a request costs more than it may.

#![expect(clippy::print_stdout, reason = "a terminal is what this is for")]

mod inside;

#[path = "../workload/expected.rs"]
mod expected;
#[expect(dead_code, reason = "asks without a socket")]
#[path = "../workload/fleet.rs"]
mod fleet;
#[expect(dead_code, reason = "asks without a socket")]
#[path = "../workload/queries.rs"]
mod queries;
#[expect(dead_code, reason = "its settings alone are of use")]
#[path = "../server.rs"]
mod server;

use std::path::Path;
use std::process::Command;

use cluster::{Cluster, Options};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Thousands of instructions that a request may cost. Lower them when you can; raise them only
/// knowing why.
const MOST: [(&str, u64); 5] = [
    ("q1", 1_000_000),
    ("q2", 1_000_000),
    ("q3", 1_000_000),
    ("q4", 1_000_000),
    ("deep", 1_000_000),
];

/// How much more is noise, in percent: hash maps begin at random, and answers come in other pieces.
const NOISE: u64 = 3;

/// The first of these prepare statements and fill caches.
const FEW: usize = 40;
const MANY: usize = 140;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args().collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[1..] {
        ["ask", database, tokens, query, count, first] => {
            let count = first.parse()?..first.parse::<usize>()? + count.parse::<usize>()?;
            Box::pin(inside::ask(database, Path::new(tokens), query, count)).await
        }
        _ => outside().await,
    }
}

async fn outside() -> Result<(), Failure> {
    let cluster = Cluster::start(&Options::temporary())?;
    let database = cluster.url("postgres");
    let folder = tempfile::tempdir()?;
    let tokens = folder.path().join("tokens");
    let tenants = fleet::settle(&database, 1).await?;
    fleet::write_tokens(&tenants, &tokens)?;
    println!("thousands of instructions for a request");
    let mut over = Vec::new();
    for (number, (query, most)) in MOST.into_iter().enumerate() {
        let count = |count, first| counted(&database, &tokens, query, [count, first]);
        let first = number * 2 * MANY;
        let few = count(FEW, first)?;
        let many = count(MANY, first + MANY)?;
        let each = (many - few) / (MANY - FEW) as u64 / 1_000;
        println!("  {query:<5} {each:>8}  (limit {most})");
        if each * 100 > most * (100 + NOISE) {
            over.push(query);
        }
    }
    if over.is_empty() {
        Ok(())
    } else {
        Err(format!("{} cost more than before", over.join(", ")).into())
    }
}

/// The instructions of a process that sends itself so many requests.
fn counted(
    database: &str,
    tokens: &Path,
    query: &str,
    [count, first]: [usize; 2],
) -> Result<u64, Failure> {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no"])
        .arg("--cachegrind-out-file=/dev/null")
        .arg(std::env::current_exe()?)
        .args(["ask", database])
        .arg(tokens)
        .args([query, &count.to_string(), &first.to_string()])
        .output()
        .map_err(|error| format!("valgrind counts instructions, and doesn't run: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find_map(|line| line.split_once("I   refs:"));
    match line {
        Some((_, number)) if output.status.success() => {
            let digits = number.chars().filter(char::is_ascii_digit);
            Ok(digits.collect::<String>().parse()?)
        }
        _ => Err(said.into()),
    }
}
