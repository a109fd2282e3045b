//! What anybody may know of the tenant that they are at.

use entity::shared::{domain, tenant};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};
use tenancy::TenantId;

use super::error::Result;
use crate::auth::Can;
use crate::auth::permission::SeeTenant;

/// A tenant's row and its domains, the primary first, by one statement; `None` if it is gone.
pub async fn read(
    db: &impl ConnectionTrait,
    _: Can<SeeTenant>,
    tenant: TenantId,
) -> Result<Option<(tenant::Model, Vec<domain::Model>)>> {
    let mut found = tenant::Entity::find_by_id(tenant.as_uuid())
        .find_with_related(domain::Entity)
        .order_by_desc(domain::Column::IsPrimary)
        .order_by_asc(domain::Column::Host)
        .all(db)
        .await?;
    Ok(found.pop())
}
