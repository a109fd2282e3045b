//! Customers.

use serde_json::{Value, json};
use tests::TestServer;

use super::id_of;

const FIELDS: &str = "customer { number name company email phone address city country }";

#[tokio::test]
async fn a_customer_is_entered_changed_field_by_field_and_deleted() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    let mut expected = json!({
        "number": "C-1", "name": "Alan Turing", "company": "Bombe Ltd", "email": "alan@bombe.test",
        "phone": "+44 1", "address": "Hut 8", "city": "Bletchley", "country": "UK",
    });
    let made = manager
        .mutate(
            "createCustomer",
            &expected,
            &format!("{FIELDS} more: customer {{ id }}"),
        )
        .await;
    assert_eq!(made.at("customer"), expected);
    let id = made.at("more.id");
    for (field, value) in [
        ("name", json!("A. Turing")),
        ("company", Value::Null),
        ("email", json!("turing@bombe.test")),
        ("phone", Value::Null),
        ("address", Value::Null),
        ("city", json!("Manchester")),
        ("country", Value::Null),
        ("number", json!("C-2")),
    ] {
        expected[field] = value.clone();
        let change = json!({ "id": id, field: value });
        let changed = manager.mutate("updateCustomer", &change, FIELDS).await;
        assert_eq!(changed.at("customer"), expected, "{field}");
    }
    let gone = manager
        .mutate("deleteCustomer", &json!({ "id": id }), "deletedId")
        .await;
    assert_eq!(gone.at("deletedId"), id);
    let again = manager
        .mutate("deleteCustomer", &json!({ "id": id }), "deletedId")
        .await;
    assert_eq!(again.wrong(), ["NOT_FOUND id"]);
    let change = json!({ "id": id, "name": "Nobody" });
    let change = manager.mutate("updateCustomer", &change, FIELDS).await;
    assert_eq!(change.wrong(), ["NOT_FOUND id"]);
}

#[tokio::test]
async fn wrong_customers_are_refused_and_nothing_is_written() {
    let server = TestServer::start().await;
    let staff = server.tenant("python").as_staff();
    for (input, wrong) in [
        (json!({ "name": "" }), "REQUIRED name"),
        (json!({ "name": "N", "email": "a b@c" }), "INVALID email"),
        (
            json!({ "name": "N", "city": "c".repeat(5000) }),
            "TOO_LONG city",
        ),
        (json!({ "name": "N", "number": "1" }), "TAKEN number"),
        (json!({ "name": "N", "phone": "\u{7}" }), "INVALID phone"),
    ] {
        let refused = staff.mutate("createCustomer", &input, FIELDS).await;
        assert_eq!(refused.wrong(), [wrong], "{input}");
    }
    assert_eq!(server.sql("python").count("customer").await, 2);
    staff
        .mutate("createCustomer", &json!({ "name": "N" }), FIELDS)
        .await
        .at("customer");
}

#[tokio::test]
async fn a_customer_with_invoices_stays_and_shows_them() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    let ada = json!({ "id": id_of(&manager, "customers", "Ada Lovelace").await });
    let read = "query($id: ID!) { customer(id: $id) { invoices { nodes { id number } } } }";
    let invoices = manager.ask(read, &ada).await.at("customer.invoices.nodes");
    assert_eq!(invoices[0]["number"], "1");

    let refused = manager.mutate("deleteCustomer", &ada, "deletedId").await;
    assert_eq!(refused.wrong(), ["IN_USE id"]);
    let invoice = json!({ "id": invoices[0]["id"] });
    manager
        .mutate("deleteInvoice", &invoice, "deletedId")
        .await
        .at("deletedId");
    let gone = manager.mutate("deleteCustomer", &ada, "deletedId").await;
    assert_eq!(gone.at("deletedId"), ada["id"]);
}
