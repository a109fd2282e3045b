//! Sessions, a module that both realms have: one login of one user, kept alive by refresh tokens.
//!
//! Each step in the life of the table is a function here, and each history calls it from a
//! migration of its own. So the two tables stay alike, while every realm keeps its own order. A
//! released step is never edited; a change is a new function.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    binary, binary_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
};

use crate::named::{created_at, foreign_key, index, keyed_table, unique};

/// Creates `session`, owned by the realm's own table of users, whose sessions go when they go.
///
/// Tokens are kept as hashes. The hash before the current one stays, since its use a second time
/// means that a token was stolen.
pub(crate) async fn create(manager: &SchemaManager<'_>, owner: &'static str) -> Result<(), DbErr> {
    manager
        .create_table(
            keyed_table("session")
                .col(uuid("user_id"))
                .col(binary("refresh_hash"))
                .col(binary_null("previous_hash"))
                .col(timestamp_with_time_zone_null("rotated_at"))
                .col(created_at())
                .col(timestamp_with_time_zone("expires_at"))
                .col(timestamp_with_time_zone_null("revoked_at"))
                .index(&mut unique("session", &["refresh_hash"]))
                .index(&mut unique("session", &["previous_hash"]))
                .foreign_key(
                    foreign_key("session", "user_id", owner).on_delete(ForeignKeyAction::Cascade),
                )
                .take(),
        )
        .await?;
    manager.create_index(index("session", &["user_id"])).await?;
    manager
        .create_index(index("session", &["expires_at"]))
        .await
}
