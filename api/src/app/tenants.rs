//! A tenant's life, for operators: the same steps for the command line and for the shared realm.

use chrono::Utc;
use entity::shared::{domain, tenant};
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Unchanged, ColumnTrait, ConnectionTrait, DbErr, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect, Set,
};
use tenancy::{Access, Change, Domain, SchemaName, Slug, Status, Tenant, TenantId, announce};

use super::audit::{Action, By, Event};
use super::check::Check;
use super::domains;
use super::error::{Code, Error, Meaning, Refusal, Result, on_constraint};
use super::reason;
use crate::auth::Can;
use crate::auth::permission::{ManageFleet, ViewFleet};
use crate::state::State;

const MEANINGS: &[Meaning] = &[(
    "tenant_slug_key",
    Code::Taken,
    "slug",
    "another tenant has this slug",
)];

/// A tenant to be.
#[derive(Debug, Clone, Default)]
pub struct NewTenant {
    pub slug: String,
    pub name: String,
    pub street: Option<String>,
    pub city: Option<String>,
    /// Its first domain; `<slug>.<suffix>` if not given.
    pub domain: Option<String>,
}

/// Makes a tenant: its row, its first domain, its schema. What fails half-way stays visible as
/// `failed`, and creating it again goes on from there.
pub async fn create(state: &State, by: &By<ManageFleet>, new: NewTenant) -> Result<tenant::Model> {
    let act = by.act(Action::TenantCreate).at(&new.slug);
    act.watch(state, create_noted(state, by, &act, new)).await
}

async fn create_noted(
    state: &State,
    by: &By<ManageFleet>,
    act: &Event,
    new: NewTenant,
) -> Result<tenant::Model> {
    let (slug, host) = checked(state, &new)?;
    let registered = by.act(Action::TenantRegister).at(slug.as_str());
    let row = begin(state, &registered, (&slug, host), new).await?;
    let known = known(&row)?;
    // Held while its schema is made, so that nobody takes a creation under way for one that died.
    let Some(lock) = state.operator.try_lock(known.id).await? else {
        let message = "this tenant is being created at this moment";
        return Err(Refusal::new(Code::Taken, &["slug"], message).into());
    };
    let again = Step::to(Status::Provisioning, &[Status::Failed]);
    step(state, known.id, again, None).await?;
    let made = state
        .histories
        .tenant
        .migrate_tenant(&state.operator, &known)
        .await;
    let ended = match made {
        Ok(_) => {
            let ready = Step::to(Status::Active, &[Status::Provisioning]);
            step(state, known.id, ready, Some(act)).await
        }
        Err(error) => {
            let failed = Step::to(Status::Failed, &[Status::Provisioning]);
            step(state, known.id, failed.because(reason::of(&error)), None).await?;
            Err(error.into())
        }
    };
    lock.release().await;
    ended
}

/// Refuses the tenant's requests from now on; its data stay as they are.
pub async fn suspend(state: &State, by: &By<ManageFleet>, slug: &str) -> Result<tenant::Model> {
    let from = [Status::Active, Status::Maintenance];
    let act = by.act(Action::TenantSuspend).at(slug);
    change(state, &act, slug, Step::to(Status::Suspended, &from)).await
}

/// Serves a suspended tenant again.
pub async fn resume(state: &State, by: &By<ManageFleet>, slug: &str) -> Result<tenant::Model> {
    let from = [Status::Suspended, Status::Maintenance];
    let act = by.act(Action::TenantResume).at(slug);
    change(state, &act, slug, Step::to(Status::Active, &from)).await
}

/// A step that an operator asked for, told whatever comes of it.
async fn change(state: &State, act: &Event, slug: &str, to: Step<'_>) -> Result<tenant::Model> {
    let change = async {
        let id = id_of(state, slug).await?;
        step(state, id, to, Some(act)).await
    };
    act.watch(state, change).await
}

/// The tenant of this slug, unless it is dropped.
pub async fn by_slug(
    db: &impl ConnectionTrait,
    _: Can<ViewFleet>,
    slug: &str,
) -> Result<Option<tenant::Model>> {
    let Ok(slug) = slug.parse::<Slug>() else {
        return Ok(None);
    };
    Ok(living(db, tenant::Column::Slug.eq(slug.as_str())).await?)
}

/// The tenant that this domain leads to.
pub async fn by_domain(
    db: &impl ConnectionTrait,
    _: Can<ViewFleet>,
    host: &str,
) -> Result<Option<tenant::Model>> {
    let Ok(host) = host.parse::<Domain>() else {
        return Ok(None);
    };
    let found = domain::Entity::find()
        .filter(domain::Column::Host.eq(host.as_str()))
        .one(db)
        .await?;
    match found {
        Some(domain) => Ok(living(db, tenant::Column::Id.eq(domain.tenant_id)).await?),
        None => Ok(None),
    }
}

/// Every tenant that isn't dropped, by slug.
pub async fn all(db: &impl ConnectionTrait, _: Can<ViewFleet>) -> Result<Vec<tenant::Model>> {
    let living = tenant::Column::Status.ne(tenant::Status::Dropped);
    Ok(tenant::Entity::find()
        .filter(living)
        .order_by_asc(tenant::Column::Slug)
        .all(db)
        .await?)
}

/// The tenant as the door knows it, for scopes that operators open.
pub fn known(row: &tenant::Model) -> Result<Tenant> {
    let damaged =
        |what: &str| Error::Internal(format!("the registry's {what} of {} is damaged", row.id));
    Ok(Tenant {
        id: row.id.into(),
        slug: row.slug.parse().map_err(|_| damaged("slug"))?,
        schema: row
            .schema_name
            .parse()
            .map_err(|_| damaged("schema name"))?,
        login: row
            .serving_login
            .try_into()
            .map_err(|_| damaged("serving login"))?,
        status: status_of(row.status),
        version: None,
        breaking: None,
    })
}

/// The tenant of this slug, or the refusal that there is none.
pub async fn find(db: &impl ConnectionTrait, slug: &str) -> Result<tenant::Model> {
    let missing = || Refusal::not_found("slug", &format!("tenant: {slug:?}"));
    let parsed: Slug = slug.parse().map_err(|_| missing())?;
    let found = living(db, tenant::Column::Slug.eq(parsed.as_str())).await?;
    Ok(found.ok_or_else(missing)?)
}

/// The tenant of which this is true, unless it is dropped.
pub(super) async fn living(
    db: &impl ConnectionTrait,
    which: SimpleExpr,
) -> Result<Option<tenant::Model>, DbErr> {
    let living = tenant::Column::Status.ne(tenant::Status::Dropped);
    tenant::Entity::find()
        .filter(living)
        .filter(which)
        .one(db)
        .await
}

fn checked(state: &State, new: &NewTenant) -> Result<(Slug, Domain)> {
    let mut check = Check::default();
    check.text("name", &new.name, 200);
    check.optional_text("street", new.street.as_deref(), 200);
    check.optional_text("city", new.city.as_deref(), 200);
    let slug = new.slug.parse::<Slug>();
    if let Err(error) = &slug {
        check.refuse(Code::Invalid, "slug", &error.to_string());
    }
    check.finish()?;
    let slug = slug.map_err(|error| Refusal::new(Code::Invalid, &["slug"], error.to_string()))?;
    let host = match (&new.domain, &state.config.tenancy.suffix) {
        (Some(host), _) => host.clone(),
        (None, Some(suffix)) => format!("{slug}.{}", suffix.as_str()),
        (None, None) => {
            let message =
                "give a domain, or set INSULA_TENANT_SUFFIX for the first domains of new tenants";
            return Err(Refusal::new(Code::Required, &["domain"], message).into());
        }
    };
    Ok((slug, domains::parse(state, "domain", &host)?))
}

/// The row and its first domain, or the row of a creation that died.
async fn begin(
    state: &State,
    act: &Event,
    (slug, host): (&Slug, Domain),
    new: NewTenant,
) -> Result<tenant::Model> {
    let db = state.operator.shared(Access::Write);
    let row = match find(&db, slug.as_str()).await {
        Ok(row) => return unfinished(row),
        Err(Error::Refused(_)) => {
            let id = TenantId::new();
            let row = tenant::ActiveModel {
                id: Set(id.as_uuid()),
                slug: Set(slug.to_string()),
                name: Set(new.name),
                street: Set(new.street),
                city: Set(new.city),
                schema_name: Set(SchemaName::of(id).to_string()),
                serving_login: Set(serving_login(state, &db).await?),
                status: Set(tenant::Status::Provisioning),
                failure: Set(None),
                settings: Set(serde_json::json!({})),
                created_at: Set(Utc::now()),
                updated_at: Set(Utc::now()),
            };
            row.insert(&db)
                .await
                .map_err(|error| on_constraint(error, MEANINGS))?
        }
        Err(error) => return Err(error),
    };
    let first = domain::ActiveModel {
        tenant_id: Set(row.id),
        host: Set(host.to_string()),
        is_primary: Set(true),
        created_at: Set(Utc::now()),
        ..Default::default()
    };
    first
        .insert(&db)
        .await
        .map_err(|error| on_constraint(error, domains::MEANINGS))?;
    announce(&db, &Change::Tenant(row.id.into())).await?;
    act.clone().with("domain", host.as_str()).done(&db).await?;
    announce(&db, &Change::Domain(host)).await?;
    db.commit().await?;
    Ok(row)
}

/// The serving login that has room for one more tenant, or the next. Of many who ask at once more
/// may get it than there is room for, which does no harm.
async fn serving_login(state: &State, db: &impl ConnectionTrait) -> Result<i32> {
    let counts: Vec<(i32, i64)> = tenant::Entity::find()
        .select_only()
        .column(tenant::Column::ServingLogin)
        .column_as(tenant::Column::Id.count(), "tenants")
        .filter(tenant::Column::Status.ne(tenant::Status::Dropped))
        .group_by(tenant::Column::ServingLogin)
        .order_by_asc(tenant::Column::ServingLogin)
        .into_tuple()
        .all(db)
        .await?;
    let most = i64::from(state.config.database.tenants_per_login);
    let taken = |login: i32| {
        counts
            .iter()
            .any(|&(of, count)| of == login && count >= most)
    };
    Ok((1..=i32::from(u16::MAX))
        .find(|&login| !taken(login))
        .unwrap_or(1))
}

fn unfinished(row: tenant::Model) -> Result<tenant::Model> {
    match row.status {
        tenant::Status::Provisioning | tenant::Status::Failed => Ok(row),
        _ => Err(Refusal::new(Code::Taken, &["slug"], "another tenant has this slug").into()),
    }
}

/// One step of a life, from any of these statuses.
struct Step<'a> {
    next: Status,
    from: &'a [Status],
    /// Why it failed, where it did.
    failure: Option<String>,
}

impl<'a> Step<'a> {
    fn to(next: Status, from: &'a [Status]) -> Self {
        Self {
            next,
            from,
            failure: None,
        }
    }

    fn because(self, failure: String) -> Self {
        Self {
            failure: Some(failure),
            ..self
        }
    }
}

/// Takes a step, and tells of it in the same transaction. Somebody who is there already stays there.
async fn step(
    state: &State,
    id: TenantId,
    Step {
        next,
        from,
        failure,
    }: Step<'_>,
    act: Option<&Event>,
) -> Result<tenant::Model> {
    let db = state.operator.shared(Access::Write);
    let row = tenant::Entity::find_by_id(id.as_uuid());
    // Locked, so that of two operators the later one sees what the earlier did.
    let row = row.lock_exclusive().one(&db).await?;
    let mut row = row.ok_or_else(|| Refusal::not_found("slug", "tenant"))?;
    let now = status_of(row.status);
    if now != next {
        if !from.contains(&now) || !now.may_become(next) {
            let message = format!("a tenant that is {now} can't become {next} by this");
            return Err(Refusal::new(Code::NotAllowed, &["slug"], message).into());
        }
        let change = tenant::ActiveModel {
            id: Unchanged(id.as_uuid()),
            status: Set(column_of(next)),
            failure: Set(failure),
            updated_at: Set(Utc::now()),
            ..ActiveModelTrait::default()
        };
        row = change.update(&db).await?;
        announce(&db, &Change::Tenant(id)).await?;
    }
    if let Some(act) = act {
        act.clone().with("was", now.as_str()).done(&db).await?;
    }
    db.commit().await?;
    Ok(row)
}

async fn id_of(state: &State, slug: &str) -> Result<TenantId> {
    let row = find(&state.operator.shared(Access::Read), slug).await?;
    Ok(row.id.into())
}

pub(crate) fn status_of(column: tenant::Status) -> Status {
    match column {
        tenant::Status::Provisioning => Status::Provisioning,
        tenant::Status::Active => Status::Active,
        tenant::Status::Suspended => Status::Suspended,
        tenant::Status::Maintenance => Status::Maintenance,
        tenant::Status::Failed => Status::Failed,
        tenant::Status::Dropping => Status::Dropping,
        tenant::Status::Dropped => Status::Dropped,
    }
}

fn column_of(status: Status) -> tenant::Status {
    match status {
        Status::Provisioning => tenant::Status::Provisioning,
        Status::Active => tenant::Status::Active,
        Status::Suspended => tenant::Status::Suspended,
        Status::Maintenance => tenant::Status::Maintenance,
        Status::Failed => tenant::Status::Failed,
        Status::Dropping => tenant::Status::Dropping,
        Status::Dropped => tenant::Status::Dropped,
    }
}
