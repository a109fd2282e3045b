//! Migrations of all schemas: the shared realm first, then every tenant.

use entity::shared::tenant;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use tenancy::fleet::{self, Outcome};
use tenancy::{Access, Catalog, Change, SHARED_SCHEMA, Status, Tenant, Versions, announce};

use super::error::{Code, Error, Refusal, Result};
use crate::state::State;

/// What a migration is to touch.
#[derive(Debug, Default)]
pub struct Scope {
    /// These tenants only, by slug; all if empty.
    pub tenants: Vec<String>,
    /// The shared realm only.
    pub shared_only: bool,
    /// At most so many tenants, the first by age, to see whether all goes well.
    pub canary: Option<usize>,
    /// How many tenants at once.
    pub jobs: usize,
}

/// What a schema lacks.
#[derive(Debug)]
pub struct Pending {
    /// `None` is the shared realm.
    pub tenant: Option<Tenant>,
    pub versions: Vec<String>,
}

/// How far along a schema is.
#[derive(Debug)]
pub struct Standing {
    pub name: String,
    pub schema: String,
    pub status: Option<Status>,
    pub version: Option<String>,
    pub pending: usize,
    pub failure: Option<String>,
}

/// What came of a migration.
#[derive(Debug)]
pub struct Report {
    pub shared: Vec<String>,
    pub tenants: Vec<Outcome<Vec<String>, tenancy::Error>>,
}

/// What [`migrate`] would do, without doing it.
pub async fn plan(state: &State, scope: &Scope) -> Result<Vec<Pending>> {
    let versions = versions(state).await?;
    let mut plan = Vec::new();
    let shared = &state.histories.shared;
    let pending = |history: &tenancy::History, schema: &str| -> Vec<String> {
        history
            .pending(&versions, schema)
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    if scope.tenants.is_empty() {
        let versions = pending(shared, SHARED_SCHEMA);
        if !versions.is_empty() {
            plan.push(Pending {
                tenant: None,
                versions,
            });
        }
    }
    for tenant in behind(state, scope, &versions).await? {
        let versions = pending(&state.histories.tenant, tenant.schema.as_str());
        plan.push(Pending {
            tenant: Some(tenant),
            versions,
        });
    }
    Ok(plan)
}

/// Brings every schema to its newest version. One at a time per database; a tenant that fails stops
/// no other, and each tenant is a transaction of its own.
pub async fn migrate(
    state: &State,
    scope: &Scope,
    started: impl FnOnce(usize),
    done: impl Fn(&Outcome<Vec<String>, tenancy::Error>),
) -> Result<Report> {
    let waiting = || tracing::info!("another migration is under way; waiting for it to end");
    let lock = state.operator.lock_structure(waiting).await?;
    let shared = if scope.tenants.is_empty() {
        state
            .histories
            .shared
            .migrate_shared(&state.operator)
            .await?
    } else {
        Vec::new()
    };
    let versions = versions(state).await?;
    let behind = behind(state, scope, &versions).await?;
    started(behind.len());
    let tenants = fleet::each(behind, scope.jobs, done, async |tenant| {
        let applied = state
            .histories
            .tenant
            .migrate_tenant(&state.operator, tenant)
            .await?;
        let db = state.operator.shared(Access::Write);
        announce(&db, &Change::Tenant(tenant.id)).await?;
        db.commit().await?;
        Ok(applied)
    })
    .await;
    lock.release().await;
    Ok(Report { shared, tenants })
}

/// The version of every schema, the shared realm's first.
pub async fn status(state: &State) -> Result<Vec<Standing>> {
    let versions = versions(state).await?;
    let mut standings = vec![Standing {
        name: SHARED_SCHEMA.to_owned(),
        schema: SHARED_SCHEMA.to_owned(),
        status: None,
        version: versions.latest(SHARED_SCHEMA).map(str::to_owned),
        pending: state
            .histories
            .shared
            .pending(&versions, SHARED_SCHEMA)
            .len(),
        failure: None,
    }];
    if standings[0].pending > 0 {
        return Ok(standings);
    }
    let db = state.operator.shared(Access::Read);
    let living = tenant::Column::Status.ne(tenant::Status::Dropped);
    let query = tenant::Entity::find()
        .filter(living)
        .order_by_asc(tenant::Column::Slug);
    for row in query.all(&db).await? {
        let schema = row.schema_name;
        standings.push(Standing {
            name: row.slug,
            status: Some(super::tenants::status_of(row.status)),
            version: versions.latest(&schema).map(str::to_owned),
            pending: state.histories.tenant.pending(&versions, &schema).len(),
            failure: row.failure,
            schema,
        });
    }
    Ok(standings)
}

/// Whether the shared realm has everything that this program needs.
pub async fn shared_is_current(state: &State) -> Result<bool> {
    let versions = Versions::all(&state.database.shared(Access::Read)).await?;
    Ok(state
        .histories
        .shared
        .pending(&versions, SHARED_SCHEMA)
        .is_empty())
}

async fn versions(state: &State) -> Result<Versions, DbErr> {
    Versions::all(&state.operator.shared(Access::Read)).await
}

/// The tenants of the scope that lack something. Those that are half made or going are their
/// creator's or their remover's business.
async fn behind(state: &State, scope: &Scope, versions: &Versions) -> Result<Vec<Tenant>> {
    let shared = &state.histories.shared;
    if scope.shared_only || !shared.pending(versions, SHARED_SCHEMA).is_empty() {
        return Ok(Vec::new());
    }
    let all = state.directory.catalog().all().await?;
    for slug in &scope.tenants {
        if !all
            .iter()
            .any(|tenant| tenant.slug.as_str() == slug.as_str())
        {
            let refusal = Refusal::new(
                Code::NotFound,
                &["tenant"],
                format!("no such tenant: {slug:?}"),
            );
            return Err(Error::from(refusal));
        }
    }
    let chosen = |tenant: &Tenant| {
        scope.tenants.is_empty()
            || scope
                .tenants
                .iter()
                .any(|slug| slug == tenant.slug.as_str())
    };
    let whole = |tenant: &Tenant| {
        matches!(
            tenant.status,
            Status::Active | Status::Suspended | Status::Maintenance
        )
    };
    let lacks = |tenant: &Tenant| {
        !state
            .histories
            .tenant
            .pending(versions, tenant.schema.as_str())
            .is_empty()
    };
    let behind = all
        .into_iter()
        .filter(|tenant| chosen(tenant) && whole(tenant) && lacks(tenant));
    Ok(behind.take(scope.canary.unwrap_or(usize::MAX)).collect())
}
