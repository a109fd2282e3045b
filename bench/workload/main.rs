//! The workload beside its limit: `cargo bench -p api --bench workload`, or `just bench`.
//!
//! Starts a PostgreSQL of its own that waits for no disk, makes the tenants, and asks the server over
//! HTTP as their owners. `../README.md` says what each figure means. Ends with 1 when an answer was
//! wrong: no figure comes from wrong answers.

mod arguments;
mod check;
mod expected;
mod fleet;
mod hot;
mod limit;
mod load;
mod measure;
mod place;
mod queries;
mod report;
mod usage;
mod written;

#[path = "../folder.rs"]
mod folder;
#[expect(dead_code, reason = "run for its CPU too")]
#[path = "../pgbench.rs"]
mod pgbench;
#[expect(dead_code, reason = "other benches measure its start")]
#[path = "../server.rs"]
mod server;

use std::sync::Arc;

use arguments::Arguments;
use clap::Parser;
use measure::{Run, Target};
use place::Place;
use queries::Query;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let queries = queries::chosen(&arguments.queries, arguments.deep)?;
    let queries: Vec<_> = queries.into_iter().map(Arc::new).collect();
    let Some(place) = Box::pin(Place::prepare(&arguments)).await? else {
        return Ok(());
    };
    if arguments.hot {
        return hot::run(&place, &queries, &arguments).await;
    }
    let with_limit = limit::is_there();
    if !with_limit {
        report::say("There is no pgbench here to compare with.");
    }
    let mut runs = Vec::new();
    for round in 0..arguments.rounds {
        for query in &queries {
            for target in turn(round, query, with_limit) {
                let run = measure(&place, target, query, &arguments).await?;
                report::progress(round + 1, &run);
                runs.push(run);
            }
        }
    }
    if let Some(file) = &arguments.json {
        report::keep(&runs, file)?;
    }
    report::all(&runs, arguments.baseline.as_deref())
}

/// Each in turn, and another one first in each round: whatever else the machine does meets both.
fn turn(round: usize, query: &Query, with_limit: bool) -> Vec<Target> {
    let mut targets = vec![Target::Insula, Target::Limit];
    let has_limit = with_limit && query.limit.is_some();
    targets.retain(|target| *target == Target::Insula || has_limit);
    let first = round % targets.len();
    targets.rotate_left(first);
    targets
}

async fn measure(
    place: &Place,
    target: Target,
    query: &Arc<Query>,
    arguments: &Arguments,
) -> Result<Run, Failure> {
    match (target, query.limit) {
        (Target::Limit, Some(transaction)) => {
            measure::limit(place, (query, transaction), arguments).await
        }
        _ => measure::insula(place, query, arguments).await,
    }
}
