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
/// Much at once, up to the limits.
mod wide;

use serde_json::{Value, json};
use tests::{Client, TestServer};

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

/// Sixty employees and invoices more.
async fn crowd(server: &TestServer) {
    let sql = server.sql("python");
    sql.run(
        "INSERT INTO employee (id, number, name, department_id, manager_id, created_at)
         SELECT gen_random_uuid(), 'n' || n, 'Employee ' || n,
             (SELECT id FROM department ORDER BY md5(n || name) LIMIT 1),
             (SELECT id FROM employee ORDER BY md5(n || name) LIMIT 1), now()
         FROM generate_series(1, 60) n",
    )
    .await;
    sql.run(
        "WITH i AS (
             INSERT INTO invoice (id, number, customer_id, issued_on, status, total, created_at)
             SELECT gen_random_uuid(), 'n' || n,
                 (SELECT id FROM customer ORDER BY md5(n || name) LIMIT 1), '2026-01-01', 'open', 1, now()
             FROM generate_series(1, 60) n RETURNING id
         )
         INSERT INTO invoice_line (id, invoice_id, position, description, quantity, unit_price)
         SELECT gen_random_uuid(), i.id, 0, 'Line', 1, 1 FROM i",
    )
    .await;
}
