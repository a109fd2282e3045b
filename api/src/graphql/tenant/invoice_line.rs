//! Lines of invoices.

use async_graphql::{Context, ID, InputObject, Object};
use entity::tenant::invoice_line;

use super::invoice::Invoice;
use crate::app::invoices::NewLine;
use crate::auth::permission::ViewSales;
use crate::graphql::noun::noun;
use crate::graphql::scalars::Decimal;
use crate::graphql::{ContextExt, Result};

noun!(
    /// One line of an invoice.
    InvoiceLine,
    invoice_line::Entity
);

/// One line of an invoice.
#[Object]
impl InvoiceLine {
    /// Its global id. Lines that are replaced get new ones.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> ID {
        ctx.tenant().global_id::<Self>(self.0.id)
    }

    /// What was sold.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// How many pieces, at least one.
    async fn quantity(&self) -> i32 {
        self.0.quantity
    }

    /// The price of one piece.
    async fn unit_price(&self) -> Decimal {
        self.0.unit_price.into()
    }

    /// The invoice that the line is on.
    async fn invoice(&self, ctx: &Context<'_>) -> Result<Option<Invoice>> {
        let request = ctx.tenant();
        request
            .related(request.can::<ViewSales>()?)
            .one(self.0.invoice_id)
            .await
    }
}

/// A line to be.
#[derive(Debug, InputObject)]
pub struct InvoiceLineInput {
    /// What is sold, at most 500 characters.
    description: String,
    /// How many pieces, at least one.
    quantity: i32,
    /// The price of one piece, with at most 15 digits before the point and 4 behind it.
    unit_price: Decimal,
}

impl From<InvoiceLineInput> for NewLine {
    fn from(input: InvoiceLineInput) -> Self {
        Self {
            description: input.description,
            quantity: input.quantity,
            unit_price: input.unit_price.0,
        }
    }
}
