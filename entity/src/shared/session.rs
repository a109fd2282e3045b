//! Sessions of the operators.

use sea_orm::entity::prelude::*;

/// One login of one account, kept alive by refresh tokens, of which only hashes are stored.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "shared", table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    #[sea_orm(unique)]
    pub refresh_hash: Vec<u8>,
    /// Of the token before: whoever shows that one has stolen it, or lost to a thief.
    #[sea_orm(unique)]
    pub previous_hash: Option<Vec<u8>>,
    pub rotated_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub revoked_at: Option<DateTimeUtc>,
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::account::Entity>,
}

crate::keyed!();
