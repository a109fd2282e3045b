//! Domains, which lead to tenants.

use sea_orm::entity::prelude::*;

/// One host name that leads to one tenant.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "shared", table_name = "domain")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    /// In its canonical form: lower case, punycode, no port.
    #[sea_orm(unique)]
    pub host: String,
    /// At most one of a tenant's domains is.
    pub is_primary: bool,
    pub created_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<super::tenant::Entity>,
}

crate::keyed!();
