//! The trail as it is read.

use chrono::{DateTime, Utc};
use entity::shared::audit_event::{Column, Entity, Model};
use entity::shared::tenant;
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Action;
use crate::app::error::Result;
use crate::app::tenants;
use crate::auth::Can;
use crate::auth::permission::ViewAudit;

/// Which events.
#[derive(Debug, Default)]
pub struct Which {
    /// About the tenant of this slug, whatever it was called then, and about whatever had this slug then.
    pub tenant: Option<String>,
    pub since: Option<DateTime<Utc>>,
    pub action: Option<Action>,
}

/// The newest of them, the newest first.
pub async fn newest(
    db: &impl ConnectionTrait,
    _: Can<ViewAudit>,
    which: &Which,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut query = Entity::find();
    if let Some(slug) = &which.tenant {
        query = query.filter(about(db, slug).await?);
    }
    if let Some(since) = which.since {
        query = query.filter(Column::HappenedAt.gte(since));
    }
    if let Some(action) = which.action {
        query = query.filter(Column::Action.eq(action.code()));
    }
    Ok(query
        .order_by_desc(Column::HappenedAt)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await?)
}

async fn about(db: &impl ConnectionTrait, slug: &str) -> Result<Condition> {
    let slug = slug.to_lowercase().replace('\0', " ");
    let named = Condition::any().add(Column::TenantSlug.eq(slug.as_str()));
    let living = tenants::living(db, tenant::Column::Slug.eq(slug.as_str())).await?;
    Ok(match living {
        Some(tenant) => named.add(Column::TenantId.eq(tenant.id)),
        None => named,
    })
}
