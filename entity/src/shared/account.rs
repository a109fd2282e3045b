//! Accounts of the operators, who run the whole.

use sea_orm::entity::prelude::*;

/// One operator.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "shared", table_name = "account")]
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
    /// Since when the account may not log in.
    pub disabled_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    #[sea_orm(has_many)]
    pub sessions: HasMany<super::session::Entity>,
}

crate::keyed!();

/// What an operator may do; the greater role may all that the lesser may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Role {
    Viewer,
    Operator,
}
