//! `insula tenant`: a tenant's life.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use entity::shared::{domain, tenant};
use entity::tenant::user;
use serde::Serialize;
use tenancy::Access;
use uuid::Uuid;

use super::domain::Document as DomainDocument;
use super::password::NewPassword;
use super::{Failure, Global, connect, console, output};
use crate::app::domains;
use crate::app::exploring;
use crate::app::fleet::{self, Standing};
use crate::app::tenants::{self, NewTenant};
use crate::app::users::{self, NewUser};
use crate::auth::Caller;
use crate::state::State;

const EXAMPLES: &str = "\
Examples:
  insula tenant create wines --name \"Wines of the Mosel\" --owner owner@wines.example
  insula tenant show wines
  insula tenant suspend wines";

const CREATE_EXAMPLES: &str = "\
Examples:
  insula tenant create wines --name \"Wines of the Mosel\"
  insula tenant create wines --name \"Wines\" --domain wines.example --owner owner@wines.example

The slug is the tenant's name in commands: letters, digits and hyphens, 63 at most. A creation that
failed half-way goes on where it stopped when the same slug is created again.";

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(super) enum TenantCommand {
    /// Create a tenant: its row, its first domain, its schema
    Create(CreateArgs),
    /// List the tenants
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Show a tenant: status, version, address, domains
    Show(SlugArgs),
    /// Refuse a tenant's requests from now on; its data stay as they are
    Suspend(SlugArgs),
    /// Serve a suspended tenant again
    Resume(SlugArgs),
}

#[derive(Debug, Args)]
#[command(after_help = CREATE_EXAMPLES)]
pub(super) struct CreateArgs {
    /// The tenant's slug
    slug: String,
    /// What it is called
    #[arg(long)]
    name: String,
    #[arg(
        long,
        value_name = "HOST",
        help = "Its first domain [default: SLUG.$INSULA_TENANT_SUFFIX]"
    )]
    domain: Option<String>,
    #[arg(long)]
    street: Option<String>,
    #[arg(long)]
    city: Option<String>,
    /// Create a user of role owner too, whose password is generated and shown once
    #[arg(long, value_name = "EMAIL")]
    owner: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct SlugArgs {
    /// The tenant's slug
    slug: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, command: TenantCommand) -> Result<(), Failure> {
    let actor = console::actor();
    connect::registry(global, async |state| match command {
        TenantCommand::Create(args) => Box::pin(create(state, args)).await,
        TenantCommand::List { json } => list(state, json).await,
        TenantCommand::Show(args) => show(state, &args.slug, args.json).await,
        TenantCommand::Suspend(args) => {
            let row = tenants::suspend(state, &actor.by()?, &args.slug).await?;
            changed(state, &row, args.json, "is suspended").await
        }
        TenantCommand::Resume(args) => {
            let row = tenants::resume(state, &actor.by()?, &args.slug).await?;
            changed(state, &row, args.json, "is active").await
        }
    })
    .await
}

async fn create(state: &State, args: CreateArgs) -> Result<(), Failure> {
    let actor = console::actor();
    let new = NewTenant {
        slug: args.slug,
        name: args.name,
        street: args.street,
        city: args.city,
        domain: args.domain,
    };
    // Before anything is written: an owner who can't be created is no reason for half a tenant.
    let password = NewPassword::generate();
    let owner = match args.owner {
        Some(email) => {
            let owner = NewUser {
                email,
                name: "Owner".to_owned(),
                role: user::Role::Owner,
                password: password.text.clone(),
            };
            Some(users::prepare(&state.hasher, actor.caller().can()?, owner).await?)
        }
        None => None,
    };
    let row = tenants::create(state, &actor.by()?, new).await?;
    let owner = match owner {
        Some(owner) => {
            let tenant = tenants::known(&row)?;
            let owner = exploring::create_user(state, &actor.by()?, &tenant, owner).await?;
            Some(Owner {
                email: owner.email,
                password: password.text,
            })
        }
        None => None,
    };
    created(state, &row, owner, args.json).await
}

async fn created(
    state: &State,
    row: &tenant::Model,
    owner: Option<Owner>,
    json: bool,
) -> Result<(), Failure> {
    let (standing, domains) = about(state, row).await?;
    if json {
        return output::json(&Document {
            owner,
            ..Document::of(row, standing.as_ref(), &domains)
        });
    }
    let host = domains.first().map_or("no domain", |first| &first.host);
    output::say(format_args!("tenant {} is ready at {host}", row.slug));
    if let Some(Owner { email, password }) = owner {
        output::say(format_args!("owner     {email}"));
        output::say(format_args!("password  {password}"));
        output::note("the password is shown this once; it is stored nowhere but as a hash");
    }
    Ok(())
}

async fn list(state: &State, json: bool) -> Result<(), Failure> {
    let caller = Caller::Console;
    let db = state.operator.shared(Access::Read);
    let rows = tenants::all(&db, caller.can()?).await?;
    let domains = domains::all(&db, caller.can()?).await?;
    db.end().await;
    if rows.is_empty() && !json {
        output::note("there is no tenant yet; create one with `insula tenant create`");
        return Ok(());
    }
    let mut domains_of: HashMap<Uuid, Vec<&domain::Model>> = HashMap::new();
    for domain in &domains {
        domains_of.entry(domain.tenant_id).or_default().push(domain);
    }
    let domains_of = |row: &tenant::Model| domains_of.get(&row.id).cloned().unwrap_or_default();
    if json {
        let standings = fleet::status(state).await?;
        let standings: HashMap<_, _> = standings.iter().map(|one| (&one.schema, one)).collect();
        let documents = rows.iter().map(|row| {
            let standing = standings.get(&row.schema_name).copied();
            Document::of(row, standing, domains_of(row))
        });
        return output::json(&documents.collect::<Vec<_>>());
    }
    let table = rows.iter().map(|row| {
        let domains = domains_of(row);
        let primary = domains.iter().find(|domain| domain.is_primary);
        vec![
            row.slug.clone(),
            row.name.clone(),
            tenants::status_of(row.status).to_string(),
            primary.map_or_else(String::new, |domain| domain.host.clone()),
        ]
    });
    output::table(&["SLUG", "NAME", "STATUS", "DOMAIN"], table);
    Ok(())
}

async fn show(state: &State, slug: &str, json: bool) -> Result<(), Failure> {
    let db = state.operator.shared(Access::Read);
    let row = tenants::find(&db, slug).await?;
    db.end().await;
    let (standing, domains) = about(state, &row).await?;
    if json {
        return output::json(&Document::of(&row, standing.as_ref(), &domains));
    }
    let version = standing.as_ref().map(|standing| {
        let version = standing.version.as_deref().unwrap_or("none");
        match standing.pending {
            0 => version.to_owned(),
            pending => format!("{version}, {pending} behind"),
        }
    });
    let hosts = domains.iter().map(|domain| {
        let mark = if domain.is_primary { " (primary)" } else { "" };
        format!("{}{mark}", domain.host)
    });
    let address: Vec<_> = [&row.street, &row.city]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    for (what, value) in [
        ("slug", row.slug.clone()),
        ("name", row.name.clone()),
        ("status", tenants::status_of(row.status).to_string()),
        ("failure", row.failure.clone().unwrap_or_default()),
        ("address", address.join(", ")),
        ("domains", hosts.collect::<Vec<_>>().join(", ")),
        ("version", version.unwrap_or_default()),
        ("schema", row.schema_name.clone()),
        ("id", row.id.to_string()),
        (
            "created",
            row.created_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        ),
    ] {
        if !value.is_empty() {
            output::say(format_args!("{what:<9} {value}"));
        }
    }
    Ok(())
}

async fn changed(
    state: &State,
    row: &tenant::Model,
    json: bool,
    what: &str,
) -> Result<(), Failure> {
    if json {
        let (standing, domains) = about(state, row).await?;
        return output::json(&Document::of(row, standing.as_ref(), &domains));
    }
    output::say(format_args!("tenant {} {what}", row.slug));
    Ok(())
}

/// How far along a tenant is, and where it answers.
async fn about(
    state: &State,
    row: &tenant::Model,
) -> Result<(Option<Standing>, Vec<domain::Model>), Failure> {
    let standings = fleet::status(state).await?;
    let standing = standings
        .into_iter()
        .find(|standing| standing.schema == row.schema_name);
    let db = state.operator.shared(Access::Read);
    let domains = domains::of_tenant(&db, Caller::Console.can()?, row.id).await?;
    Ok((standing, domains))
}

/// What `--json` prints of a tenant.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    id: Uuid,
    slug: &'a str,
    name: &'a str,
    street: Option<&'a str>,
    city: Option<&'a str>,
    status: &'static str,
    failure: Option<&'a str>,
    schema: &'a str,
    version: Option<&'a str>,
    pending: Option<usize>,
    domains: Vec<DomainDocument<'a>>,
    created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
}

/// The owner that a tenant was created with.
#[derive(Serialize)]
struct Owner {
    email: String,
    password: String,
}

impl<'a> Document<'a> {
    fn of(
        row: &'a tenant::Model,
        standing: Option<&'a Standing>,
        domains: impl IntoIterator<Item = &'a domain::Model>,
    ) -> Self {
        Self {
            id: row.id,
            slug: &row.slug,
            name: &row.name,
            street: row.street.as_deref(),
            city: row.city.as_deref(),
            status: tenants::status_of(row.status).as_str(),
            failure: row.failure.as_deref(),
            schema: &row.schema_name,
            version: standing.and_then(|standing| standing.version.as_deref()),
            pending: standing.map(|standing| standing.pending),
            domains: domains.into_iter().map(DomainDocument::of).collect(),
            created_at: row.created_at,
            owner: None,
        }
    }
}
