//! What becomes of documents that ask for odd things, and of clients that don't wait for the answer.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{TestServer, eventually};
use tokio::time::timeout;

#[tokio::test]
async fn the_type_of_an_object_can_be_asked_for_on_a_condition() {
    let server = TestServer::start().await;
    let python = server.tenant("python");
    for (asked, expected) in [(true, json!({ "__typename": "Query" })), (false, json!({}))] {
        let document = "query($a: Boolean!) { __typename @include(if: $a) }";
        let answer = python.ask(document, &json!({ "a": asked })).await;
        assert_eq!(answer.json(), json!({ "data": expected }));
        let document = "query($a: Boolean!) { tenant { ...F slug } }
            fragment F on Tenant { kind: __typename @skip(if: $a) }";
        let answer = python.ask(document, &json!({ "a": !asked })).await;
        let tenant = answer.at("tenant");
        let kind = tenant.get("kind");
        assert_eq!(kind, asked.then_some(&json!("Tenant")), "{tenant}");
    }
    let unknown = python.query("{ __typename @unknown }").await;
    assert_eq!(unknown.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
}

const WAITING: &str = "SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// Its statement ends and its connection is free again long before any deadline.
#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_running() {
    let few = [("INSULA_DATABASE_MAX_CONNECTIONS", "2")];
    let server = TestServer::with(&few).await;
    let owner = server.tenant("python").as_owner();
    let employees = "{ employees { nodes { name } } }";
    owner.query(employees).await.at("employees.nodes");

    let lock = server.sql("python").held("LOCK TABLE employee").await;
    let sql = server.shared_sql();
    for _ in 0..3 {
        let asked = timeout(Duration::from_millis(300), owner.query(employees)).await;
        assert!(asked.is_err(), "it waits for the lock until it is given up");
    }
    let nobody = |rows: &Vec<Value>| rows.is_empty();
    let left = eventually(async || sql.rows(WAITING).await, nobody).await;
    assert_eq!(left, [] as [Value; 0], "its statement goes on");
    // More went away than there are connections, and another tenant is served.
    let ruby = server.tenant("ruby").as_owner();
    let answer = timeout(Duration::from_secs(2), ruby.query(employees)).await;
    answer.unwrap().at("employees.nodes");
    drop(lock);
    owner.query(employees).await.at("employees.nodes");
}
