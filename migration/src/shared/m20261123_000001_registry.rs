//! The registry: tenants, and the domains that lead to them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, json_binary, text, text_null, uuid};

use crate::named::{created_at, foreign_key, index, keyed_table, moment, one_of, unique};

const STATUSES: [&str; 7] = [
    "provisioning",
    "active",
    "suspended",
    "maintenance",
    "failed",
    "dropping",
    "dropped",
];

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tenant(manager).await?;
        create_domain(manager).await
    }
}

async fn create_tenant(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            keyed_table("tenant")
                .col(text("slug"))
                .col(text("name"))
                .col(text_null("street"))
                .col(text_null("city"))
                .col(text("schema_name"))
                .col(text("status"))
                .col(text_null("failure"))
                .col(json_binary("settings").default("{}"))
                .col(created_at())
                .col(moment("updated_at"))
                .index(&mut unique("tenant", &["schema_name"]))
                .check(one_of("tenant", "status", &STATUSES))
                .take(),
        )
        .await?;
    manager.create_index(index("tenant", &["status"])).await?;
    // A dropped tenant stays as a tombstone, and its slug is free again.
    manager
        .create_index(
            unique("tenant", &["slug"])
                .table("tenant")
                .and_where(Expr::col("status").ne("dropped"))
                .take(),
        )
        .await
}

async fn create_domain(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            keyed_table("domain")
                .col(uuid("tenant_id"))
                .col(text("host"))
                .col(boolean("is_primary"))
                .col(created_at())
                .index(&mut unique("domain", &["host"]))
                .foreign_key(&mut foreign_key("domain", "tenant_id", "tenant"))
                .take(),
        )
        .await?;
    manager
        .create_index(index("domain", &["tenant_id"]))
        .await?;
    manager
        .create_index(
            unique("domain", &["tenant_id"])
                .name("domain_tenant_id_primary_key")
                .table("domain")
                .and_where(Expr::col("is_primary"))
                .take(),
        )
        .await
}
