//! What must come back, to the last character.

use serde_json::{Value, json};

use crate::fleet::Tenant;
use crate::queries::{Filling, INVOICE, id};

/// The data of a right answer; for what was written it is made from what came back of the id, which
/// the server draws.
pub(crate) fn data(query: &str, tenant: &Tenant, filling: Filling, came: &Value) -> Value {
    match query {
        "q1" => json!({ "employee": {
            "id": id(18, tenant, filling.employee),
            "name": format!("Employee {} of {}", filling.employee, tenant.name),
        } }),
        "q2" => json!({ "employees": { "nodes": rows(20, |n| employee(tenant, n)) } }),
        "q3" => json!({ "invoices": { "nodes": rows(20, |n| invoice(tenant, n)) } }),
        "q4" => json!({ "createInvoice": {
            "invoice": {
                "id": came["createInvoice"]["invoice"]["id"],
                "number": filling.invoice(tenant),
                "total": "232.2500",
            },
            "userErrors": [],
        } }),
        _ => json!({ "invoices": { "nodes": rows(20, |n| deep_invoice(tenant, n)) } }),
    }
}

const STATUSES: [&str; 4] = ["DRAFT", "OPEN", "PAID", "VOID"];

fn rows(count: usize, row: impl Fn(usize) -> Value) -> Vec<Value> {
    (1..=count).map(row).collect()
}

fn employee(tenant: &Tenant, n: usize) -> Value {
    json!({
        "id": id(18, tenant, n),
        "name": format!("Employee {n} of {}", tenant.name),
        "department": { "name": format!("Department {} of {}", 1 + n % 5, tenant.name) },
    })
}

fn invoice(tenant: &Tenant, n: usize) -> Value {
    json!({
        "id": id(INVOICE, tenant, n),
        "number": number(tenant, n),
        "status": STATUSES[n % 4],
        "total": format!("{}.0000", 6 * n),
        "customer": { "name": customer(tenant, n) },
        "lines": lines(tenant, n),
    })
}

/// With the first five invoices of its customer, who has every fiftieth.
fn deep_invoice(tenant: &Tenant, n: usize) -> Value {
    let of_customer = (0..4).map(|times| match n % 50 {
        0 => 50 + 50 * times,
        first => first + 50 * times,
    });
    let short = |n| json!({ "number": number(tenant, n), "lines": lines(tenant, n) });
    let invoices: Vec<_> = of_customer.map(short).collect();
    let mut invoice = short(n);
    invoice["customer"] = json!({
        "name": customer(tenant, n),
        "invoices": { "nodes": invoices },
    });
    invoice
}

fn number(tenant: &Tenant, n: usize) -> String {
    format!("INV-{n:05}-{}", tenant.name)
}

fn customer(tenant: &Tenant, n: usize) -> String {
    format!("Customer {} of {}", 1 + n % 50, tenant.name)
}

fn lines(tenant: &Tenant, n: usize) -> Vec<Value> {
    rows(3, |line| {
        json!({
            "description": format!("Line {n}.{line} of {}", tenant.name),
            "quantity": line,
            "unitPrice": format!("{n}.0000"),
        })
    })
}
