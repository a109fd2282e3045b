//! Invoices.

use sea_orm::entity::prelude::*;

/// One invoice to one customer.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What people call the row by; drawn from the series `invoice` where nobody gave one.
    #[sea_orm(unique)]
    pub number: String,
    pub customer_id: Uuid,
    pub issued_on: Date,
    pub due_on: Option<Date>,
    pub status: InvoiceStatus,
    /// The sum of its lines in the tenant's only currency, with four decimals; kept by the server,
    /// which adds it up.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub total: Decimal,
    pub created_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "customer_id", to = "id")]
    pub customer: BelongsTo<super::customer::Entity>,
    #[sea_orm(has_many)]
    pub lines: HasMany<super::invoice_line::Entity>,
}

crate::keyed!();

/// How far an invoice is on its way to being paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum InvoiceStatus {
    Draft,
    Open,
    Paid,
    Void,
}
