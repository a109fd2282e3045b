//! The operators' accounts and their sessions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{text, timestamp_with_time_zone_null};

use crate::named::{created_at, keyed_table, one_of, unique};
use crate::session;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                keyed_table("account")
                    .col(text("email"))
                    .col(text("name"))
                    .col(text("role"))
                    .col(text("password_hash"))
                    .col(timestamp_with_time_zone_null("disabled_at"))
                    .col(created_at())
                    .index(&mut unique("account", &["email"]))
                    .check(one_of("account", "role", &["operator", "viewer"]))
                    .take(),
            )
            .await?;
        session::create(manager, "account").await
    }
}
