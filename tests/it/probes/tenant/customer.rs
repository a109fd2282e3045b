//! Customers.

use api::graphql::Kind;
use serde_json::json;

use crate::probes::declare::{MANAGER, Probes, STAFF};

pub(super) fn probes() -> Probes {
    let change = json!({ "id": "$Customer", "name": "$new" });
    // The first has an invoice, which would keep it from being deleted.
    let delete = json!({ "id": "$SpareCustomer" });
    let relations = "name invoices { nodes { number } }";
    Probes::default()
        .rows(
            Kind::Customer,
            "INSERT INTO customer (id, number, name, created_at)
             VALUES ('$Customer', '$slug', '$label', now()), ('$SpareCustomer', 'spare-$slug', '$label, spare', now())",
        )
        .node(Kind::Customer, STAFF, "name")
        .query("customer", STAFF, json!({ "id": "$Customer" }), relations)
        .query("customers", STAFF, json!({ "last": 20 }), "nodes { name }")
        .mutation("createCustomer", STAFF, json!({ "name": "$new" }), "customer { name }")
        .shows("$new")
        .mutation("updateCustomer", STAFF, change, "customer { name }")
        .shows("$new")
        .mutation("deleteCustomer", MANAGER, delete, "deletedId")
}
