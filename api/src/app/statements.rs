//! Statements that an operator typed, each inside a scope and kept when it went well.

use tenancy::fleet::{self, Outcome};
use tenancy::{Access, Answer, Catalog, Tenant};

use super::audit::{Action, By, Event, statement};
use super::error::{Error, Result};
use super::fleet::is_whole;
use crate::auth::permission::ManageFleet;
use crate::state::State;

/// What came of a statement for every tenant.
#[derive(Debug)]
pub struct Fleet {
    pub outcomes: Vec<Outcome<Answer, Error>>,
    /// Tenants that are half made or going, which have no schema to run anything in.
    pub left_out: Vec<Tenant>,
}

/// Runs the statement in a tenant.
pub async fn in_tenant(
    state: &State,
    by: &By<ManageFleet>,
    tenant: &Tenant,
    statement: &str,
) -> Result<Answer> {
    let act = tried(by, statement).of(tenant);
    let db = state.operator.tenant(tenant, Access::Write);
    let ran = async {
        done(&act, statement).done(&db).await?;
        let answer = db.run(statement).await?;
        db.commit().await?;
        Ok(answer)
    };
    act.watch(state, ran).await
}

/// Runs the statement in the shared realm.
pub async fn in_shared(state: &State, by: &By<ManageFleet>, statement: &str) -> Result<Answer> {
    let act = tried(by, statement);
    let db = state.operator.shared(Access::Write);
    let ran = async {
        done(&act, statement).done(&db).await?;
        let answer = db.run(statement).await?;
        db.commit().await?;
        Ok(answer)
    };
    act.watch(state, ran).await
}

/// Runs the statement in every tenant, up to `jobs` at once. One that fails stops no other.
pub async fn in_all_tenants(
    state: &State,
    by: &By<ManageFleet>,
    statement: &str,
    jobs: usize,
) -> Result<Fleet> {
    let all = state.directory.catalog().all().await?;
    let (whole, left_out) = all
        .into_iter()
        .partition(|tenant: &Tenant| is_whole(tenant.status));
    let work = async |tenant: &Tenant| in_tenant(state, by, tenant, statement).await;
    let outcomes = fleet::each(whole, jobs, |_| {}, work).await;
    Ok(Fleet { outcomes, left_out })
}

/// What is told of a statement that didn't run.
fn tried(by: &By<ManageFleet>, text: &str) -> Event {
    by.act(Action::SqlRun)
        .with("kind", statement::first_word(text))
}

/// What is told of one that ran. It is written first: what the statement sets, such as another role, has
/// no say in it.
fn done(act: &Event, text: &str) -> Event {
    act.clone().with("statement", statement::bared(text))
}
