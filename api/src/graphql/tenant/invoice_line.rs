//! Lines of invoices.

use async_graphql::InputObject;
use entity::tenant::invoice_line;

use super::invoice::Invoice;
use crate::app::invoices::NewLine;
use crate::auth::permission::ViewSales;
use crate::graphql::noun::noun;
use crate::graphql::scalars::Decimal;

noun! {
    /// One line of an invoice.
    tenant InvoiceLine(invoice_line) {
        /// Its global id. Lines that are replaced get new ones.
        id,

        /// What was sold.
        description: String,

        /// How many pieces, at least one.
        quantity: i32,

        /// The price of one piece.
        unit_price: Decimal,

        /// The invoice that the line is on.
        invoice: one Invoice by invoice_id for ViewSales,
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
