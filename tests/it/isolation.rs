//! Nothing of one tenant ever shows at, or is changed from, another.

use api::auth::TenantRole;
use api::graphql::Mode;
use futures::StreamExt;
use futures::stream;
use serde_json::{Value, json};
use tenancy::testing::Way;
use tests::twins::{self, TWIN};
use tests::{Client, TestServer};

tenancy::both_ways! {
    rows_of_one_id_are_two_rows,
    an_id_of_another_tenant_reads_nothing_even_where_the_row_has_a_twin,
    an_id_of_another_tenant_changes_nothing_in_either,
    what_is_changed_in_one_stays_as_it_was_in_the_other,
    a_filter_by_a_foreign_id_matches_nothing,
    c26_r23_mixed_requests_of_many_tenants_over_few_connections_never_cross,
}

/// The global ids of the twin rows as this tenant gives them, by noun.
async fn twin_ids(client: &Client<'_>) -> Vec<Value> {
    let document = "{
        departments(filter: { name: { startsWith: \"Twin\" } }) { nodes { id name } }
        employees(filter: { name: { startsWith: \"Twin\" } }) { nodes { id name } }
        customers(filter: { name: { startsWith: \"Twin\" } }) { nodes { id name } }
        invoices(filter: { number: { startsWith: \"Twin\" } }) { nodes { id name: number } }
    }";
    let answer = client.query(document).await;
    let plurals = ["departments", "employees", "customers", "invoices"];
    plurals
        .iter()
        .map(|plural| answer.at(&format!("{plural}.nodes.0.id")))
        .collect()
}

const READ: &str = "query($d: ID!, $e: ID!, $c: ID!, $i: ID!) {
    department(id: $d) { name } employee(id: $e) { name } customer(id: $c) { name }
    invoice(id: $i) { name: number lines { description } customer { name } }
}";

fn variables(ids: &[Value]) -> Value {
    json!({ "d": ids[0], "e": ids[1], "c": ids[2], "i": ids[3] })
}

async fn rows_of_one_id_are_two_rows(way: Way) {
    let server = TestServer::by(way, &[]).await;
    twins::enter(&server).await;
    for slug in ["python", "ruby"] {
        let owner = server.tenant(slug).as_owner();
        let ids = twin_ids(&owner).await;
        let name = format!("Twin of {slug}");
        let found = owner.ask(READ, &variables(&ids)).await;
        assert_eq!(
            found.at(""),
            json!({
                "department": { "name": name }, "employee": { "name": name },
                "customer": { "name": name },
                "invoice": { "name": name, "lines": [{ "description": name }], "customer": { "name": name } },
            })
        );
    }
}

async fn an_id_of_another_tenant_reads_nothing_even_where_the_row_has_a_twin(way: Way) {
    let server = TestServer::by(way, &[]).await;
    twins::enter(&server).await;
    let python = server.tenant("python").as_owner();
    let foreign = twin_ids(&server.tenant("ruby").as_owner()).await;
    let nothing = python.ask(READ, &variables(&foreign)).await;
    assert_eq!(
        nothing.at(""),
        json!({ "department": null, "employee": null, "customer": null, "invoice": null })
    );
}

async fn an_id_of_another_tenant_changes_nothing_in_either(way: Way) {
    let server = TestServer::by(way, &[]).await;
    twins::enter(&server).await;
    let python = server.tenant("python").as_owner();
    let ruby = server.tenant("ruby").as_owner();
    let (own, foreign) = (twin_ids(&python).await, twin_ids(&ruby).await);
    let before = [
        python.ask(READ, &variables(&own)).await.at(""),
        ruby.ask(READ, &variables(&foreign)).await.at(""),
    ];

    for (noun, id) in ["Department", "Employee", "Customer", "Invoice"]
        .iter()
        .zip(&foreign)
    {
        let text = if *noun == "Invoice" { "number" } else { "name" };
        let change = json!({ "id": id, text: "Stolen" });
        let changed = python
            .mutate(&format!("update{noun}"), &change, "__typename")
            .await;
        assert_eq!(changed.0["userErrors"][0]["code"], "NOT_FOUND", "{noun}");
        let delete = json!({ "id": id });
        let deleted = python
            .mutate(&format!("delete{noun}"), &delete, "__typename")
            .await;
        assert_eq!(deleted.0["userErrors"][0]["code"], "NOT_FOUND", "{noun}");
    }
    for (name, input) in [
        ("createInvoice", json!({ "customerId": foreign[2] })),
        (
            "createEmployee",
            json!({ "name": "N", "departmentId": foreign[0] }),
        ),
        (
            "createEmployee",
            json!({ "name": "N", "managerId": foreign[1] }),
        ),
        (
            "updateEmployee",
            json!({ "id": own[1], "managerId": foreign[1] }),
        ),
        (
            "updateInvoice",
            json!({ "id": own[3], "customerId": foreign[2] }),
        ),
    ] {
        let refused = python.mutate(name, &input, "__typename").await;
        assert_eq!(refused.0["userErrors"][0]["code"], "NOT_FOUND", "{name}");
    }

    let after = [
        python.ask(READ, &variables(&own)).await.at(""),
        ruby.ask(READ, &variables(&foreign)).await.at(""),
    ];
    assert_eq!(after, before);
}

async fn what_is_changed_in_one_stays_as_it_was_in_the_other(way: Way) {
    let server = TestServer::by(way, &[]).await;
    twins::enter(&server).await;
    let python = server.tenant("python").as_owner();
    let own = twin_ids(&python).await;
    let change = json!({ "id": own[1], "name": "Twin, renamed" });
    python
        .mutate("updateEmployee", &change, "employee { id }")
        .await
        .at("employee");
    python
        .mutate("deleteInvoice", &json!({ "id": own[3] }), "deletedId")
        .await
        .at("deletedId");

    let names = |slug: &str| {
        let sql = server.sql(slug);
        async move {
            let query = format!("SELECT name FROM employee WHERE id = '{TWIN}'");
            (sql.rows(&query).await, sql.count("invoice_line").await)
        }
    };
    assert_eq!(
        names("python").await,
        (vec![json!({ "name": "Twin, renamed" })], 4)
    );
    assert_eq!(
        names("ruby").await,
        (vec![json!({ "name": "Twin of ruby" })], 5)
    );
}

async fn a_filter_by_a_foreign_id_matches_nothing(way: Way) {
    let server = TestServer::by(way, &[]).await;
    twins::enter(&server).await;
    let python = server.tenant("python").as_owner();
    let foreign = twin_ids(&server.tenant("ruby").as_owner()).await;
    let own = twin_ids(&python).await;
    let document =
        "query($c: ID!) { invoices(filter: { customer: { eq: $c } }) { nodes { number } } }";
    let nothing = python.ask(document, &json!({ "c": foreign[2] })).await;
    assert_eq!(nothing.at("invoices.nodes"), json!([]));
    let something = python.ask(document, &json!({ "c": own[2] })).await;
    assert_eq!(
        something.at("invoices.nodes.number"),
        json!(["Twin of python"])
    );
}

/// Tenants that take part, and how many requests come at once over how few connections.
const TENANTS: usize = 12;
const REQUESTS: usize = 600;

async fn c26_r23_mixed_requests_of_many_tenants_over_few_connections_never_cross(way: Way) {
    let settings = [
        ("INSULA_DATABASE_MAX_CONNECTIONS", "4"),
        ("INSULA_DATABASE_ACQUIRE_TIMEOUT", "60 s"),
    ];
    let server = TestServer::by(way, &settings).await;
    // As in production, where those who wait share a flight.
    server.state.shapes.set_mode(Mode::Ahead);
    let operator = server.shared().as_operator();
    let mut clients = Vec::new();
    for number in 0..TENANTS {
        let input = json!({ "slug": format!("shop{number}"), "name": format!("Shop {number}") });
        let made = operator
            .mutate("createTenant", &input, "tenant { slug }")
            .await;
        let slug = made.at("tenant.slug").as_str().unwrap().to_owned();
        let owner = server.hire(&slug, TenantRole::Owner).await;
        clients.push(server.tenant(&slug).as_principal(&owner));
    }

    let server = &server;
    let requests = (0..REQUESTS).map(|number| {
        let tenant = number % TENANTS;
        let client = &clients[tenant];
        async move {
            match number / TENANTS % 5 {
                0 => {
                    let input = json!({ "name": format!("{tenant}") });
                    let made = client.mutate("createEmployee", &input, "employee { name }").await;
                    assert_eq!(made.at("employee.name"), tenant.to_string());
                }
                1 => {
                    let answer = client.query("{ tenant { slug } employees { nodes { name } } }").await;
                    assert_eq!(answer.at("tenant.slug"), format!("shop{tenant}"));
                    assert_all(&answer.at("employees.nodes.name"), tenant);
                }
                2 => {
                    // Fails after it has written: nothing of it may stay, here or elsewhere.
                    let document = format!("mutation {{ createEmployee(input: {{ name: \"lost {tenant}\" }}) {{ employee {{ id }} }} createUser(input: {{ email: \"a@b\", name: \"N\", role: STAFF, password: \"long enough\" }}) {{ user {{ id }} }} }}");
                    assert_eq!(client.query(&document).await.json()["data"], Value::Null);
                }
                3 => {
                    let answer = client.query("{ employees { nodes { name } } }").await;
                    assert_all(&answer.at("employees.nodes.name"), tenant);
                }
                _ => {
                    let unknown = server.tenant("nobody").query("{ tenant { slug } }").await;
                    unknown.assert_refused(404, "TENANT_NOT_FOUND");
                }
            }
        }
    });
    stream::iter(requests)
        .buffer_unordered(60)
        .collect::<Vec<()>>()
        .await;

    for (tenant, client) in clients.iter().enumerate() {
        let answer = client
            .query("{ employees(first: 100) { nodes { name } } }")
            .await;
        let names = answer.at("employees.nodes.name");
        assert_all(&names, tenant);
        let made =
            (0..REQUESTS).filter(|n| n % TENANTS == tenant && (n / TENANTS).is_multiple_of(5));
        assert_eq!(names.as_array().unwrap().len(), made.count());
    }
    let gauges = server.state.database.gauges();
    assert_eq!(gauges.carried > 0, way == Way::Direct, "{gauges:?}");
}

fn assert_all(names: &Value, tenant: usize) {
    for name in names.as_array().unwrap() {
        assert_eq!(*name, tenant.to_string());
    }
}
