//! Migrations of all schemas: the shared realm first, then every tenant.

use entity::shared::tenant::{Column, Entity, Status as StatusColumn};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use tenancy::fleet::{self, Outcome};
use tenancy::{
    Access, Catalog, Change, SHARED_SCHEMA, SharedDb, Slug, Status, Tenant, Versions, announce,
};

use super::audit::{Action, By, Event};
use super::error::{Code, Refusal, Result};
use super::reason;
use crate::auth::permission::ManageFleet;
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
    pub tenants: Vec<Migrated>,
}

/// What was applied to a tenant, or why nothing was.
pub type Migrated = Outcome<Vec<String>, tenancy::Error>;

/// Somebody who wants to hear how a migration goes while it goes.
#[derive(Clone, Copy)]
pub struct Listener<'a> {
    /// Another migration is under way, and this one waits for it.
    pub waiting: &'a (dyn Fn() + Sync),
    /// So many tenants are to be migrated.
    pub started: &'a (dyn Fn(usize) + Sync),
    /// One of them is done.
    pub done: &'a (dyn Fn(&Migrated) + Sync),
}

impl Default for Listener<'_> {
    fn default() -> Self {
        Self {
            waiting: &|| tracing::info!("another migration is under way; waiting for it to end"),
            started: &|_| {},
            done: &|_| {},
        }
    }
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
    by: &By<ManageFleet>,
    scope: &Scope,
    listener: Listener<'_>,
) -> Result<Report> {
    let act = by.act(Action::Migrate);
    let migrating = Box::pin(migrate_noted(state, &act, scope, listener));
    act.watch(state, migrating).await
}

async fn migrate_noted(
    state: &State,
    act: &Event,
    scope: &Scope,
    listener: Listener<'_>,
) -> Result<Report> {
    let lock = state.operator.lock_structure(listener.waiting).await?;
    let shared = if scope.tenants.is_empty() {
        migrate_shared(state, act).await?
    } else {
        Vec::new()
    };
    let versions = versions(state).await?;
    let behind = behind(state, scope, &versions).await?;
    (listener.started)(behind.len());
    let tenants = fleet::each(behind, scope.jobs, listener.done, async |tenant| {
        migrate_tenant(state, &act.clone().of(tenant), tenant).await
    })
    .await;
    lock.release().await;
    Ok(Report { shared, tenants })
}

/// Migrates the shared realm, and tells of it where that did something. The table for that may only now
/// be there.
async fn migrate_shared(state: &State, act: &Event) -> Result<Vec<String>> {
    let history = &state.histories.shared;
    let applied = history.migrate_shared(&state.operator).await?;
    if !applied.is_empty() {
        let db = state.operator.shared(Access::Write);
        act.clone()
            .with("applied", applied.clone())
            .done(&db)
            .await?;
        db.commit().await?;
    }
    Ok(applied)
}

/// Migrates one tenant, and lets the registry know what came of it.
async fn migrate_tenant(
    state: &State,
    act: &Event,
    tenant: &Tenant,
) -> Result<Vec<String>, tenancy::Error> {
    let history = &state.histories.tenant;
    let migrated = history.migrate_tenant(&state.operator, tenant).await;
    let noted = note(state, act, tenant, &migrated).await;
    match (migrated, noted) {
        (Ok(applied), Ok(())) => Ok(applied),
        (Ok(_), Err(error)) => Err(error),
        (Err(error), noted) => {
            if let Err(unnoted) = noted {
                tracing::warn!(tenant = %tenant.slug, error = crate::chain(&unnoted), "a failure could not be noted");
            }
            act.failed(state, &error).await;
            Err(error)
        }
    }
}

/// Writes down why a tenant's last migration failed, or that it didn't.
async fn note(
    state: &State,
    act: &Event,
    tenant: &Tenant,
    migrated: &Result<Vec<String>, tenancy::Error>,
) -> Result<(), tenancy::Error> {
    let failure = migrated.as_ref().err().map(|error| reason::of(error));
    let db = state.operator.shared(Access::Write);
    let mut update = Entity::update_many().filter(Column::Id.eq(tenant.id.as_uuid()));
    if failure.is_none() {
        update = update.filter(Column::Failure.is_not_null());
    }
    let failure = Expr::value(failure);
    update.col_expr(Column::Failure, failure).exec(&db).await?;
    if let Ok(applied) = migrated {
        act.clone()
            .with("applied", applied.clone())
            .done(&db)
            .await?;
    }
    announce(&db, &Change::Tenant(tenant.id)).await?;
    db.commit().await
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
    let living = Column::Status.ne(StatusColumn::Dropped);
    let query = Entity::find().filter(living).order_by_asc(Column::Slug);
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
pub async fn shared_is_current(state: &State, db: &SharedDb) -> Result<bool> {
    let versions = Versions::all(db).await?;
    Ok(state
        .histories
        .shared
        .pending(&versions, SHARED_SCHEMA)
        .is_empty())
}

async fn versions(state: &State) -> Result<Versions, DbErr> {
    Versions::all(&state.operator.shared(Access::Read)).await
}

/// Whether a tenant has all of its schema. Those that are half made or going are their creator's or
/// their remover's business.
pub fn is_whole(status: Status) -> bool {
    matches!(
        status,
        Status::Active | Status::Suspended | Status::Maintenance
    )
}

/// The tenants of the scope that lack something.
async fn behind(state: &State, scope: &Scope, versions: &Versions) -> Result<Vec<Tenant>> {
    let shared = &state.histories.shared;
    if !shared.pending(versions, SHARED_SCHEMA).is_empty() {
        return match scope.tenants.as_slice() {
            [] => Ok(Vec::new()),
            _ => Err(Refusal::new(
                Code::NotAllowed,
                &["tenant"],
                "the shared realm is behind; it has to be migrated before any tenant",
            )
            .into()),
        };
    }
    if scope.shared_only {
        return Ok(Vec::new());
    }
    let all = state.directory.catalog().all().await?;
    let history = &state.histories.tenant;
    let ungranted = state.operator.ungranted().await?;
    let lacks = |tenant: &Tenant| {
        let schema = tenant.schema.as_str();
        let pending = history.pending(versions, schema);
        is_whole(tenant.status) && (!pending.is_empty() || ungranted.contains(schema))
    };
    let behind = chosen(all, &scope.tenants)?.into_iter().filter(lacks);
    Ok(behind.take(scope.canary.unwrap_or(usize::MAX)).collect())
}

/// The tenants of these slugs, each of which must be there and whole; all, if there are no slugs.
fn chosen(all: Vec<Tenant>, slugs: &[String]) -> Result<Vec<Tenant>> {
    if slugs.is_empty() {
        return Ok(all);
    }
    let mut wanted = Vec::new();
    for text in slugs {
        let missing = || Refusal::not_found("tenant", &format!("tenant: {text:?}"));
        let slug: Slug = text.parse().map_err(|_| missing())?;
        let found = all.iter().find(|tenant| tenant.slug == slug);
        let tenant = found.ok_or_else(missing)?;
        if !is_whole(tenant.status) {
            let status = tenant.status;
            let message = format!("tenant {slug} is {status}, so it has no schema to migrate");
            return Err(Refusal::new(Code::NotAllowed, &["tenant"], message).into());
        }
        wanted.push(slug);
    }
    Ok(all
        .into_iter()
        .filter(|tenant| wanted.contains(&tenant.slug))
        .collect())
}
