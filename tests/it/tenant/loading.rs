//! What a request costs PostgreSQL: counted on the wire.

use api::graphql::Mode;
use serde_json::json;
use tenancy::testing::Proxy;
use tests::{TestServer, eventually};

use super::crowd;

/// A server whose database is reached through a proxy that counts.
pub(super) async fn counted(mode: Mode) -> (TestServer, Proxy) {
    let whole = TestServer::start().await;
    let proxy = Proxy::start(&whole.database).await.unwrap();
    let server = TestServer::on(proxy.url(), &[]).await;
    server.state.shapes.set_mode(mode);
    (server, proxy)
}

/// Every relation of an employee, two levels deep.
const EMPLOYEES: &str = "query($n: Int!) { employees(first: $n) { nodes {
    name
    department { name employees(first: 3) { nodes { name } } }
    manager { name department { name } }
    reports(first: 3) { nodes { name } }
} } }";

/// Every relation of an invoice.
const INVOICES: &str = "query($n: Int!) { invoices(first: $n) { nodes {
    number lines { description } customer { name invoices(first: 2) { nodes { number } } }
} } }";

/// Pages in pages, and rows that point at rows that have pages.
const DEEP: &str = "query($n: Int!) { employees(first: $n) { nodes {
    department { employees(last: 3, orderBy: { field: NAME }) { edges { cursor node {
        manager { name reports(first: 2) { pageInfo { hasNextPage } nodes { number } } }
    } } } }
} } }";

/// Three levels of lists, with conditions.
const WIDE: &str = "query($n: Int!) { invoices(first: $n, filter: { number: { contains: \"n\" } }) { nodes {
    id number status total
    customer { name invoices(first: 5, filter: { status: [OPEN] }, orderBy: { field: TOTAL }) { nodes {
        lines { description quantity unitPrice invoice { number } }
    } } }
    lines { description quantity unitPrice }
} } }";

async fn selects(server: &TestServer, proxy: &Proxy, document: &str, rows: usize) -> usize {
    proxy.forget();
    let owner = server.tenant("python").as_owner();
    let answer = owner.ask(document, &json!({ "n": rows })).await;
    let plural = if document.contains(" employees(first: $n") {
        "employees"
    } else {
        "invoices"
    };
    let nodes = answer.at(&format!("{plural}.nodes"));
    assert_eq!(nodes.as_array().unwrap().len(), rows, "{nodes}");
    selects_of(proxy)
}

/// How many statements read something since it was told to forget.
pub(super) fn selects_of(proxy: &Proxy) -> usize {
    let statements = proxy.statements().into_iter();
    let selects = statements.filter(|text| text.starts_with("SELECT"));
    selects.count()
}

#[tokio::test]
async fn a_root_field_costs_one_statement_however_deep_and_wide_it_is() {
    let (server, proxy) = counted(Mode::Ahead).await;
    crowd(&server).await;
    for document in [EMPLOYEES, INVOICES, DEEP, WIDE] {
        // Once for the registry's sake, which is asked once.
        selects(&server, &proxy, document, 1).await;
        for rows in [1, 5, 50] {
            let statements = selects(&server, &proxy, document, rows).await;
            assert_eq!(statements, 1, "{document}: {:?}", proxy.statements());
        }
    }
}

#[tokio::test]
async fn a_statement_names_what_is_selected_and_no_schema() {
    let (server, proxy) = counted(Mode::Ahead).await;
    let document = "query($n: Int!) { invoices(first: $n) { nodes { number customer { name } lines { quantity } } } }";
    selects(&server, &proxy, document, 1).await;
    let statements = proxy.statements();
    let statement = statements
        .iter()
        .find(|text| text.starts_with("SELECT t1.\"number\""));
    assert_eq!(
        statement.expect("a statement"),
        "SELECT t1.\"number\", uuid_send(t2.\"id\"), t2.\"name\", \
         array_send(ARRAY(SELECT ROW(t3.\"quantity\") FROM \"invoice_line\" AS t3 \
         WHERE t3.\"invoice_id\" = t1.\"id\" ORDER BY t3.\"position\", t3.\"id\")) \
         FROM (SELECT \"invoice\".\"number\", \"invoice\".\"customer_id\", \"invoice\".\"id\" \
         FROM \"invoice\" ORDER BY \"invoice\".\"id\" ASC LIMIT 1) AS t1 \
         LEFT JOIN \"customer\" AS t2 ON t2.\"id\" = t1.\"customer_id\" ORDER BY t1.\"id\" ASC"
    );
}

#[tokio::test]
async fn a_relation_costs_resolvers_a_statement_or_two_however_many_rows_have_it() {
    let (server, proxy) = counted(Mode::Plain).await;
    crowd(&server).await;
    for (document, relations) in [(EMPLOYEES, 5), (INVOICES, 3)] {
        // Once for the registry's sake, which is asked once.
        selects(&server, &proxy, document, 1).await;
        let few = selects(&server, &proxy, document, 5).await;
        assert!(few <= 1 + relations, "{few} statements for {document}");
        // Of many rows, some may come too late for a batch, and share the next one.
        let many = selects(&server, &proxy, document, 50).await;
        assert!(
            many <= 1 + 2 * relations,
            "{many} statements for {document}"
        );
    }
}

#[tokio::test]
async fn a_request_that_reads_one_row_takes_three_round_trips() {
    const REQUESTS: usize = 10;
    let (server, proxy) = counted(Mode::Ahead).await;
    let owner = server.tenant("python").as_owner();
    let id = owner
        .query("{ employees(first: 1) { nodes { id } } }")
        .await;
    let variables = json!({ "id": id.at("employees.nodes.0.id") });
    let document = "query($id: ID!) { employee(id: $id) { name } }";
    // Requests one after the other take the same connection; the first prepares the statement.
    for _ in 0..3 {
        owner.ask(document, &variables).await;
    }
    let ends = || {
        let statements = proxy.statements();
        statements
            .iter()
            .filter(|text| text.starts_with("ROLLBACK"))
            .count()
    };
    eventually(async || ends(), |ends| *ends >= 4).await;
    proxy.forget();
    for _ in 0..REQUESTS {
        let answer = owner.ask(document, &variables).await;
        assert_eq!(answer.at("employee.name"), "Cobra");
    }
    let ended = eventually(async || ends(), |ends| *ends >= REQUESTS).await;
    assert_eq!(ended, REQUESTS, "{:?}", proxy.statements());
    let flights = proxy.flights();
    assert!(
        flights <= 3 * REQUESTS,
        "{flights} round trips: {:?}",
        proxy.statements()
    );
}
