//! Which of the serving logins may enter a tenant.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::integer;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter()
            .table("tenant")
            .add_column(integer("serving_login").default(1))
            .take();
        manager.alter_table(add).await?;
        // Counted whenever a tenant is made.
        let index = crate::named::index("tenant", &["serving_login"]);
        manager.create_index(index).await
    }
}
