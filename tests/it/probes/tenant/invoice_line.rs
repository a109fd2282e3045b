//! The lines of invoices.

use api::graphql::Kind;

use crate::probes::declare::{Probes, STAFF};

pub(super) fn probes() -> Probes {
    Probes::default()
        .rows(
            Kind::InvoiceLine,
            "INSERT INTO invoice_line (id, invoice_id, position, description, quantity, unit_price)
             VALUES ('$InvoiceLine', '$Invoice', 0, '$label', 1, 1)",
        )
        .node(Kind::InvoiceLine, STAFF, "description invoice { number }")
}
