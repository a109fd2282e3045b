//! The figures as a table, as a file, and beside those of another day.

use std::fs;
use std::path::Path;

use comfy_table::{ContentArrangement, Table, presets};

use crate::Failure;
use crate::measure::{Run, Target};

/// Above this the machine was not ours, and times and rates are not to be quoted.
const NOISE: f64 = 0.1;

/// What the limit is called.
const LIMIT: &str = "limit";

/// What is in a row: its title, its figure, with so many digits.
type Column = (&'static str, fn(&Run) -> f64, usize);

const COLUMNS: [Column; 9] = [
    ("answers/s", |run| run.rate, 0),
    ("p50 ms", |run| run.p50, 2),
    ("p99 ms", |run| run.p99, 2),
    ("server CPU µs", |run| run.server, 0),
    ("PostgreSQL CPU µs", |run| run.postgres, 0),
    ("load CPU µs", |run| run.load, 0),
    ("server MB", |run| run.server_memory, 0),
    ("PostgreSQL MB", |run| run.postgres_memory, 0),
    ("foreign cores", |run| run.foreign, 2),
];

/// The medians of all rounds, with ratios to the limit and to what was kept.
pub(crate) fn all(runs: &[Run], baseline: Option<&Path>) -> Result<(), Failure> {
    let kept: Vec<Run> = match baseline {
        Some(file) => serde_json::from_slice(&fs::read(file)?)?,
        None => Vec::new(),
    };
    let titles = COLUMNS.iter().map(|(title, ..)| *title);
    let titles: Vec<_> = ["", ""].into_iter().chain(titles).collect();
    let mut table = table(&titles);
    let mut seen: Vec<&str> = Vec::new();
    for run in runs {
        if !seen.contains(&run.query.as_str()) {
            seen.push(&run.query);
        }
    }
    for query in seen {
        let of = |runs, target| medians(runs, query, target);
        let (ours, limit) = (of(runs, Target::Insula), of(runs, Target::Limit));
        let before = of(&kept, Target::Insula);
        add(&mut table, [query, "insula"], ours.as_ref());
        add(&mut table, ["", LIMIT], limit.as_ref());
        add_ratio(&mut table, "to the limit", [&ours, &limit]);
        add_ratio(&mut table, "to the baseline", [&ours, &before]);
    }
    show(&table);
    let noise = runs.iter().map(|run| run.foreign).fold(0.0, f64::max);
    if noise > NOISE {
        say(&format!(
            "Others used up to {noise:.2} cores: compare CPU and ratios, quote nothing."
        ));
    }
    Ok(())
}

pub(crate) fn keep(runs: &[Run], file: &Path) -> Result<(), Failure> {
    Ok(fs::write(file, serde_json::to_vec_pretty(runs)?)?)
}

/// One run, as it ends.
pub(crate) fn progress(round: usize, run: &Run) {
    let Run {
        target,
        query,
        rate,
        p99,
        foreign,
        ..
    } = run;
    let name = format!("{target:?}").to_lowercase();
    say(&format!(
        "{round} {query:<4} {name:<6} {rate:>8.0}/s  p99 {p99:>7.2} ms  foreign {foreign:.2}"
    ));
}

pub(crate) fn table(titles: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(titles);
    table
}

#[expect(clippy::print_stdout, reason = "a terminal is what this is for")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

pub(crate) fn show(table: &Table) {
    say(&format!("\n{table}"));
}

fn medians(runs: &[Run], query: &str, target: Target) -> Option<[f64; COLUMNS.len()]> {
    let runs: Vec<_> = runs
        .iter()
        .filter(|run| run.query == query && run.target == target)
        .collect();
    (!runs.is_empty()).then(|| {
        COLUMNS.map(|(_, figure, _)| {
            let mut figures: Vec<_> = runs.iter().map(|run| figure(run)).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        })
    })
}

fn add(table: &mut Table, names: [&str; 2], figures: Option<&[f64; COLUMNS.len()]>) {
    let Some(figures) = figures else {
        return;
    };
    let shown = |((title, _, digits), figure): (&Column, &f64)| {
        // The limit has no server.
        let is_theirs = names[1] == LIMIT && title.starts_with("server");
        if is_theirs {
            String::new()
        } else {
            format!("{figure:.digits$}")
        }
    };
    let cells = COLUMNS.iter().zip(figures).map(shown);
    table.add_row(names.map(str::to_owned).into_iter().chain(cells));
}

/// Ours divided by theirs; of CPU, server and PostgreSQL together.
fn add_ratio(table: &mut Table, name: &str, both: [&Option<[f64; COLUMNS.len()]>; 2]) {
    let [Some(ours), Some(theirs)] = both else {
        return;
    };
    let cpu = (ours[3] + ours[4]) / (theirs[3] + theirs[4]);
    let mut cells = vec![String::new(), name.to_owned()];
    cells.extend([0, 1, 2].map(|at| format!("{:.2}", ours[at] / theirs[at])));
    cells.push(format!("both {cpu:.2}"));
    table.add_row(cells);
}
