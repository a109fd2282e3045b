//! Customers, the invoices they get, and where the counting of numbers stands.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, date, date_null, integer, text, text_null, uuid};
use sea_orm_migration::sea_query::Check;

use crate::named::{
    created_at, foreign_key, index, keyed_table, money, one_of, primary_key, unique,
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_customer(manager).await?;
        create_invoice(manager).await?;
        create_invoice_line(manager).await?;
        create_number_series(manager).await
    }
}

async fn create_customer(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            keyed_table("customer")
                .col(text("number"))
                .col(text("name"))
                .col(text_null("company"))
                .col(text_null("email"))
                .col(text_null("phone"))
                .col(text_null("address"))
                .col(text_null("city"))
                .col(text_null("country"))
                .col(created_at())
                .index(&mut unique("customer", &["number"]))
                .take(),
        )
        .await?;
    for column in ["name", "country"] {
        manager.create_index(index("customer", &[column])).await?;
    }
    Ok(())
}

async fn create_invoice(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            keyed_table("invoice")
                .col(text("number"))
                .col(uuid("customer_id"))
                .col(date("issued_on"))
                .col(date_null("due_on"))
                .col(text("status"))
                .col(money("total"))
                .col(created_at())
                .index(&mut unique("invoice", &["number"]))
                .foreign_key(&mut foreign_key("invoice", "customer_id", "customer"))
                .check(one_of(
                    "invoice",
                    "status",
                    &["draft", "open", "paid", "void"],
                ))
                .take(),
        )
        .await?;
    for column in ["customer_id", "status", "issued_on", "due_on"] {
        manager.create_index(index("invoice", &[column])).await?;
    }
    Ok(())
}

/// The unique key leads with the invoice, and so is the index of that foreign key too.
async fn create_invoice_line(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            keyed_table("invoice_line")
                .col(uuid("invoice_id"))
                .col(integer("position"))
                .col(text("description"))
                .col(integer("quantity"))
                .col(money("unit_price"))
                .index(&mut unique("invoice_line", &["invoice_id", "position"]))
                .foreign_key(
                    foreign_key("invoice_line", "invoice_id", "invoice")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .check(Check::named(
                    "invoice_line_quantity_check",
                    Expr::col("quantity").gt(0),
                ))
                .take(),
        )
        .await
}

/// A row per noun whose numbers the server draws. A row and not a sequence, so that a number goes
/// back with the transaction that drew it in vain.
async fn create_number_series(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("number_series")
                .col(text("noun"))
                .col(big_integer("next"))
                .primary_key(&mut primary_key("number_series", "noun"))
                .take(),
        )
        .await
}
