//! Whom a command is about: one tenant, or the shared realm.

use clap::Args;
use tenancy::{Access, Tenant};

use super::{Failure, console};
use crate::app::audit::{Action, Event};
use crate::app::{self, Code, Refusal, fleet, tenants};
use crate::state::State;

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct RealmArgs {
    /// A tenant, by its slug
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// The shared realm: the registry and the operators
    #[arg(long)]
    shared: bool,
}

impl RealmArgs {
    /// The tenant's slug, `None` for the shared realm.
    pub(super) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }
}

/// The tenant of this slug, which must have all of its schema. That there is none is told of as the
/// act's end.
pub(super) async fn whole_tenant(
    state: &State,
    action: Action,
    slug: &str,
) -> Result<Tenant, Failure> {
    let act = Event::new(console::actor(), action).at(slug);
    Ok(act.watch(state, find(state, slug)).await?)
}

async fn find(state: &State, slug: &str) -> app::Result<Tenant> {
    let db = state.operator.shared(Access::Read);
    let tenant = tenants::known(&tenants::find(&db, slug).await?)?;
    db.end().await;
    if fleet::is_whole(tenant.status) {
        return Ok(tenant);
    }
    let (slug, status) = (&tenant.slug, tenant.status);
    let message = format!(
        "tenant {slug} is {status}, so its schema can't be used; `insula tenant show {slug}` says more"
    );
    Err(Refusal::new(Code::NotAllowed, &["tenant"], message).into())
}
