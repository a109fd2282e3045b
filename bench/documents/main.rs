//! What documents cost that were made to be expensive, up to their refusal:
//! `cargo bench -p api --bench documents`.
//!
//! Each goes the way of a request from its body to its answer, on one thread, whose CPU time counts.
//! Needs no database: nobody is signed in, so nothing that is executed gets as far as a row.

#![expect(clippy::print_stdout, reason = "a terminal is what this is for")]
#![expect(
    clippy::too_many_lines,
    clippy::format_collect,
    clippy::format_push_string,
    reason = "lists of documents, and texts that are made once"
)]

mod attacks;
mod random;
mod setting;

use std::time::Duration;

use attacks::Attack;
use setting::{Outcome, Setting};

/// What a document may cost before it is refused.
const MOST: Duration = Duration::from_millis(50);

/// How many documents are made up at random.
const RANDOM: u64 = 3_000;

fn main() {
    let setting = Setting::new();
    let mut table: Vec<(String, Outcome)> = Vec::new();
    for attack in attacks::all() {
        table.push((attack.name.clone(), best(&setting, &attack)));
    }
    let mut worst: Option<(u64, Outcome)> = None;
    for seed in 0..RANDOM {
        let outcome = setting.send(&random::attack(seed));
        if worst
            .as_ref()
            .is_none_or(|(_, of)| of.taken < outcome.taken)
        {
            worst = Some((seed, best(&setting, &random::attack(seed))));
        }
    }
    if let Some((seed, outcome)) = worst {
        table.push((
            format!("the worst of {RANDOM} random ones ({seed})"),
            outcome,
        ));
    }
    table.sort_by_key(|(_, outcome)| std::cmp::Reverse(outcome.taken));
    println!("{:>9}  {:>8}  {:<26} document", "CPU", "bytes", "answer");
    for (name, outcome) in &table {
        let Outcome {
            taken,
            bytes,
            answer,
        } = outcome;
        let milliseconds = taken.as_secs_f64() * 1_000.0;
        println!("{milliseconds:>6.2} ms  {bytes:>8}  {answer:<26} {name}");
    }
    let over = table.iter().filter(|(_, outcome)| outcome.taken > MOST);
    let over = over.count();
    println!("\n{} documents, {over} of them above {MOST:?}", table.len());
    assert_eq!(over, 0, "a document costs too much before it is refused");
}

/// The least of three: what the machine does besides isn't the document's.
fn best(setting: &Setting, attack: &Attack) -> Outcome {
    let outcomes = (0..3).map(|_| setting.send(attack));
    let least = outcomes.min_by_key(|outcome| outcome.taken);
    least.expect("three of them")
}
