//! Statements that an operator typed, each inside a scope and kept when it went well.

use tenancy::fleet::{self, Outcome};
use tenancy::{Access, Answer, Catalog, Tenant};

use super::error::{Error, Result};
use super::fleet::is_whole;
use crate::auth::Can;
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
    _: Can<ManageFleet>,
    tenant: &Tenant,
    statement: &str,
) -> Result<Answer> {
    let db = state.operator.tenant(tenant, Access::Write);
    let answer = db.run(statement).await?;
    db.commit().await?;
    Ok(answer)
}

/// Runs the statement in the shared realm.
pub async fn in_shared(state: &State, _: Can<ManageFleet>, statement: &str) -> Result<Answer> {
    let db = state.operator.shared(Access::Write);
    let answer = db.run(statement).await?;
    db.commit().await?;
    Ok(answer)
}

/// Runs the statement in every tenant, up to `jobs` at once. One that fails stops no other.
pub async fn in_all_tenants(
    state: &State,
    allowed: Can<ManageFleet>,
    statement: &str,
    jobs: usize,
) -> Result<Fleet> {
    let all = state.directory.catalog().all().await?;
    let (whole, left_out) = all
        .into_iter()
        .partition(|tenant: &Tenant| is_whole(tenant.status));
    let work = async |tenant: &Tenant| in_tenant(state, allowed, tenant, statement).await;
    let outcomes = fleet::each(whole, jobs, |_| {}, work).await;
    Ok(Fleet { outcomes, left_out })
}
