//! What anybody may know of the tenant that they are at.

use entity::shared::{domain, tenant};
use sea_orm::{EntityTrait, QueryOrder};
use tenancy::TenantId;

use super::error::Result;
use crate::auth::Can;
use crate::auth::permission::SeeTenant;
use crate::state::State;

/// A tenant's row and its domains, the primary first, by one statement; `None` if it is gone.
///
/// It is the registry's, which no tenant's scope may read: so it has a scope of its own.
pub async fn read(
    state: &State,
    _: Can<SeeTenant>,
    tenant: TenantId,
) -> Result<Option<(tenant::Model, Vec<domain::Model>)>> {
    let mut found = tenant::Entity::find_by_id(tenant.as_uuid())
        .find_with_related(domain::Entity)
        .order_by_desc(domain::Column::IsPrimary)
        .order_by_asc(domain::Column::Host)
        .all(&state.database.directory())
        .await?;
    Ok(found.pop())
}
