//! `insula domain`: the host names that lead to a tenant.

use clap::{Args, Subcommand};
use entity::shared::domain::Model;
use serde::Serialize;
use tenancy::Access;

use super::{Failure, Global, connect, console, output};
use crate::app::{domains, tenants};
use crate::auth::Caller;
use crate::state::State;

const EXAMPLES: &str = "\
Examples:
  insula domain add python shop.example
  insula domain primary python shop.example
  insula domain list python";

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(super) enum DomainCommand {
    /// Let one more host name lead to a tenant
    Add(HostArgs),
    /// Let a host name lead nowhere
    Remove(HostArgs),
    /// Make a domain the tenant's primary one
    Primary(HostArgs),
    /// List a tenant's domains, the primary first
    List(ListArgs),
}

#[derive(Debug, Args)]
pub(super) struct HostArgs {
    /// The tenant's slug
    slug: String,
    /// The host name, such as shop.example
    host: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// The tenant's slug
    slug: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, command: DomainCommand) -> Result<(), Failure> {
    let actor = console::actor();
    connect::registry(global, async |state| match &command {
        DomainCommand::Add(HostArgs { slug, host, json }) => {
            let row = domains::add(state, &actor.by()?, slug, host).await?;
            tell(&row, *json, &format!("leads to {slug} now"))
        }
        DomainCommand::Remove(HostArgs { slug, host, json }) => {
            let row = domains::remove(state, &actor.by()?, slug, host).await?;
            tell(&row, *json, "leads nowhere now")
        }
        DomainCommand::Primary(HostArgs { slug, host, json }) => {
            let row = domains::make_primary(state, &actor.by()?, slug, host).await?;
            tell(&row, *json, &format!("is the primary domain of {slug} now"))
        }
        DomainCommand::List(args) => list(state, args).await,
    })
    .await
}

async fn list(state: &State, args: &ListArgs) -> Result<(), Failure> {
    let db = state.operator.shared(Access::Read);
    let tenant = tenants::find(&db, &args.slug).await?;
    let rows = domains::of_tenant(&db, Caller::Console.can()?, tenant.id).await?;
    if args.json {
        return output::json(&rows.iter().map(Document::of).collect::<Vec<_>>());
    }
    let row = |row: &Model| vec![row.host.clone(), primary(row).to_owned()];
    output::table(&["DOMAIN", ""], rows.iter().map(row));
    Ok(())
}

fn primary(row: &Model) -> &'static str {
    if row.is_primary { "primary" } else { "" }
}

fn tell(row: &Model, json: bool, what: &str) -> Result<(), Failure> {
    if json {
        return output::json(&Document::of(row));
    }
    output::say(format_args!("{} {what}", row.host));
    Ok(())
}

/// What `--json` prints of a domain.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    host: &'a str,
    primary: bool,
}

impl<'a> Document<'a> {
    pub(super) fn of(row: &'a Model) -> Self {
        Self {
            host: &row.host,
            primary: row.is_primary,
        }
    }
}
