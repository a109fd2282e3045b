//! What operators do with the users of a tenant, who are none of them: make them, look at them, and be
//! one of them for a while.

use entity::tenant::user::Model;
use sea_orm::ActiveEnum;
use tenancy::{Access, Tenant};
use uuid::Uuid;

use super::audit::{Action, By, Event};
use super::error::Result;
use super::sessions::{Accounts, Sessions};
use super::users::{self, PreparedUser};
use crate::auth::MintedToken;
use crate::auth::permission::{ManageFleet, ManageUsers, ViewUsers};
use crate::state::State;

/// Creates a user of a tenant, of any status.
pub async fn create_user(
    state: &State,
    by: &By<ManageUsers>,
    tenant: &Tenant,
    new: PreparedUser,
) -> Result<Model> {
    let act = by.act(Action::UserCreate).of(tenant);
    let act = act
        .with("email", new.email())
        .with("role", new.role().to_value());
    act.watch(state, create_noted(state, by, (&act, tenant), new))
        .await
}

async fn create_noted(
    state: &State,
    by: &By<ManageUsers>,
    (act, tenant): (&Event, &Tenant),
    new: PreparedUser,
) -> Result<Model> {
    let db = state.operator.tenant(tenant, Access::Write);
    let user = users::create(&db, by.can(), new).await?;
    act.done(&db).await?;
    db.commit().await?;
    Ok(user)
}

/// The users of a tenant. Whoever looks at a tenant's rows is told of before they are shown.
pub async fn list_users(state: &State, by: &By<ViewUsers>, tenant: &Tenant) -> Result<Vec<Model>> {
    let act = by.act(Action::UserList).of(tenant);
    act.watch(state, list_noted(state, by, &act, tenant)).await
}

async fn list_noted(
    state: &State,
    by: &By<ViewUsers>,
    act: &Event,
    tenant: &Tenant,
) -> Result<Vec<Model>> {
    let db = state.operator.tenant(tenant, Access::Read);
    let users = users::all(&db, by.can()).await?;
    db.end().await;
    told(state, act).await?;
    Ok(users)
}

/// An access token of somebody's, for exploring. `tenant` is `None` in the shared realm.
pub async fn mint<A: Accounts>(
    state: &State,
    by: &By<ManageFleet>,
    (subject, tenant): (&A::Subject, Option<&Tenant>),
    (user, email): (Uuid, &str),
) -> Result<MintedToken> {
    let act = by.act(Action::TokenMint).with("user", email);
    let act = tenant.map_or(act.clone(), |tenant| act.of(tenant));
    act.watch(state, mint_noted::<A>(state, (by, &act), subject, user))
        .await
}

/// The session is made in a transaction of the realm's own login; its token is handed out once that is told.
async fn mint_noted<A: Accounts>(
    state: &State,
    (by, act): (&By<ManageFleet>, &Event),
    subject: &A::Subject,
    user: Uuid,
) -> Result<MintedToken> {
    let sessions = Sessions::<A>::new(state, subject);
    let minted = sessions.mint_for(by.actor().caller(), user).await?;
    told(state, act).await?;
    Ok(minted)
}

/// Tells of what changes nothing in the registry.
async fn told(state: &State, act: &Event) -> Result<()> {
    let db = state.operator.shared(Access::Write);
    act.done(&db).await?;
    db.commit().await?;
    Ok(())
}
