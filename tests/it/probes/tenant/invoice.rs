//! Invoices.

use api::graphql::Kind;
use serde_json::json;

use crate::probes::declare::{MANAGER, Probes, STAFF};

pub(super) fn probes() -> Probes {
    let new = json!({
        "number": "$new", "customerId": "$Customer",
        "lines": [{ "description": "$new", "quantity": 1, "unitPrice": "1" }],
    });
    let change = json!({ "id": "$Invoice", "number": "$new", "customerId": "$SpareCustomer" });
    let relations = "number customer { name } lines { description }";
    Probes::default()
        .rows(
            Kind::Invoice,
            "INSERT INTO invoice (id, number, customer_id, issued_on, status, total, created_at)
             VALUES ('$Invoice', '$label', '$Customer', '2026-01-01', 'open', 1, now())",
        )
        .node(Kind::Invoice, STAFF, "number")
        .query("invoice", STAFF, json!({ "id": "$Invoice" }), relations)
        .query(
            "invoices",
            STAFF,
            json!({ "last": 20 }),
            "nodes { number customer { name } }",
        )
        .or(json!({ "filter": { "customer": { "eq": "$Customer" } } }))
        .or(json!({ "filter": { "customer": { "in": ["$Customer"] } } }))
        .mutation(
            "createInvoice",
            STAFF,
            new,
            "invoice { number lines { description } }",
        )
        .shows("$new")
        .mutation("updateInvoice", STAFF, change, "invoice { number }")
        .shows("$new")
        .mutation(
            "deleteInvoice",
            MANAGER,
            json!({ "id": "$Invoice" }),
            "deletedId",
        )
}
