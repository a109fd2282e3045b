//! `insula token`: an access token for exploring.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use tenancy::{Access, SharedRealm, TenantRealm};

use super::realm::RealmArgs;
use super::{Failure, Global, connect, console, output};
use crate::app::audit::{Action, Event};
use crate::app::{accounts, exploring, tenants, users};
use crate::auth::MintedToken;
use crate::state::State;

const EXAMPLES: &str = "\
Examples:
  insula token --tenant python
  insula token --shared --user operator@insula.test
  curl -s http://python.localhost:8000/graphql -H \"Authorization: Bearer $(insula token --tenant python)\" \\
    -H 'content-type: application/json' -d '{\"query\":\"{ me { email } }\"}'";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct TokenArgs {
    #[command(flatten)]
    realm: RealmArgs,
    /// Whose token, by e-mail address [default: the owner, or the operator, who came first]
    #[arg(long, value_name = "EMAIL")]
    user: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    token: String,
    expires_at: DateTime<Utc>,
}

pub(super) async fn run(global: &Global, args: TokenArgs) -> Result<(), Failure> {
    connect::registry(global, async |state| {
        if !connect::knows_keys(&state.config) {
            return Err(Failure::new(
                "there is no key to sign with; set INSULA_JWT_SECRET or INSULA_JWT_KEY_FILES to what the server has",
            ));
        }
        let user = args.user.as_deref();
        let (email, minted) = match args.realm.tenant() {
            Some(slug) => of_tenant(state, slug, user).await?,
            None => of_shared(state, user).await?,
        };
        if args.json {
            return output::json(&Document {
                token: minted.token,
                expires_at: minted.expires_at,
            });
        }
        output::say(minted.token);
        let until = minted.expires_at.format("%H:%M:%S UTC");
        output::note(format_args!("a token of {email}, until {until}"));
        Ok(())
    })
    .await
}

async fn of_tenant(
    state: &State,
    slug: &str,
    user: Option<&str>,
) -> Result<(String, MintedToken), Failure> {
    let actor = console::actor();
    let caller = actor.caller();
    let shared = state.operator.shared(Access::Read);
    let act = Event::new(actor.clone(), Action::TokenMint).at(slug);
    let row = act.watch(state, tenants::find(&shared, slug)).await?;
    shared.end().await;
    let known = state.directory.get(row.id.into()).await?;
    let known = known.ok_or_else(|| Failure::new(format!("tenant {slug} is gone")))?;
    let tenant = Arc::clone(&known)
        .enter(state.histories.tenant.latest())
        .map_err(|why| Failure::new(format!("no token is worth anything at {slug}: {why}")))?;
    let db = state.operator.tenant(&tenant, Access::Read);
    let found = match user {
        Some(email) => users::by_email(&db, caller.can()?, email).await?,
        None => users::first_owner(&db, caller.can()?).await?,
    };
    db.end().await;
    let found = found.ok_or_else(|| nobody(user, "owner", &format!("--tenant {slug}")))?;
    let (by, whose) = (actor.by()?, (found.id, found.email.as_str()));
    let realm = (&tenant, Some(&*tenant));
    let minted = exploring::mint::<TenantRealm>(state, &by, realm, whose).await?;
    Ok((found.email, minted))
}

async fn of_shared(state: &State, user: Option<&str>) -> Result<(String, MintedToken), Failure> {
    let actor = console::actor();
    let caller = actor.caller();
    let db = state.operator.shared(Access::Read);
    let found = match user {
        Some(email) => accounts::by_email(&db, caller.can()?, email).await?,
        None => accounts::first_operator(&db, caller.can()?).await?,
    };
    db.end().await;
    let found = found.ok_or_else(|| nobody(user, "operator", "--shared"))?;
    let (by, whose) = (actor.by()?, (found.id, found.email.as_str()));
    let minted = exploring::mint::<SharedRealm>(state, &by, (&(), None), whose).await?;
    Ok((found.email, minted))
}

fn nobody(user: Option<&str>, role: &str, realm: &str) -> Failure {
    Failure::new(match user {
        Some(email) => {
            format!(
                "no user has the address {email:?}; `insula user list {realm}` shows who has one"
            )
        }
        None => {
            format!(
                "there is no {role} who may sign in; create one with `insula user create {realm}`"
            )
        }
    })
}
