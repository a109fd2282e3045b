//! Lines of invoices.

use sea_orm::entity::prelude::*;

/// One line of one invoice, which it goes with.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(unique_key = "place")]
    pub invoice_id: Uuid,
    /// Its place among the lines of its invoice.
    #[sea_orm(unique_key = "place")]
    pub position: i32,
    pub description: String,
    /// Greater than zero.
    pub quantity: i32,
    /// The price of one piece in the tenant's only currency, with four decimals.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub unit_price: Decimal,
    #[sea_orm(belongs_to, from = "invoice_id", to = "id", on_delete = "Cascade")]
    pub invoice: BelongsTo<super::invoice::Entity>,
}

crate::keyed!();
