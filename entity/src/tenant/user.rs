//! A tenant's users.

use sea_orm::entity::prelude::*;

/// One person who may log in at this tenant.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// In lower case.
    #[sea_orm(unique)]
    pub email: String,
    pub name: String,
    pub role: Role,
    /// A PHC string.
    pub password_hash: String,
    /// Since when the user may not log in.
    pub disabled_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    #[sea_orm(has_many)]
    pub sessions: HasMany<super::session::Entity>,
}

crate::keyed!();

/// What a user may do; the greater role may all that the lesser may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Role {
    Staff,
    Manager,
    Owner,
}
