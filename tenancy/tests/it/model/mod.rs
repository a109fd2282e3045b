//! Random sequences of everything that is done to tenants, against a model of what must come of it.
//!
//! Many tasks share few connections, and behind a pooler fewer backends still. Each has its own
//! sequence, made from the seed, so that a seed tells the same story again; in which order the
//! tasks get their turns it doesn't say. A tenant is one task's at a time, so the model knows at
//! any moment what every row of it is. All tenants have the same ids, and each row is stamped with
//! its tenant.

/// One tenant's place: who is there now, and which rows it must have.
mod plot;
/// What is done inside one scope.
mod scope;
/// What operators do to tenants.
mod town;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tenancy::testing::Way;

use crate::support::nobody_idles_in_transaction;
use town::Town;

tenancy::both_ways!(c26_any_sequence_of_steps_leaves_each_tenant_its_own_rows on 2 threads);

/// How many steps are taken where `INSULA_MODEL_STEPS` doesn't say.
const STEPS: usize = 10_000;
const TASKS: usize = 12;

/// What must have been done by then, in the words of the story.
const KINDS: [&str; 24] = [
    "create",
    "suspended",
    "active",
    "rename",
    "drop",
    "glance",
    "glance cancelled",
    "enter Read",
    "enter Write",
    "read",
    "INSERT",
    "UPDATE",
    "DELETE",
    "fail",
    "savepoint",
    "release",
    "roll back to savepoint",
    "drop savepoint",
    "cancel",
    "commit",
    "commit cancelled",
    "commit with",
    "dropped",
    "ended",
];

async fn c26_any_sequence_of_steps_leaves_each_tenant_its_own_rows(way: Way) {
    let steps =
        variable("INSULA_MODEL_STEPS").map_or(STEPS, |steps| usize::try_from(steps).unwrap());
    let seed = variable("INSULA_MODEL_SEED").unwrap_or_else(rand::random);
    let town = Arc::new(Town::new(way).await);
    let taken = Arc::new(AtomicUsize::new(0));
    let tasks = (0..TASKS as u64).map(|task| {
        let (town, taken) = (Arc::clone(&town), Arc::clone(&taken));
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(task));
        tokio::spawn(async move {
            while taken.load(Ordering::Relaxed) < steps {
                let now = town.act(&mut random).await;
                taken.fetch_add(now, Ordering::Relaxed);
            }
        })
    });
    for end in join_all(tasks).await {
        // What went wrong has been told by the task's own panic.
        assert!(
            end.is_ok(),
            "tell it again with INSULA_MODEL_SEED={seed}: {end:?}"
        );
    }
    town.assert_all_as_it_should_be().await;
    nobody_idles_in_transaction(&town.shops.url).await;
    let missing = town.missing(&KINDS).await;
    assert!(
        missing.is_empty() || steps < STEPS,
        "never done: {missing:?}"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "knobs of one test, which no configuration knows"
)]
fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not {value:?}")),
    )
}

/// Whether something happens that happens once in so many times.
fn once_in(times: u32, random: &mut StdRng) -> bool {
    random.random_ratio(1, times)
}
