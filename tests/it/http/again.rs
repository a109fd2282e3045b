//! Documents that come again: what is remembered of them changes no answer.

use serde_json::{Value, json};
use tests::TestServer;

/// Each is sent while nothing is remembered of its document, and again beside all the others.
#[tokio::test]
async fn what_one_request_was_found_to_be_is_not_believed_of_another() {
    let cases: &[(&str, Value)] = &[
        // Types of variables.
        (
            "query($n: Int) { departments(first: $n) { nodes { name } } }",
            json!([{ "n": 1 }, { "n": "1" }, { "n": 1.5 }, { "n": null }, {}, { "n": 1000 }, { "n": 100 }, { "n": 0 }]),
        ),
        (
            "query($id: ID!) { department(id: $id) { name } }",
            json!([{ "id": "x" }, { "id": 1 }, { "id": null }, {}, { "id": true }, { "id": ["x"] }]),
        ),
        (
            "query($f: DepartmentFilter) { departments(filter: $f) { nodes { name } } }",
            json!([{ "f": { "name": { "eq": "Sales" } } }, { "f": { "nonsense": 1 } }, { "f": {} }]),
        ),
        (
            "query($f: DepartmentFilter, $o: DepartmentOrder) { departments(filter: $f, orderBy: $o) { nodes { name } } }",
            json!([
                { "f": { "name": { "in": ["Sales", "Staff"] } } }, { "f": { "name": { "in": ["Sales"] } } }, { "f": { "name": { "in": ["Sales", null] } } },
                { "f": { "name": { "in": "Sales" } } }, { "f": { "name": { "in": ["Sales", 1] } } }, { "f": { "name": { "in": [] } } }, { "f": { "name": null } },
                { "o": { "field": "NAME" } }, { "o": { "field": "NAME", "direction": "DESC" } }, { "o": { "field": "NONSENSE" } }, { "o": { "direction": "ASC" } },
                { "o": { "field": "NAME", "direction": "DOWN" } }, { "o": { "field": 1 } }, { "o": {} }, { "o": [] },
            ]),
        ),
        (
            "query($f: InvoiceFilter!) { invoices(filter: $f) { nodes { number issuedOn } } }",
            json!([
                { "f": { "issuedOn": { "gte": "2026-01-01" } } }, { "f": { "issuedOn": { "gte": "soon" } } }, { "f": { "issuedOn": { "gte": 1 } } },
                { "f": { "issuedOn": { "gte": null } } }, { "f": { "issuedOn": { "since": "2026-01-01" } } }, { "f": null }, {},
            ]),
        ),
        // What a page may cost depends on how long it is.
        (
            "query($n: Int!) { departments(first: $n) { nodes { employees(first: $n) { nodes { reports(first: $n) { nodes { name } } } } } } }",
            json!([{ "n": 2 }, { "n": 100 }, { "n": 3 }]),
        ),
    ];
    let server = TestServer::start().await;
    let owner = server.tenant("python").as_owner();
    for (document, variables) in cases {
        let variables = variables.as_array().unwrap();
        let mut alone = Vec::new();
        for (place, variables) in variables.iter().enumerate() {
            // Another text, of which nothing is known.
            let document = format!("{document}{}", " ".repeat(place + 1));
            alone.push(owner.ask(&document, variables).await.json());
        }
        for turn in 0..2 {
            for (variables, alone) in variables.iter().zip(&alone) {
                let again = owner.ask(document, variables).await.json();
                assert_eq!(&again, alone, "turn {turn}: {document} with {variables}");
            }
        }
        let refused = alone.iter().filter(|body| body["errors"].is_array());
        let refused = refused.count();
        assert!(refused > 0, "{document} is never refused");
        assert!(refused < alone.len(), "{document} is always refused");
    }
}

#[tokio::test]
async fn a_document_known_from_one_tenant_answers_another_with_its_own() {
    let server = TestServer::start().await;
    let [python, ruby] = ["python", "ruby"].map(|slug| server.tenant(slug).as_owner());
    let known = "query($n: Int!) { employees(first: $n) { nodes { name } } }";
    let variables = json!({ "n": 2 });
    for _ in 0..2 {
        let mut answers = Vec::new();
        for tenant in [&python, &ruby] {
            let answer = tenant.ask(known, &variables).await.json();
            let other = "{ employees(first: 2) { nodes { name } } }";
            let own = tenant.query(other).await.at("employees");
            assert_eq!(answer["data"]["employees"], own);
            answers.push(own);
        }
        assert_ne!(answers[0], answers[1]);
    }
}
