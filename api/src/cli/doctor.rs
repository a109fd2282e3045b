//! `insula doctor`: what is wrong, and what mends it.

use clap::Args;
use serde::Serialize;

use super::{Failure, Global, connect, console, output};
use crate::app::doctor::{self, Finding};
use crate::app::fleet::{Listener, Report};
use crate::app::reason;
use crate::state::State;

const AFTER_HELP: &str = "\
Exits with 0 where nothing is wrong, else with 1. Each finding comes with what mends it; --fix does
what is safe, which is to bring up to date who is behind, and looks again.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct DoctorArgs {
    /// Mend what can be mended safely
    #[arg(long)]
    fix: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    /// What keeps tenants apart: `role` or `path`.
    isolation: &'static str,
    findings: &'a [Finding],
    fixed: &'a [Finding],
}

pub(super) async fn run(global: &Global, args: DoctorArgs) -> Result<(), Failure> {
    connect::unchecked(global, async |state| examine(state, &args).await).await
}

async fn examine(state: &State, args: &DoctorArgs) -> Result<(), Failure> {
    let actor = console::actor();
    let caller = actor.caller();
    let before = doctor::examine(state, caller.can()?).await?;
    let mut findings = before.clone();
    // Twice: tenants can only be looked at once the shared realm is up to date.
    for _ in 0..2 {
        if !args.fix || !findings.iter().any(|finding| finding.fixable) {
            break;
        }
        let listener = Listener {
            waiting: &|| output::note("another migration is under way; waiting for it to end"),
            ..Listener::default()
        };
        let report = doctor::fix(state, &actor.by()?, &findings, listener).await?;
        tell_failures(&report);
        findings = doctor::examine(state, caller.can()?).await?;
    }
    let left = |finding: &Finding| findings.iter().any(|left| left.is_like(finding));
    let fixed: Vec<_> = before.into_iter().filter(|one| !left(one)).collect();
    if args.json {
        output::json(&Document {
            isolation: doctor::level(state),
            findings: &findings,
            fixed: &fixed,
        })?;
    } else {
        show(&findings, &fixed);
        output::note(format_args!("isolation: {}", doctor::level(state)));
    }
    verdict(&findings, args.fix)
}

fn show(findings: &[Finding], fixed: &[Finding]) {
    for Finding {
        subject, problem, ..
    } in fixed
    {
        output::say(format_args!("mended: {subject}: {problem}"));
    }
    for Finding {
        subject,
        problem,
        remedy,
        ..
    } in findings
    {
        output::say(format_args!("{subject}: {problem}\n  -> {remedy}"));
    }
    if findings.is_empty() {
        output::say("nothing is wrong");
    }
}

fn tell_failures(report: &Report) {
    for outcome in &report.tenants {
        if let Err(error) = &outcome.result {
            let (slug, why) = (&outcome.tenant.slug, reason::of(error));
            output::note(format_args!("tenant {slug} could not be migrated: {why}"));
        }
    }
}

fn verdict(findings: &[Finding], tried: bool) -> Result<(), Failure> {
    let fixable = findings.iter().filter(|finding| finding.fixable).count();
    let count = match findings.len() {
        0 => return Ok(()),
        1 => "1 thing is wrong".to_owned(),
        count => format!("{count} things are wrong"),
    };
    Err(Failure::new(match fixable {
        0 => count,
        _ if tried => count,
        all if all == findings.len() => format!("{count}; `insula doctor --fix` mends that"),
        some => format!("{count}; `insula doctor --fix` mends {some} of them"),
    }))
}
