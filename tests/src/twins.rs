//! Rows of equal ids in both demo tenants, so that a row of the wrong one can't hide behind an id.

use uuid::Uuid;

use crate::server::TestServer;
use crate::sql::Sql;

/// The id of each twin row, whatever its noun.
pub const TWIN: Uuid = Uuid::from_u128(0x7717);

/// Gives both shops a department, an employee, a customer and an invoice with a line, all with the
/// id [`TWIN`] and with `Twin of <slug>` as name and description.
pub async fn enter(server: &TestServer) {
    for slug in ["python", "ruby"] {
        enter_at(&server.sql(slug), slug).await;
    }
}

/// Gives one tenant the same rows, labelled `Twin of <label>`.
pub async fn enter_at(sql: &Sql, label: &str) {
    let name = format!("'Twin of {label}'");
    for row in [
        format!("department (id, name, created_at) VALUES ('{TWIN}', {name}, now())"),
        format!("employee (id, number, name, created_at) VALUES ('{TWIN}', 'T', {name}, now())"),
    ] {
        sql.run(&format!("INSERT INTO {row}")).await;
    }
    sell_at(sql, label).await;
}

/// Those of the rows that have to do with sales.
pub async fn sell_at(sql: &Sql, label: &str) {
    let name = format!("'Twin of {label}'");
    for row in [
        format!("customer (id, number, name, created_at) VALUES ('{TWIN}', 'T', {name}, now())"),
        format!(
            "invoice (id, number, customer_id, issued_on, status, total, created_at)
             VALUES ('{TWIN}', {name}, '{TWIN}', '2026-01-01', 'open', 1, now())"
        ),
        format!(
            "invoice_line (id, invoice_id, position, description, quantity, unit_price)
             VALUES ('{TWIN}', '{TWIN}', 0, {name}, 1, 1)"
        ),
    ] {
        sql.run(&format!("INSERT INTO {row}")).await;
    }
}
