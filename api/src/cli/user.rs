//! `insula user`: who may sign in at a tenant, or as an operator.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use entity::{shared::account, tenant::user};
use serde::Serialize;
use tenancy::Access;
use uuid::Uuid;

use super::password::NewPassword;
use super::realm::{RealmArgs, whole_tenant};
use super::{Failure, Global, connect, console, output};
use crate::app::accounts::{self, NewAccount};
use crate::app::audit::Action;
use crate::app::exploring;
use crate::app::users::{self, NewUser};
use crate::auth::{OperatorRole, TenantRole};
use crate::state::State;

const EXAMPLES: &str = "\
Examples:
  insula user create --tenant python cashier@python.example --name Adder --role staff
  pass show python | insula user create --tenant python owner@python.example --name Boa --role owner --password-stdin
  insula user create --shared night@insula.example --name \"Night shift\" --role viewer

The password is read from stdin if so asked, else asked for on a terminal, else generated and shown once.";

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Create a user of a tenant, or an operator
    Create(CreateArgs),
    /// List the users of a tenant, or the operators
    List(ListArgs),
}

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CreateArgs {
    #[command(flatten)]
    realm: RealmArgs,
    /// The address to sign in with
    email: String,
    /// What the user is called
    #[arg(long)]
    name: String,
    /// A tenant's owner, manager or staff; with --shared operator or viewer
    #[arg(long)]
    role: String,
    /// Read the password from stdin's first line
    #[arg(long)]
    password_stdin: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    realm: RealmArgs,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What is shown of somebody, the same in both realms.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    id: Uuid,
    email: String,
    name: String,
    role: &'static str,
    disabled: bool,
    created_at: DateTime<Utc>,
    /// The one that was generated.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

pub(super) async fn run(global: &Global, command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Create(args) => create(global, args).await,
        UserCommand::List(args) => list(global, &args).await,
    }
}

async fn create(global: &Global, args: CreateArgs) -> Result<(), Failure> {
    let role = Role::parse(&args)?;
    connect::registry(global, async |state| {
        // Who isn't there needs no password.
        let tenant = match args.realm.tenant() {
            Some(slug) => Some(whole_tenant(state, Action::UserCreate, slug).await?),
            None => None,
        };
        let password = NewPassword::obtain(args.password_stdin)?;
        let (email, name) = (args.email.clone(), args.name.clone());
        let text = password.text.clone();
        let mut shown = match (role, tenant) {
            (Role::Tenant(role), Some(tenant)) => {
                let new = NewUser {
                    email,
                    name,
                    role,
                    password: text,
                };
                create_user(state, &tenant, new).await?
            }
            (Role::Shared(role), _) => {
                let new = NewAccount {
                    email,
                    name,
                    role,
                    password: text,
                };
                create_account(state, new).await?
            }
            (Role::Tenant(_), None) => return Err(Failure::usage("name a tenant")),
        };
        shown.password = password.to_show().map(str::to_owned);
        if args.json {
            return output::json(&shown);
        }
        output::say(format_args!(
            "{} may sign in as {}",
            shown.email, shown.role
        ));
        if let Some(password) = password.to_show() {
            output::say(format_args!("password  {password}"));
            output::note("the password is shown this once; it is stored nowhere but as a hash");
        }
        Ok(())
    })
    .await
}

async fn create_user(
    state: &State,
    tenant: &tenancy::Tenant,
    new: NewUser,
) -> Result<Shown, Failure> {
    let actor = console::actor();
    let prepared = users::prepare(&state.hasher, actor.caller().can()?, new).await?;
    let row = exploring::create_user(state, &actor.by()?, tenant, prepared).await?;
    Ok(row.into())
}

async fn create_account(state: &State, new: NewAccount) -> Result<Shown, Failure> {
    let actor = console::actor();
    let prepared = accounts::prepare(&state.hasher, actor.caller().can()?, new).await?;
    let row = accounts::create(state, &actor.by()?, prepared).await?;
    Ok(row.into())
}

async fn list(global: &Global, args: &ListArgs) -> Result<(), Failure> {
    let actor = console::actor();
    connect::registry(global, async |state| {
        let all: Vec<Shown> = if let Some(slug) = args.realm.tenant() {
            let tenant = whole_tenant(state, Action::UserList, slug).await?;
            let rows = exploring::list_users(state, &actor.by()?, &tenant).await?;
            rows.into_iter().map(Into::into).collect()
        } else {
            let db = state.operator.shared(Access::Read);
            let rows = accounts::all(&db, actor.caller().can()?).await?;
            rows.into_iter().map(Into::into).collect()
        };
        if args.json {
            return output::json(&all);
        }
        if all.is_empty() {
            output::note("nobody may sign in yet; create somebody with `insula user create`");
            return Ok(());
        }
        let row = |one: &Shown| {
            let disabled = if one.disabled { "disabled" } else { "" };
            vec![
                one.email.clone(),
                one.name.clone(),
                one.role.to_owned(),
                disabled.to_owned(),
            ]
        };
        output::table(&["EMAIL", "NAME", "ROLE", ""], all.iter().map(row));
        Ok(())
    })
    .await
}

/// A role of the realm that the command is about.
#[derive(Clone, Copy)]
enum Role {
    Tenant(user::Role),
    Shared(account::Role),
}

impl Role {
    fn parse(args: &CreateArgs) -> Result<Self, Failure> {
        let wrong = |roles: &str| {
            Failure::usage(format!(
                "{:?} is no role here; there are {roles}",
                args.role
            ))
        };
        match args.realm.tenant() {
            Some(_) => match args.role.parse() {
                Ok(TenantRole::Owner) => Ok(Self::Tenant(user::Role::Owner)),
                Ok(TenantRole::Manager) => Ok(Self::Tenant(user::Role::Manager)),
                Ok(TenantRole::Staff) => Ok(Self::Tenant(user::Role::Staff)),
                Err(_) => Err(wrong("owner, manager and staff")),
            },
            None => match args.role.parse() {
                Ok(OperatorRole::Operator) => Ok(Self::Shared(account::Role::Operator)),
                Ok(OperatorRole::Viewer) => Ok(Self::Shared(account::Role::Viewer)),
                Err(_) => Err(wrong("operator and viewer")),
            },
        }
    }
}

impl From<user::Model> for Shown {
    fn from(row: user::Model) -> Self {
        let role = match row.role {
            user::Role::Owner => TenantRole::Owner,
            user::Role::Manager => TenantRole::Manager,
            user::Role::Staff => TenantRole::Staff,
        };
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            role: role.code(),
            disabled: row.disabled_at.is_some(),
            created_at: row.created_at,
            password: None,
        }
    }
}

impl From<account::Model> for Shown {
    fn from(row: account::Model) -> Self {
        let role = match row.role {
            account::Role::Operator => OperatorRole::Operator,
            account::Role::Viewer => OperatorRole::Viewer,
        };
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            role: role.code(),
            disabled: row.disabled_at.is_some(),
            created_at: row.created_at,
            password: None,
        }
    }
}
