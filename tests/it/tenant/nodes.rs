//! Any row by its global id, and ids that are none of this tenant's.

use serde_json::{Value, json};
use tenancy::testing::Way;
use tests::{Client, TestServer};

tenancy::both_ways! {
    every_noun_is_found_by_its_id_alone,
    malformed_and_foreign_ids_are_null,
    a_node_that_the_role_may_not_see_is_an_error_of_its_own,
    more_than_a_hundred_ids_at_once_are_refused,
}

/// The ids of one row of each noun.
async fn ids(client: &Client<'_>) -> Vec<(String, Value)> {
    let document = "{
        departments(first: 1) { nodes { __typename id } }
        employees(first: 1) { nodes { __typename id } }
        customers(first: 1) { nodes { __typename id } }
        invoices(first: 1) { nodes { __typename id lines { __typename id } } }
        users(first: 1) { nodes { __typename id } }
    }";
    let answer = client.query(document).await;
    let plurals = ["departments", "employees", "customers", "invoices", "users"];
    let mut rows: Vec<Value> = plurals
        .iter()
        .map(|plural| answer.at(&format!("{plural}.nodes.0")))
        .collect();
    rows.push(answer.at("invoices.nodes.0.lines.0"));
    rows.iter()
        .map(|row| {
            (
                row["__typename"].as_str().unwrap().to_owned(),
                row["id"].clone(),
            )
        })
        .collect()
}

async fn every_noun_is_found_by_its_id_alone(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let owner = server.tenant("python").as_owner();
    let ids = ids(&owner).await;
    assert_eq!(ids.len(), 6);
    for (name, id) in &ids {
        let document = "query($id: ID!) { node(id: $id) { __typename id } }";
        let found = owner.ask(document, &json!({ "id": id })).await;
        assert_eq!(found.at("node"), json!({ "__typename": name, "id": id }));
    }
    let document =
        "query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Employee { name } } }";
    let mut wanted: Vec<Value> = ids.iter().map(|(_, id)| id.clone()).collect();
    wanted.insert(2, json!("nonsense"));
    wanted.push(wanted[1].clone());
    let found = owner.ask(document, &json!({ "ids": wanted })).await;
    assert_eq!(
        found.at("nodes"),
        json!([
            { "__typename": "Department" }, { "__typename": "Employee", "name": "Cobra" }, null,
            { "__typename": "Customer" }, { "__typename": "Invoice" }, { "__typename": "User" },
            { "__typename": "InvoiceLine" }, { "__typename": "Employee", "name": "Cobra" },
        ])
    );
}

async fn malformed_and_foreign_ids_are_null(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let python = server.tenant("python").as_owner();
    let mut strange: Vec<Value> = ids(&server.tenant("ruby").as_owner())
        .await
        .into_iter()
        .map(|(_, id)| id)
        .collect();
    let of_shared = server
        .shared()
        .as_operator()
        .query("{ tenants { nodes { id } } }")
        .await;
    strange.extend(of_shared.at("tenants.nodes.id").as_array().unwrap().clone());
    for text in [
        "",
        "nonsense",
        "1",
        "'",
        "\u{0}",
        "AAAA",
        &"A".repeat(44),
        &"A".repeat(10_000),
    ] {
        strange.push(json!(text));
    }
    let document = "query($id: ID!) {
        node(id: $id) { id }
        nodes(ids: [$id]) { id }
        department(id: $id) { id } employee(id: $id) { id } customer(id: $id) { id }
        invoice(id: $id) { id } user(id: $id) { id }
    }";
    for id in strange {
        let answer = python.ask(document, &json!({ "id": id })).await;
        assert_eq!(
            answer.at(""),
            json!({
                "node": null, "nodes": [null], "department": null, "employee": null,
                "customer": null, "invoice": null, "user": null,
            }),
            "{id}"
        );
    }
    // An id of the right tenant and the wrong type is as foreign.
    let ids = ids(&python).await;
    let (_, employee) = &ids[1];
    let crossed = python
        .ask(
            "query($id: ID!) { department(id: $id) { id } employee(id: $id) { name } }",
            &json!({ "id": employee }),
        )
        .await;
    assert_eq!(
        crossed.at(""),
        json!({ "department": null, "employee": { "name": "Cobra" } })
    );
}

async fn a_node_that_the_role_may_not_see_is_an_error_of_its_own(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let ids = ids(&server.tenant("python").as_owner()).await;
    let (employee, user) = (&ids[1].1, &ids[4].1);
    let document = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename } }";
    let staff = server.tenant("python").as_staff();
    let answer = staff
        .ask(document, &json!({ "ids": [employee, user] }))
        .await;
    answer.assert_denied("FORBIDDEN");
    assert_eq!(
        answer.json()["data"]["nodes"],
        json!([{ "__typename": "Employee" }, null])
    );
    assert_eq!(answer.json()["errors"][0]["path"], json!(["nodes", 1]));
}

async fn more_than_a_hundred_ids_at_once_are_refused(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let owner = server.tenant("python").as_owner();
    let document = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let fine = owner.ask(document, &json!({ "ids": vec!["x"; 100] })).await;
    assert_eq!(fine.at("nodes").as_array().unwrap().len(), 100);
    let many = owner.ask(document, &json!({ "ids": vec!["x"; 101] })).await;
    many.assert_denied("BAD_USER_INPUT");
}
