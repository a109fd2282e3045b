//! The audit trail: who did what to which tenant, from where.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    integer, json_binary, text, text_null, timestamp_with_time_zone, uuid_null,
};

use crate::named::{index, keyed_table, one_of};

const ACTORS: [&str; 4] = ["console", "operator", "user", "anonymous"];
const OUTCOMES: [&str; 3] = ["done", "refused", "failed"];

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // No foreign keys: what is told here outlives whoever it is about, and must neither wait for a
        // lock on their rows nor keep anybody else waiting.
        manager
            .create_table(
                keyed_table("audit_event")
                    .col(timestamp_with_time_zone("happened_at"))
                    .col(text("actor_kind"))
                    .col(uuid_null("actor_id"))
                    .col(text_null("actor_name"))
                    .col(text("action"))
                    .col(uuid_null("tenant_id"))
                    .col(text_null("tenant_slug"))
                    .col(text_null("source"))
                    .col(text_null("user_agent"))
                    .col(text_null("request_id"))
                    .col(text("outcome"))
                    .col(integer("count"))
                    .col(json_binary("detail"))
                    .check(one_of("audit_event", "actor_kind", &ACTORS))
                    .check(one_of("audit_event", "outcome", &OUTCOMES))
                    .take(),
            )
            .await?;
        manager
            .create_index(index("audit_event", &["happened_at", "id"]))
            .await?;
        manager
            .create_index(index("audit_event", &["tenant_id", "happened_at", "id"]))
            .await
    }
}
