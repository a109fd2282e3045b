//! The domains that lead to a tenant. Each tenant has exactly one primary.

use chrono::Utc;
use entity::shared::domain::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set,
};
use tenancy::{Access, Change, Domain, announce};
use uuid::Uuid;

use super::audit::{Action, By, Event};
use super::error::{Code, Meaning, Refusal, Result, on_constraint};
use super::tenants;
use crate::auth::Can;
use crate::auth::permission::{ManageFleet, ViewFleet};
use crate::state::State;

pub(super) const MEANINGS: &[Meaning] = &[(
    "domain_host_key",
    Code::Taken,
    "domain",
    "this domain leads to a tenant already",
)];

/// The tenant's domains, the primary first.
pub async fn of_tenant(
    db: &impl ConnectionTrait,
    _: Can<ViewFleet>,
    tenant: Uuid,
) -> Result<Vec<Model>> {
    let query = Entity::find().filter(Column::TenantId.eq(tenant));
    Ok(query
        .order_by_desc(Column::IsPrimary)
        .order_by_asc(Column::Host)
        .all(db)
        .await?)
}

/// Every domain, of every tenant.
pub async fn all(db: &impl ConnectionTrait, _: Can<ViewFleet>) -> Result<Vec<Model>> {
    Ok(Entity::find().order_by_asc(Column::Host).all(db).await?)
}

/// Lets one more domain lead to the tenant.
pub async fn add(state: &State, by: &By<ManageFleet>, slug: &str, host: &str) -> Result<Model> {
    let act = by.act(Action::DomainAdd).at(slug).with("domain", host);
    act.watch(state, add_noted(state, &act, slug, host)).await
}

async fn add_noted(state: &State, act: &Event, slug: &str, host: &str) -> Result<Model> {
    let host = parse(state, "domain", host)?;
    let db = state.operator.shared(Access::Write);
    let tenant = tenants::find(&db, slug).await?;
    let row = ActiveModel {
        tenant_id: Set(tenant.id),
        host: Set(host.to_string()),
        is_primary: Set(false),
        created_at: Set(Utc::now()),
        ..Default::default()
    };
    let row = row
        .insert(&db)
        .await
        .map_err(|error| on_constraint(error, MEANINGS))?;
    act.done(&db).await?;
    announce(&db, &Change::Domain(host)).await?;
    db.commit().await?;
    Ok(row)
}

/// Lets a domain lead nowhere. The primary one can't be removed.
pub async fn remove(state: &State, by: &By<ManageFleet>, slug: &str, host: &str) -> Result<Model> {
    let act = by.act(Action::DomainRemove).at(slug).with("domain", host);
    act.watch(state, remove_noted(state, &act, slug, host))
        .await
}

async fn remove_noted(state: &State, act: &Event, slug: &str, host: &str) -> Result<Model> {
    let db = state.operator.shared(Access::Write);
    let (row, host) = find(state, &db, slug, host).await?;
    if row.is_primary {
        let message = "this is the tenant's primary domain; make another one primary first";
        return Err(Refusal::new(Code::InUse, &["domain"], message).into());
    }
    Entity::delete_by_id(row.id).exec(&db).await?;
    act.done(&db).await?;
    announce(&db, &Change::Domain(host)).await?;
    db.commit().await?;
    Ok(row)
}

/// Makes a domain the tenant's primary one, in place of the one before.
pub async fn make_primary(
    state: &State,
    by: &By<ManageFleet>,
    slug: &str,
    host: &str,
) -> Result<Model> {
    let act = by.act(Action::DomainPrimary).at(slug).with("domain", host);
    act.watch(state, make_primary_noted(state, &act, slug, host))
        .await
}

async fn make_primary_noted(state: &State, act: &Event, slug: &str, host: &str) -> Result<Model> {
    let db = state.operator.shared(Access::Write);
    let (row, _) = find(state, &db, slug, host).await?;
    // The old one first: an index allows one primary at every moment.
    for (one, primary) in [
        (Column::Id.ne(row.id), false),
        (Column::Id.eq(row.id), true),
    ] {
        Entity::update_many()
            .col_expr(Column::IsPrimary, Expr::value(primary))
            .filter(Column::TenantId.eq(row.tenant_id))
            .filter(one)
            .exec(&db)
            .await?;
    }
    act.done(&db).await?;
    announce(&db, &Change::Tenant(row.tenant_id.into())).await?;
    db.commit().await?;
    Ok(Model {
        is_primary: true,
        ..row
    })
}

/// A host name that may lead to a tenant.
pub(super) fn parse(state: &State, field: &str, host: &str) -> Result<Domain> {
    let refuse = |message: String| Refusal::new(Code::Invalid, &[field], message);
    let domain: Domain = host
        .parse()
        .map_err(|error: tenancy::DomainError| refuse(error.to_string()))?;
    if state.shared_domain.as_ref() == Some(&domain) {
        return Err(refuse("this domain leads to the shared realm".to_owned()).into());
    }
    Ok(domain)
}

async fn find(
    state: &State,
    db: &impl ConnectionTrait,
    slug: &str,
    host: &str,
) -> Result<(Model, Domain)> {
    let host = parse(state, "domain", host)?;
    let tenant = tenants::find(db, slug).await?;
    let row = Entity::find()
        .filter(Column::TenantId.eq(tenant.id))
        .filter(Column::Host.eq(host.as_str()))
        .one(db)
        .await?;
    let missing = || Refusal::not_found("domain", "domain of this tenant");
    Ok((row.ok_or_else(missing)?, host))
}
