//! The registry and its ledger.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::TestServer;

/// The versions that the ledger has of a schema.
async fn ledger(server: &TestServer, schema: &str) -> BTreeSet<String> {
    let rows = format!("SELECT version FROM schema_migration WHERE schema_name = '{schema}'");
    let rows = server.shared_sql().rows(&rows).await;
    let version = |row: &Value| row["version"].as_str().unwrap().to_owned();
    rows.iter().map(version).collect()
}

#[tokio::test]
async fn defect_30_the_ledger_says_of_each_schema_what_was_done_in_it() {
    let server = TestServer::start().await;
    let shared = ledger(&server, "shared").await;
    let python = ledger(&server, server.sql("python").schema()).await;
    let ruby = ledger(&server, server.sql("ruby").schema()).await;
    assert_eq!(python, ruby);
    assert!(!shared.is_empty() && !python.is_empty());
    assert!(shared.is_disjoint(&python), "{shared:?} {python:?}");
    let latest = server.state.histories.tenant.latest();
    assert_eq!(python.last().map(String::as_str), Some(latest));
    let latest = server.state.histories.shared.latest();
    assert_eq!(shared.last().map(String::as_str), Some(latest));
}

#[tokio::test]
async fn defect_29_nothing_that_operators_delete_is_held_by_a_tenants_rows() {
    let server = TestServer::start().await;
    let crossing = "SELECT k.conname FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid
        WHERE k.contype = 'f' AND f.relnamespace <> k.connamespace";
    assert_eq!(server.shared_sql().rows(crossing).await, [Value::Null; 0]);
    // So an operator goes without a look at any tenant, also while tenants are at work.
    server
        .tenant("python")
        .as_owner()
        .query("{ me { email } }")
        .await
        .at("me.email");
    let viewer = "DELETE FROM account WHERE email = 'viewer@insula.test'";
    server.shared_sql().run(viewer).await;
    let gone = server.shared().as_viewer().query("{ me { email } }").await;
    assert!(!gone.text.contains("viewer@"), "{}", gone.text);
    let here = server
        .tenant("python")
        .as_owner()
        .query("{ me { email } }")
        .await;
    assert_eq!(here.at("me.email"), "owner@python.test");
}
