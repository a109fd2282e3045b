//! Departments, and the employees in them, some of whom manage others.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{date_null, text, text_null, uuid_null};

use crate::named::{created_at, foreign_key, index, keyed_table, unique};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_department(manager).await?;
        create_employee(manager).await
    }
}

async fn create_department(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            keyed_table("department")
                .col(text("name"))
                .col(created_at())
                .index(&mut unique("department", &["name"]))
                .take(),
        )
        .await
}

async fn create_employee(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            keyed_table("employee")
                .col(text("number"))
                .col(text("name"))
                .col(text_null("email"))
                .col(text_null("title"))
                .col(uuid_null("department_id"))
                .col(uuid_null("manager_id"))
                .col(date_null("hired_on"))
                .col(created_at())
                .index(&mut unique("employee", &["number"]))
                .foreign_key(&mut foreign_key("employee", "department_id", "department"))
                .foreign_key(&mut foreign_key("employee", "manager_id", "employee"))
                .take(),
        )
        .await?;
    for column in ["department_id", "manager_id", "name"] {
        manager.create_index(index("employee", &[column])).await?;
    }
    Ok(())
}
