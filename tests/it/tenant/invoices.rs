//! Invoices and their lines.

use serde_json::{Value, json};
use tests::{Client, TestServer};

use super::id_of;

const FIELDS: &str = "invoice { number issuedOn dueOn status total customer { name } lines { description quantity unitPrice } }";

fn line(description: &str, quantity: i64, price: &str) -> Value {
    json!({ "description": description, "quantity": quantity, "unitPrice": price })
}

/// An invoice for Ada with these lines.
async fn with_lines(client: &Client<'_>, lines: Value) -> Value {
    let customer = id_of(client, "customers", "Ada Lovelace").await;
    json!({ "customerId": customer, "lines": lines })
}

#[tokio::test]
async fn an_invoice_is_entered_and_changed_field_by_field() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    let mut input = with_lines(
        &manager,
        json!([line("Pears", 2, "1.5"), line("Box", 1, "0.0001")]),
    )
    .await;
    input["number"] = json!("R-1");
    input["issuedOn"] = json!("2026-03-01");
    input["dueOn"] = json!("2026-03-31");
    input["status"] = json!("DRAFT");
    let made = manager
        .mutate(
            "createInvoice",
            &input,
            &format!("{FIELDS} more: invoice {{ id }}"),
        )
        .await;
    let mut expected = json!({
        "number": "R-1", "issuedOn": "2026-03-01", "dueOn": "2026-03-31", "status": "DRAFT",
        "total": "3.0001", "customer": { "name": "Ada Lovelace" },
        "lines": [line("Pears", 2, "1.5000"), line("Box", 1, "0.0001")],
    });
    assert_eq!(made.at("invoice"), expected);
    let id = made.at("more.id");

    let grace = id_of(&manager, "customers", "Grace Hopper").await;
    for (field, value, shown) in [
        ("status", json!("PAID"), json!({ "status": "PAID" })),
        ("dueOn", Value::Null, json!({ "dueOn": null })),
        (
            "issuedOn",
            json!("2026-04-01"),
            json!({ "issuedOn": "2026-04-01" }),
        ),
        ("number", json!("R-2"), json!({ "number": "R-2" })),
        (
            "customerId",
            grace,
            json!({ "customer": { "name": "Grace Hopper" } }),
        ),
        (
            "lines",
            json!([line("Plums", 3, "0.3333")]),
            json!({ "total": "0.9999", "lines": [line("Plums", 3, "0.3333")] }),
        ),
        (
            "lines",
            json!([]),
            json!({ "total": "0.0000", "lines": [] }),
        ),
    ] {
        for (name, value) in shown.as_object().unwrap() {
            expected[name] = value.clone();
        }
        let change = json!({ "id": id, field: value });
        let changed = manager.mutate("updateInvoice", &change, FIELDS).await;
        assert_eq!(changed.at("invoice"), expected, "{field}");
    }
}

#[tokio::test]
async fn a_deleted_invoice_takes_its_lines_along_and_no_others() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    let lines = json!([line("Figs", 1, "1")]);
    let input = with_lines(&manager, lines).await;
    let made = manager
        .mutate("createInvoice", &input, "invoice { id }")
        .await;
    let id = made.at("invoice.id");
    assert_eq!(server.sql("python").count("invoice_line").await, 5);
    let gone = manager
        .mutate("deleteInvoice", &json!({ "id": id }), "deletedId")
        .await;
    assert_eq!(gone.at("deletedId"), id);
    assert_eq!(server.sql("python").count("invoice_line").await, 4);
    let again = manager
        .mutate("deleteInvoice", &json!({ "id": id }), "deletedId")
        .await;
    assert_eq!(again.wrong(), ["NOT_FOUND id"]);
}

#[tokio::test]
async fn what_is_not_given_is_drawn_today_and_open() {
    let server = TestServer::start().await;
    let staff = server.tenant("python").as_staff();
    let made = staff
        .mutate(
            "createInvoice",
            &with_lines(&staff, json!([])).await,
            FIELDS,
        )
        .await;
    let today = chrono::Utc::now().date_naive().to_string();
    assert_eq!(
        made.at("invoice"),
        json!({
            "number": "3", "issuedOn": today, "dueOn": null, "status": "OPEN", "total": "0.0000",
            "customer": { "name": "Ada Lovelace" }, "lines": [],
        })
    );
}

#[tokio::test]
async fn totals_are_exact_to_four_decimals() {
    let server = TestServer::start().await;
    let staff = server.tenant("python").as_staff();
    for (lines, total) in [
        (json!([line("a", 3, "0.1"), line("b", 1, "0.2")]), "0.5000"),
        (
            json!([line("a", 7, "0.0001"), line("b", 3, "33.3333")]),
            "100.0006",
        ),
        (
            json!([line("a", 1, "10"), line("discount", 1, "-2.5")]),
            "7.5000",
        ),
        (
            json!([line("a", 2_147_483_647, "465661.2875")]),
            "999999999947215.5125",
        ),
        (
            json!([line("a", 1, "999999999999999.9999")]),
            "999999999999999.9999",
        ),
        (json!([line("a", 1, "1.10000000")]), "1.1000"),
        (
            json!([{ "description": "a", "quantity": 2, "unitPrice": 3 }]),
            "6.0000",
        ),
    ] {
        let input = with_lines(&staff, lines.clone()).await;
        let made = staff
            .mutate("createInvoice", &input, "invoice { total }")
            .await;
        assert_eq!(made.at("invoice.total"), total, "{lines}");
    }
    let sums = server
        .sql("python")
        .rows(
            "SELECT i.total = coalesce(sum(l.quantity * l.unit_price), 0) AS exact
         FROM invoice i LEFT JOIN invoice_line l ON l.invoice_id = i.id GROUP BY i.id",
        )
        .await;
    assert_eq!(sums, vec![json!({ "exact": true }); 9]);
}

#[tokio::test]
async fn money_that_does_not_fit_is_refused_with_its_place() {
    let server = TestServer::start().await;
    let staff = server.tenant("python").as_staff();
    let fine = line("fine", 1, "1");
    for (line, wrong) in [
        (
            line("a", 1, "1000000000000000"),
            "OUT_OF_RANGE lines.1.unitPrice",
        ),
        (line("a", 1, "0.00001"), "OUT_OF_RANGE lines.1.unitPrice"),
        (
            line("a", 1, "79228162514264337593543950336"),
            "INVALID lines.1.unitPrice",
        ),
        (line("a", 1, "1,50"), "INVALID lines.1.unitPrice"),
        (line("a", 1, "NaN"), "INVALID lines.1.unitPrice"),
        (line("a", 1, ""), "INVALID lines.1.unitPrice"),
        (line("a", 0, "1"), "OUT_OF_RANGE lines.1.quantity"),
        (line("a", -1, "1"), "OUT_OF_RANGE lines.1.quantity"),
        (line("", 1, "1"), "REQUIRED lines.1.description"),
        (line("a", 2, "999999999999999"), "OUT_OF_RANGE lines"),
    ] {
        let input = with_lines(&staff, json!([fine, line])).await;
        let refused = staff.mutate("createInvoice", &input, FIELDS).await;
        assert_eq!(refused.wrong(), [wrong], "{line}");
    }
    let price = json!({ "description": "a", "quantity": 1, "unitPrice": 0.1 });
    let input = with_lines(&staff, json!([price])).await;
    let document =
        "mutation($input: CreateInvoiceInput!) { createInvoice(input: $input) { invoice { id } } }";
    let float = staff.ask(document, &json!({ "input": input })).await;
    assert!(
        float.text.contains("send decimals as strings"),
        "{}",
        float.text
    );
    assert_eq!(server.sql("python").count("invoice").await, 2);
    assert_eq!(server.sql("python").count("invoice_line").await, 4);
}

#[tokio::test]
async fn wrong_invoices_are_refused_and_nothing_is_half_written() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    let ada = id_of(&manager, "customers", "Ada Lovelace").await;
    let cobra = id_of(&manager, "employees", "Cobra").await;
    let many: Vec<Value> = (0..501).map(|_| line("a", 1, "1")).collect();
    for (input, wrong) in [
        (json!({ "customerId": cobra }), "NOT_FOUND customerId"),
        (json!({ "customerId": "nonsense" }), "NOT_FOUND customerId"),
        (json!({ "customerId": ada, "number": "1" }), "TAKEN number"),
        (
            json!({ "customerId": ada, "number": "" }),
            "REQUIRED number",
        ),
        (
            json!({ "customerId": ada, "issuedOn": "2026-02-30" }),
            "INVALID issuedOn",
        ),
        (
            json!({ "customerId": ada, "dueOn": "2026-06-31" }),
            "INVALID dueOn",
        ),
        (
            json!({ "customerId": ada, "issuedOn": "2026-02-02", "dueOn": "2026-02-01" }),
            "OUT_OF_RANGE dueOn",
        ),
        (
            json!({ "customerId": ada, "lines": many }),
            "OUT_OF_RANGE lines",
        ),
    ] {
        let refused = manager.mutate("createInvoice", &input, FIELDS).await;
        assert_eq!(refused.wrong(), [wrong], "{wrong}");
    }
    assert_eq!(server.sql("python").count("invoice").await, 2);
    let next = manager
        .mutate(
            "createInvoice",
            &json!({ "customerId": ada, "lines": many[..500] }),
            FIELDS,
        )
        .await;
    assert_eq!(next.at("invoice.number"), "3");
    assert_eq!(next.at("invoice.lines").as_array().unwrap().len(), 500);
}

#[tokio::test]
async fn a_refused_change_of_lines_leaves_the_old_ones() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    let invoices = manager
        .query("{ invoices(first: 1) { nodes { id total lines { id } } } }")
        .await;
    let before = invoices.at("invoices.nodes.0");
    let taken = json!({ "id": before["id"], "number": "2", "lines": [line("New", 1, "1")] });
    let refused = manager.mutate("updateInvoice", &taken, FIELDS).await;
    assert_eq!(refused.wrong(), ["TAKEN number"]);
    let early = json!({ "id": before["id"], "dueOn": "2020-01-01", "lines": [] });
    let refused = manager.mutate("updateInvoice", &early, FIELDS).await;
    assert_eq!(refused.wrong(), ["OUT_OF_RANGE dueOn"]);
    let after = manager
        .query("{ invoices(first: 1) { nodes { id total lines { id } } } }")
        .await;
    assert_eq!(after.at("invoices.nodes.0"), before);
}

#[tokio::test]
async fn lines_lead_back_to_their_invoice() {
    let server = TestServer::start().await;
    let staff = server.tenant("python").as_staff();
    let document =
        "{ invoices { nodes { number lines { invoice { number customer { name } } } } } }";
    let answer = staff.query(document).await;
    assert_eq!(
        answer.at("invoices.nodes.lines.invoice"),
        json!([
            [{ "number": "1", "customer": { "name": "Ada Lovelace" } }, { "number": "1", "customer": { "name": "Ada Lovelace" } }],
            [{ "number": "2", "customer": { "name": "Grace Hopper" } }, { "number": "2", "customer": { "name": "Grace Hopper" } }],
        ])
    );
}
