//! `insula sql`: a statement inside a scope.

mod rows;

use clap::Args;
use serde::Serialize;
use tenancy::Answer;
use tenancy::fleet::Outcome;

use self::rows::Document;
use super::realm::whole_tenant;
use super::{Failure, Global, connect, console, output};
use crate::app::audit::Action;
use crate::app::{Error, reason, statements};
use crate::state::State;

/// How many tenants at once.
const JOBS: usize = 4;

const EXAMPLES: &str = "\
Examples:
  insula sql --tenant python \"SELECT name, title FROM employee\"
  insula sql --all-tenants \"SELECT count(*) FROM invoice WHERE status = 'open'\"
  insula sql --shared \"SELECT slug, status FROM tenant\" --json

The statement is a transaction of its own in each tenant, kept when it went well. Names need no
schema: the scope decides whose tables they mean.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SqlArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// One SQL statement
    statement: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct ScopeArgs {
    /// A tenant, by its slug
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Every tenant; the shared realm is not among them
    #[arg(long)]
    all_tenants: bool,
    /// The shared realm: the registry and the operators
    #[arg(long)]
    shared: bool,
}

pub(super) async fn run(global: &Global, args: SqlArgs) -> Result<(), Failure> {
    connect::registry(global, async |state| {
        if args.scope.all_tenants {
            return in_all_tenants(state, &args).await;
        }
        let by = console::actor().by()?;
        let answer = match &args.scope.tenant {
            Some(slug) => {
                let tenant = whole_tenant(state, Action::SqlRun, slug).await?;
                statements::in_tenant(state, &by, &tenant, &args.statement).await
            }
            None => statements::in_shared(state, &by, &args.statement).await,
        };
        let answer = answer?;
        if args.json {
            return output::json(&Document::of(&answer));
        }
        show(&answer);
        Ok(())
    })
    .await
}

async fn in_all_tenants(state: &State, args: &SqlArgs) -> Result<(), Failure> {
    let by = console::actor().by()?;
    let fleet = statements::in_all_tenants(state, &by, &args.statement, JOBS).await?;
    for tenant in &fleet.left_out {
        let (slug, status) = (&tenant.slug, tenant.status);
        output::note(format_args!("tenant {slug} is left out: it is {status}"));
    }
    let outcomes = &fleet.outcomes;
    if args.json {
        let tenants = outcomes.iter().map(OfTenant::of).collect();
        output::json(&Fleet { tenants })?;
    } else {
        show_all(outcomes);
    }
    let mut failed = 0;
    for Outcome { tenant, result } in outcomes {
        if let Err(error) = result {
            failed += 1;
            output::note(format_args!(
                "tenant {}: {}",
                tenant.slug,
                reason::of(error)
            ));
        }
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::new(format!(
            "the statement failed in {failed} of {} tenants",
            outcomes.len()
        ))),
    }
}

fn show(answer: &Answer) {
    if answer.columns.is_empty() {
        output::say(format_args!("done, {}", counted(answer.affected)));
        return;
    }
    let header: Vec<_> = answer.columns.iter().map(|column| &column.name).collect();
    output::table(&header, answer.rows.iter().map(|row| cells(row)));
    output::note(format_args!("({})", counted(answer.affected)));
}

/// The answers of tenants that agree on the columns are one table.
fn show_all(outcomes: &[Outcome<Answer, Error>]) {
    let well = |outcome: &'_ Outcome<Answer, Error>| {
        let slug = outcome.tenant.slug.to_string();
        outcome
            .result
            .as_ref()
            .ok()
            .cloned()
            .map(|answer| (slug, answer))
    };
    let answers: Vec<_> = outcomes.iter().filter_map(well).collect();
    for alike in answers.chunk_by(|(_, one), (_, next)| one.columns == next.columns) {
        let mut header = vec!["tenant"];
        header.extend(alike[0].1.columns.iter().map(|column| column.name.as_str()));
        let with_slug = |slug: &str, cells: Vec<String>| {
            let mut row = vec![slug.to_owned()];
            row.extend(cells);
            row
        };
        if header.len() == 1 {
            let row = |(slug, answer): &(String, Answer)| {
                with_slug(slug, vec![answer.affected.to_string()])
            };
            output::table(&["tenant", "rows"], alike.iter().map(row));
            continue;
        }
        let rows = alike.iter().flat_map(|(slug, answer)| {
            answer
                .rows
                .iter()
                .map(move |row| with_slug(slug, cells(row)))
        });
        output::table(&header, rows);
    }
}

fn cells(row: &[Option<String>]) -> Vec<String> {
    let cell = |value: &Option<String>| value.clone().unwrap_or_else(|| "NULL".to_owned());
    row.iter().map(cell).collect()
}

fn counted(rows: u64) -> String {
    match rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    }
}

/// What `--json` prints of all tenants.
#[derive(Serialize)]
struct Fleet<'a> {
    tenants: Vec<OfTenant<'a>>,
}

/// What `--json` prints of each tenant.
#[derive(Serialize)]
struct OfTenant<'a> {
    tenant: &'a str,
    error: Option<String>,
    #[serde(flatten)]
    answer: Option<Document<'a>>,
}

impl<'a> OfTenant<'a> {
    fn of(outcome: &'a Outcome<Answer, Error>) -> Self {
        Self {
            tenant: outcome.tenant.slug.as_str(),
            error: outcome.result.as_ref().err().map(|error| reason::of(error)),
            answer: outcome.result.as_ref().ok().map(Document::of),
        }
    }
}
