//! Conditions on lists.

use serde_json::{Value, json};
use tests::{Client, TestServer};

use super::id_of;

/// The values of a field of the rows that a filter lets through.
async fn through(client: &Client<'_>, plural: &str, filter: &str, field: &str) -> Value {
    let document = format!("{{ {plural}(filter: {filter}) {{ nodes {{ {field} }} }} }}");
    client
        .query(&document)
        .await
        .at(&format!("{plural}.nodes.{field}"))
}

#[tokio::test]
async fn texts_are_matched_whole_by_beginning_and_by_part() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    for name in [
        "100%",
        "100 percent",
        "under_score",
        "underXscore",
        "back\\slash",
        "O'Hara",
    ] {
        manager
            .mutate(
                "createEmployee",
                &json!({ "name": name }),
                "employee { id }",
            )
            .await
            .at("employee");
    }
    for (filter, names) in [
        ("{ name: { eq: \"Cobra\" } }", json!(["Cobra"])),
        ("{ name: { eq: \"cobra\" } }", json!([])),
        (
            "{ name: { in: [\"Viper\", \"Cobra\", \"Nobody\"] } }",
            json!(["Cobra", "Viper"]),
        ),
        ("{ name: { in: [] } }", json!([])),
        ("{ name: { startsWith: \"coB\" } }", json!(["Cobra"])),
        ("{ name: { contains: \"IPE\" } }", json!(["Viper"])),
        ("{ name: { contains: \"%\" } }", json!(["100%"])),
        ("{ name: { contains: \"r_s\" } }", json!(["under_score"])),
        ("{ name: { contains: \"\\\\\" } }", json!(["back\\slash"])),
        ("{ name: { contains: \"'\" } }", json!(["O'Hara"])),
        (
            "{ name: { startsWith: \"100\", contains: \"percent\" } }",
            json!(["100 percent"]),
        ),
        ("{ title: { isNull: false } }", json!(["Cobra", "Viper"])),
        (
            "{ title: { eq: \"Cashier\" }, name: { contains: \"v\" } }",
            json!(["Viper"]),
        ),
        (
            "{ title: { isNull: true }, name: { startsWith: \"O\" } }",
            json!(["O'Hara"]),
        ),
    ] {
        assert_eq!(
            through(&manager, "employees", filter, "name").await,
            names,
            "{filter}"
        );
    }
    let nul = manager.ask(
        "query($t: String) { employees(filter: { name: { contains: $t } }) { nodes { name } } }",
        &json!({ "t": "\u{0}" }),
    ).await;
    nul.assert_denied("BAD_USER_INPUT");
}

#[tokio::test]
async fn employees_are_filtered_by_reference_and_day() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    let produce = id_of(&manager, "departments", "Produce").await;
    let cobra = id_of(&manager, "employees", "Cobra").await;
    for (filter, names) in [
        (
            format!("{{ department: {{ eq: {produce} }} }}"),
            json!(["Cobra"]),
        ),
        (
            format!("{{ department: {{ in: [{produce}, \"nonsense\"] }} }}"),
            json!(["Cobra"]),
        ),
        ("{ department: { eq: \"nonsense\" } }".to_owned(), json!([])),
        (
            format!("{{ manager: {{ eq: {cobra} }} }}"),
            json!(["Viper"]),
        ),
        ("{ manager: { isNull: true } }".to_owned(), json!(["Cobra"])),
        (
            "{ hiredOn: { gte: \"2024-05-01\", lte: \"2024-05-01\" } }".to_owned(),
            json!(["Cobra", "Viper"]),
        ),
        ("{ hiredOn: { gte: \"2024-05-02\" } }".to_owned(), json!([])),
    ] {
        assert_eq!(
            through(&manager, "employees", &filter, "name").await,
            names,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn invoices_are_filtered_by_words_amounts_days_and_customer() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    let ada = id_of(&manager, "customers", "Ada Lovelace").await;
    let paid = json!({ "customerId": ada, "status": "PAID", "lines": [{ "description": "a", "quantity": 1, "unitPrice": "100" }] });
    manager
        .mutate("createInvoice", &paid, "invoice { id }")
        .await
        .at("invoice");
    for (filter, numbers) in [
        ("{ status: [PAID] }".to_owned(), json!(["3"])),
        (
            "{ status: [PAID, OPEN] }".to_owned(),
            json!(["1", "2", "3"]),
        ),
        ("{ status: [] }".to_owned(), json!([])),
        (
            "{ total: { gte: \"21.47\", lte: 50 } }".to_owned(),
            json!(["1", "2"]),
        ),
        ("{ total: { eq: \"100.0000\" } }".to_owned(), json!(["3"])),
        (
            "{ issuedOn: { eq: \"2026-01-31\" } }".to_owned(),
            json!(["1", "2"]),
        ),
        ("{ dueOn: { isNull: true } }".to_owned(), json!(["3"])),
        (
            format!("{{ customer: {{ eq: {ada} }}, status: [OPEN] }}"),
            json!(["1"]),
        ),
    ] {
        assert_eq!(
            through(&manager, "invoices", &filter, "number").await,
            numbers,
            "{filter}"
        );
    }
    for wrong in [
        "{ issuedOn: { eq: \"2026-02-30\" } }",
        "{ total: { gte: \"much\" } }",
    ] {
        let document = format!("{{ invoices(filter: {wrong}) {{ nodes {{ id }} }} }}");
        manager
            .query(&document)
            .await
            .assert_denied("BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn users_are_filtered_by_role_and_standing() {
    let server = TestServer::start().await;
    let owner = server.tenant("python").as_owner();
    let staff = through(&owner, "users", "{ role: [STAFF] }", "email").await;
    assert_eq!(staff, json!(["staff@python.test"]));
    let disabled = through(&owner, "users", "{ disabled: true }", "email").await;
    assert_eq!(disabled, json!([]));
    let enabled = through(&owner, "users", "{ disabled: false }", "email").await;
    assert_eq!(enabled.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_hundred_values_are_the_most() {
    let server = TestServer::start().await;
    let owner = server.tenant("python").as_owner();
    let document =
        "query($in: [String!]) { employees(filter: { name: { in: $in } }) { nodes { name } } }";
    let fine = owner
        .ask(document, &json!({ "in": vec!["Cobra"; 100] }))
        .await;
    assert_eq!(fine.at("employees.nodes.name"), json!(["Cobra"]));
    let many = owner
        .ask(document, &json!({ "in": vec!["Cobra"; 101] }))
        .await;
    many.assert_denied("BAD_USER_INPUT");
}
