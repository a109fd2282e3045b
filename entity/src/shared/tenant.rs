//! Tenants, as the registry knows them.

use sea_orm::entity::prelude::*;

/// One customer: what it is called, where its data lie, and how it does.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "shared", table_name = "tenant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Unique among the tenants that are not dropped.
    pub slug: String,
    pub name: String,
    pub street: Option<String>,
    pub city: Option<String>,
    /// Generated, never chosen and never used again.
    #[sea_orm(unique)]
    pub schema_name: String,
    /// The number of the login that serves it.
    #[sea_orm(default_value = 1)]
    pub serving_login: i32,
    pub status: Status,
    /// Why the tenant is [`Status::Failed`].
    pub failure: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: Json,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(has_many)]
    pub domains: HasMany<super::domain::Entity>,
}

crate::keyed!();

/// Where a tenant stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Status {
    Provisioning,
    Active,
    Suspended,
    Maintenance,
    Failed,
    Dropping,
    Dropped,
}
