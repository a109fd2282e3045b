//! A tenant's own API.

/// What operations cost PostgreSQL, each with its limit.
mod costs;
mod customers;
mod departments;
mod employees;
/// Conditions on lists, alone and together.
mod filters;
mod invoices;
/// What a request costs PostgreSQL.
mod loading;
/// Any row by its global id.
mod nodes;
/// One operation is one transaction.
mod transactions;
mod users;

use serde_json::{Value, json};
use tests::Client;

/// The global id of the row of this name among a noun's.
async fn id_of(client: &Client<'_>, plural: &str, name: &str) -> Value {
    let document = format!(
        "query($name: String!) {{ {plural}(filter: {{ name: {{ eq: $name }} }}) {{ nodes {{ id }} }} }}"
    );
    let answer = client.ask(&document, &json!({ "name": name })).await;
    let id = answer.at(&format!("{plural}.nodes.0.id"));
    assert!(id.is_string(), "there is no {name} among the {plural}");
    id
}
