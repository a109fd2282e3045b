//! `insula migrate`: brings every schema to its newest version.

mod new;

use std::num::NonZero;
use std::sync::OnceLock;

use clap::{Args, Subcommand};
use serde::Serialize;
use tenancy::{SHARED_SCHEMA, Tenant};

use super::{Failure, Global, connect, console, output};
use crate::app::fleet::{self, Listener, Migrated, Pending, Report, Scope};
use crate::app::reason;
use crate::state::State;

const EXAMPLES: &str = "\
Examples:
  insula migrate --plan             what would be done
  insula migrate                    the shared realm, then every tenant
  insula migrate --canary 3         the shared realm and the three oldest tenants that are behind
  insula migrate --tenant python    one tenant
  insula migrate new tenant add_supplier

A tenant that fails stops no other and stays at the version it had. Running it again touches only
those that are still behind.";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(super) struct MigrateArgs {
    #[command(subcommand)]
    command: Option<MigrateCommand>,
    #[command(flatten)]
    migrate: Migrate,
}

#[derive(Debug, Subcommand)]
enum MigrateCommand {
    /// Write the file for a new migration into ./migration
    New(new::NewArgs),
}

#[derive(Debug, Args)]
struct Migrate {
    /// Show what would be done, and do nothing
    #[arg(long)]
    plan: bool,
    /// Migrate this tenant and leave the shared realm alone; may be given several times
    #[arg(long, value_name = "SLUG")]
    tenant: Vec<String>,
    /// Migrate the shared realm only
    #[arg(long, conflicts_with_all = ["tenant", "canary"])]
    shared: bool,
    /// Migrate at most N tenants, the oldest first, to see whether all goes well
    #[arg(long, value_name = "N")]
    canary: Option<NonZero<u32>>,
    /// Migrate N tenants at once
    #[arg(long, value_name = "N", default_value = "4")]
    jobs: NonZero<u32>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, args: MigrateArgs) -> Result<(), Failure> {
    if let Some(MigrateCommand::New(args)) = args.command {
        return new::run(&args);
    }
    let args = args.migrate;
    connect::database(global, async |state| {
        if args.plan {
            plan(state, &args).await
        } else {
            migrate(state, &args).await
        }
    })
    .await
}

async fn plan(state: &State, args: &Migrate) -> Result<(), Failure> {
    let plan = fleet::plan(state, &args.scope(state)).await?;
    if args.json {
        return output::json(&Document::of_plan(&plan));
    }
    if plan.is_empty() {
        output::say("nothing is pending");
        return Ok(());
    }
    let only_shared = plan.iter().all(|pending| pending.tenant.is_none());
    let of = |pending: &Pending| rows(name_of(pending), &pending.versions);
    output::table(&["REALM", "PENDING"], plan.iter().flat_map(of));
    if only_shared && !args.shared {
        output::note("the tenants can be planned once the shared realm is migrated");
    }
    Ok(())
}

async fn migrate(state: &State, args: &Migrate) -> Result<(), Failure> {
    let bar = OnceLock::new();
    let listener = Listener {
        waiting: &|| output::note("another migration is under way; waiting for it to end"),
        started: &|tenants| drop(bar.set(output::progress(tenants, "migrating"))),
        done: &|_| {
            if let Some(bar) = bar.get() {
                bar.inc(1);
            }
        },
    };
    let report =
        fleet::migrate(state, &console::actor().by()?, &args.scope(state), listener).await?;
    if let Some(bar) = bar.get() {
        bar.finish_and_clear();
    }
    let (failed, all) = (failures(&report), report.tenants.len());
    if args.json {
        output::json(&Document::of_report(&report))?;
    } else {
        show(&report);
    }
    for (slug, why) in &failed {
        output::note(format_args!("tenant {slug}: {why}"));
    }
    match failed.len() {
        0 => Ok(()),
        failed => Err(Failure::new(format!(
            "{failed} of {all} tenants could not be migrated and stay as they were; mend the cause and run it again"
        ))),
    }
}

fn show(report: &Report) {
    let applied = |outcome: &Migrated| {
        let slug = outcome.tenant.slug.to_string();
        let versions = outcome.result.as_deref().unwrap_or_default();
        rows(&slug, versions)
    };
    let mut all = rows(SHARED_SCHEMA, &report.shared);
    all.extend(report.tenants.iter().flat_map(applied));
    if !all.is_empty() {
        output::table(&["REALM", "APPLIED"], all);
    } else if report.tenants.is_empty() {
        output::say("nothing was pending");
    }
}

fn rows(name: &str, versions: &[String]) -> Vec<Vec<String>> {
    let row = |version: &String| vec![name.to_owned(), version.clone()];
    versions.iter().map(row).collect()
}

fn failures(report: &Report) -> Vec<(String, String)> {
    let failure = |outcome: &Migrated| {
        let why = reason::of(outcome.result.as_ref().err()?);
        Some((outcome.tenant.slug.to_string(), why))
    };
    report.tenants.iter().filter_map(failure).collect()
}

fn name_of(pending: &Pending) -> &str {
    let tenant = pending.tenant.as_ref();
    tenant.map_or(SHARED_SCHEMA, |tenant| tenant.slug.as_str())
}

impl Migrate {
    fn scope(&self, state: &State) -> Scope {
        // Each job needs a connection of its own.
        let most = state.config.database.max_connections;
        if self.jobs.get() > most && !self.plan {
            output::note(format_args!(
                "only {most} tenants at once; `database.max_connections` allows no more"
            ));
        }
        Scope {
            tenants: self.tenant.clone(),
            shared_only: self.shared,
            canary: self.canary.map(|most| most.get() as usize),
            jobs: self.jobs.get().min(most) as usize,
        }
    }
}

/// What `--json` prints: what is pending, or what was applied.
#[derive(Serialize)]
struct Document<'a> {
    shared: Versions<'a>,
    tenants: Vec<OfTenant<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Versions<'a> {
    Pending(&'a [String]),
    Applied(&'a [String]),
}

#[derive(Serialize)]
struct OfTenant<'a> {
    tenant: &'a str,
    schema: &'a str,
    #[serde(flatten)]
    versions: Versions<'a>,
    error: Option<String>,
}

impl<'a> Document<'a> {
    fn of_plan(plan: &'a [Pending]) -> Self {
        let shared = plan.iter().find(|pending| pending.tenant.is_none());
        let shared = shared.map(|shared| shared.versions.as_slice());
        let of_tenant = |pending: &'a Pending| {
            let versions = Versions::Pending(&pending.versions);
            let tenant = pending.tenant.as_ref()?;
            Some(OfTenant::of(tenant, versions, None))
        };
        Self {
            shared: Versions::Pending(shared.unwrap_or_default()),
            tenants: plan.iter().filter_map(of_tenant).collect(),
        }
    }

    fn of_report(report: &'a Report) -> Self {
        let of_tenant = |Migrated { tenant, result }: &'a Migrated| {
            let versions = Versions::Applied(result.as_deref().unwrap_or_default());
            let error = result.as_ref().err().map(|error| reason::of(error));
            OfTenant::of(tenant, versions, error)
        };
        Self {
            shared: Versions::Applied(&report.shared),
            tenants: report.tenants.iter().map(of_tenant).collect(),
        }
    }
}

impl<'a> OfTenant<'a> {
    fn of(tenant: &'a Tenant, versions: Versions<'a>, error: Option<String>) -> Self {
        Self {
            tenant: tenant.slug.as_str(),
            schema: tenant.schema.as_str(),
            versions,
            error,
        }
    }
}
