//! Documents that ask for much at once: answered by one statement for each root field, or refused.

use std::collections::BTreeMap;
use std::fmt::Write;

use api::graphql::Mode;
use serde_json::{Value, json};
use tests::{Client, TestServer};

use super::loading::{counted, selects_of};

/// The fields of each type: its name, and its type's name and kind, lists or not.
type Types = BTreeMap<String, Vec<[String; 3]>>;

async fn types(client: &Client<'_>) -> Types {
    let document = "{ __schema { types { name fields { name type {
        kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";
    let all = client.query(document).await.at("__schema.types");
    let field = |field: &Value| {
        let mut of = &field["type"];
        while !of["ofType"].is_null() {
            of = &of["ofType"];
        }
        [&field["name"], &of["name"], &of["kind"]].map(|it| it.as_str().unwrap().to_owned())
    };
    let objects = all.as_array().unwrap().iter();
    let objects =
        objects.filter_map(|one| Some((one["name"].as_str()?, one["fields"].as_array()?)));
    objects
        .map(|(name, fields)| (name.to_owned(), fields.iter().map(field).collect()))
        .collect()
}

/// Every column of an object, and every relation down to so many levels; `relations` counts them.
fn everything(types: &Types, ty: &str, levels: usize, relations: &mut usize) -> String {
    let mut fields = String::new();
    for [name, of, kind] in &types[ty] {
        if kind != "OBJECT" {
            write!(fields, "{name} ").unwrap();
            continue;
        }
        if levels == 0 {
            continue;
        }
        *relations += 1;
        let row = of.strip_suffix("Connection");
        let below = everything(types, row.unwrap_or(of), levels - 1, relations);
        if row.is_some() {
            write!(fields, "{name}(first: $n) {{ nodes {{ {below}}} }} ").unwrap();
        } else {
            write!(fields, "{name} {{ {below}}} ").unwrap();
        }
    }
    fields
}

/// All pages at once, with everything below; and how many root fields and relations that are.
fn document(types: &Types, levels: usize) -> (String, usize, usize) {
    let (mut fields, mut roots, mut relations) = (String::new(), 0, 0);
    for [name, of, _] in &types["Query"] {
        if let Some(row) = of.strip_suffix("Connection") {
            let row = everything(types, row, levels, &mut relations);
            write!(fields, "{name}(first: $n) {{ nodes {{ {row}}} }} ").unwrap();
            roots += 1;
        }
    }
    (format!("query($n: Int!) {{ {fields}}}"), roots, relations)
}

#[tokio::test]
async fn every_relation_at_once_costs_a_statement_for_each_root_field_or_is_refused() {
    let (server, proxy) = counted(Mode::Ahead).await;
    super::crowd(&server).await;
    let owner = server.tenant("python").as_owner();
    let types = types(&owner).await;
    let (asked, roots, relations) = document(&types, 2);
    assert!(
        roots >= 5 && relations >= 20,
        "{roots}, {relations}: {asked}"
    );
    let variables = json!({ "n": 5 });
    owner.ask(&asked, &variables).await.at("");
    proxy.forget();
    let ahead = owner.ask(&asked, &variables).await;
    assert_eq!(selects_of(&proxy), roots, "{:?}", proxy.statements());
    let five = ahead.at("employees.nodes");
    assert_eq!(five.as_array().unwrap().len(), 5);
    // Field by field it comes to the same.
    server.state.shapes.set_mode(Mode::Plain);
    let plain = owner.ask(&asked, &variables).await;
    assert_eq!(ahead.text, plain.text);

    server.state.shapes.set_mode(Mode::Ahead);
    proxy.forget();
    let wider = owner.ask(&asked, &json!({ "n": 100 })).await;
    wider.assert_refused(400, "TOO_MANY_NODES");
    let (deeper, ..) = document(&types, 3);
    let refused = owner.ask(&deeper, &json!({ "n": 100 })).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert_eq!(selects_of(&proxy), 0, "{:?}", proxy.statements());
}

/// So many customers, each with invoices, each with three lines.
const CUSTOMERS: usize = 103;
const INVOICES: usize = 6;

async fn sell(server: &TestServer) {
    let sql = server.sql("python");
    let key = |number: &str| {
        format!("('0190b5a0-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid")
    };
    // Those of the demo are no part of it.
    for table in ["invoice_line", "invoice", "customer"] {
        sql.run(&format!("DELETE FROM {table}")).await;
    }
    for rows in [
        format!(
            "customer (id, number, name, created_at)
             SELECT {}, n, 'Customer ' || n, now() FROM generate_series(1, {CUSTOMERS}) n",
            key("n")
        ),
        format!(
            "invoice (id, number, customer_id, issued_on, status, total, created_at)
             SELECT {}, n || '-' || i, {}, '2026-01-01', 'open', 1, now()
             FROM generate_series(1, {CUSTOMERS}) n, generate_series(1, {INVOICES}) i",
            key("n * 16 + i"),
            key("n")
        ),
        "invoice_line (id, invoice_id, position, description, quantity, unit_price)
         SELECT gen_random_uuid(), id, p, number || '-' || p, 1, 1 FROM invoice, generate_series(1, 3) p"
            .to_owned(),
    ] {
        sql.run(&format!("INSERT INTO {rows}")).await;
    }
}

/// What a page of 100 of them holds, with so many invoices of each.
fn sold(invoices: usize) -> Value {
    let line = |number: &str, p| json!({ "description": format!("{number}-{p}"), "invoice": { "number": number } });
    let invoice = |number: String| {
        let lines: Vec<_> = (1..=3).map(|p| line(&number, p)).collect();
        json!({ "number": number, "lines": lines })
    };
    let customer = |n| {
        let invoices: Vec<_> = (1..=invoices)
            .map(|i| invoice(format!("{n}-{i}")))
            .collect();
        json!({ "name": format!("Customer {n}"), "invoices": { "nodes": invoices } })
    };
    (1..=100).map(customer).collect()
}

#[tokio::test]
async fn a_page_of_100_with_four_levels_is_one_statement_up_to_the_limit_of_nodes() {
    const DOCUMENT: &str = "query($n: Int!) { customers(first: 100) { nodes { name
        invoices(first: $n) { nodes { number lines { description invoice { number } } } } } } }";
    let (server, proxy) = counted(Mode::Ahead).await;
    sell(&server).await;
    let owner = server.tenant("python").as_owner();
    // A list that is no page counts as ten: with its invoice a line is two nodes.
    for (invoices, nodes) in [(4, 100 + 400 + 2 * 4_000), (5, 100 + 500 + 2 * 5_000)] {
        for turn in 0..2 {
            proxy.forget();
            let answer = owner.ask(DOCUMENT, &json!({ "n": invoices })).await;
            if nodes > 10_000 {
                answer.assert_refused(400, "TOO_MANY_NODES");
                assert_eq!(selects_of(&proxy), 0, "{:?}", proxy.statements());
                continue;
            }
            assert_eq!(answer.at("customers.nodes"), sold(invoices));
            // The registry is asked once.
            let statements = selects_of(&proxy);
            assert!(turn == 0 || statements == 1, "{:?}", proxy.statements());
        }
    }
}

#[tokio::test]
async fn documents_that_all_differ_leave_no_more_statements_than_was_said() {
    const CONNECTIONS: usize = 2;
    const STATEMENTS: usize = 20;
    const DOCUMENTS: usize = 300;
    let [connections, statements] = [CONNECTIONS, STATEMENTS].map(|most| most.to_string());
    let settings = [
        ("INSULA_DATABASE_MAX_CONNECTIONS", connections.as_str()),
        (
            "INSULA_DATABASE_STATEMENTS_PER_CONNECTION",
            statements.as_str(),
        ),
    ];
    let server = TestServer::with(&settings).await;
    server.state.shapes.set_mode(Mode::Ahead);
    let columns = [
        "number", "name", "company", "email", "phone", "address", "city", "country", "created",
    ];
    let tenants = ["python", "ruby"].map(|slug| server.tenant(slug).as_owner());
    for n in 1..=DOCUMENTS {
        // Each bit is a column, so that no two statements are the same.
        let chosen = columns
            .iter()
            .enumerate()
            .filter(|(bit, _)| n >> bit & 1 == 1);
        let chosen: Vec<_> = chosen.map(|(_, column)| *column).collect();
        let document = format!(
            "{{ customers(first: 1) {{ nodes {{ {} }} }} }}",
            chosen.join(" ")
        );
        let tenant = &tenants[n % 2];
        let row = tenant.query(&document).await.at("customers.nodes.0");
        assert_eq!(row.as_object().unwrap().len(), chosen.len(), "{row}");
    }
    let gauges = server.state.database.gauges();
    assert!(gauges.statements <= CONNECTIONS * STATEMENTS, "{gauges:?}");
    // As many are for statements that travel with their scope's beginning, which all of these are.
    let most = STATEMENTS * 3 / 4;
    assert!(gauges.statements >= most, "they are kept: {gauges:?}");
}
