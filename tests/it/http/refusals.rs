//! Answers about the tenant: each case with its status and code, beside one that is let in.

use http::header;
use serde_json::json;
use tests::{Answer, TestServer};

const NAME: &str = "{ tenant { name } }";

async fn ask_python(server: &TestServer) -> Answer {
    server.tenant("python").query(NAME).await
}

/// The registry as somebody else left it, before this server looks.
async fn with_status(status: &str) -> TestServer {
    let server = TestServer::start().await;
    let update = format!("UPDATE tenant SET status = '{status}' WHERE slug = 'python'");
    server.shared_sql().run(&update).await;
    server
}

async fn assert_ruby_is_served(server: &TestServer) {
    let ruby = server.tenant("ruby").query(NAME).await;
    assert_eq!(ruby.at("tenant.name"), "Supermarket Ruby");
}

#[tokio::test]
async fn r04_a_domain_that_is_not_registered_is_not_found() {
    let server = TestServer::start().await;
    let unknown = server.tenant("perl").query(NAME).await;
    unknown.assert_refused(404, "TENANT_NOT_FOUND");
    assert_ruby_is_served(&server).await;
}

#[tokio::test]
async fn r12_where_nobody_is_named_and_no_default_is_set_nothing_is_found() {
    let server = TestServer::start().await;
    let nobody = server.anybody().query(NAME).await;
    nobody.assert_refused(404, "TENANT_NOT_FOUND");
    let host = server.anybody().host("unknown.example").query(NAME).await;
    host.assert_refused(404, "TENANT_NOT_FOUND");
    assert_ruby_is_served(&server).await;
}

#[tokio::test]
async fn header_and_host_must_not_name_two_tenants() {
    let server = TestServer::start().await;
    let conflict = server.tenant("python").host("ruby.localhost");
    conflict
        .query(NAME)
        .await
        .assert_refused(400, "TENANT_CONFLICT");

    let agreed = server.tenant("python").host("python.localhost:80");
    assert_eq!(
        agreed.query(NAME).await.at("tenant.name"),
        "Supermarket Python"
    );
    let unregistered = server.tenant("python").host("gateway.example");
    assert_eq!(
        unregistered.query(NAME).await.at("tenant.name"),
        "Supermarket Python"
    );
}

#[tokio::test]
async fn r03_the_shared_domain_leads_to_the_operators_and_yields_to_the_header() {
    let server = TestServer::start().await;
    let tenants = "{ tenants { nodes { slug } } }";

    let by_host = server.anybody().as_operator().host("insula.localhost");
    let by_header = server.shared().as_operator();
    let yielding = server.tenant("python").host("insula.localhost");

    for shared in [by_host, by_header] {
        let slugs = shared.query(tenants).await.at("tenants.nodes.slug");
        assert_eq!(slugs, json!(["python", "ruby"]));
    }
    assert_eq!(
        yielding.query(NAME).await.at("tenant.name"),
        "Supermarket Python"
    );
}

#[tokio::test]
async fn n15_a_header_that_is_no_host_name_is_invalid() {
    let server = TestServer::start().await;
    for wrong in [
        "",
        "two words",
        "a'b",
        "a\"b",
        "a;b",
        "a..b",
        "python.localhost/x",
        "-a.x",
        "python.localhost:http",
        "[::1",
        "127.0.0.1",
        "[::1]:80",
        "_.x",
        &format!("{}.localhost", "a".repeat(64)),
        &["a"; 200].join("."),
    ] {
        let named = server.anybody().header("x-tenant-domain", wrong);
        named
            .query(NAME)
            .await
            .assert_refused(400, "TENANT_INVALID");
    }
    assert_ruby_is_served(&server).await;
}

#[tokio::test]
async fn a_header_that_comes_twice_is_invalid_even_if_both_agree() {
    let server = TestServer::start().await;
    for second in ["python.localhost", "ruby.localhost", ""] {
        let twice = server.tenant("python").header("x-tenant-domain", second);
        twice
            .query(NAME)
            .await
            .assert_refused(400, "TENANT_INVALID");
    }
    let once = ask_python(&server).await;
    assert_eq!(once.at("tenant.name"), "Supermarket Python");
}

#[tokio::test]
async fn r27_a_suspended_tenant_is_refused_and_its_data_are_there_when_it_is_resumed() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    let owner = server.tenant("python").as_owner();
    let employees = "{ employees { nodes { id number name email department { name } } } }";
    let before = owner.query(employees).await.at("employees");

    let slug = json!({ "slug": "python" });
    let suspended = operator
        .mutate("suspendTenant", &slug, "tenant { status }")
        .await;
    assert_eq!(suspended.at("tenant.status"), "SUSPENDED");
    let refused = tests::eventually(async || owner.query(employees).await, |a| a.status == 403);
    refused.await.assert_refused(403, "TENANT_SUSPENDED");
    ask_python(&server)
        .await
        .assert_refused(403, "TENANT_SUSPENDED");
    assert_ruby_is_served(&server).await;

    let resumed = operator
        .mutate("resumeTenant", &slug, "tenant { status }")
        .await;
    assert_eq!(resumed.at("tenant.status"), "ACTIVE");
    let after = tests::eventually(async || owner.query(employees).await, |a| a.status == 200);
    assert_eq!(after.await.at("employees"), before);
}

#[tokio::test]
async fn l19_tenants_that_are_not_ready_are_unavailable_for_a_while() {
    for status in ["provisioning", "failed", "maintenance"] {
        let server = with_status(status).await;
        let refused = ask_python(&server).await;
        refused.assert_refused(503, "TENANT_UNAVAILABLE");
        assert_eq!(refused.headers[header::RETRY_AFTER], "5", "{status}");
        assert_ruby_is_served(&server).await;
    }
}

#[tokio::test]
async fn what_is_being_dropped_or_gone_is_as_if_it_had_never_been() {
    for status in ["dropping", "dropped"] {
        let server = with_status(status).await;
        ask_python(&server)
            .await
            .assert_refused(404, "TENANT_NOT_FOUND");
        assert_ruby_is_served(&server).await;
    }
}

#[tokio::test]
async fn m31_a_tenant_behind_the_servers_migrations_waits_alone() {
    let server = TestServer::start().await;
    let schema = server.sql("python").schema().to_owned();
    let latest = server.state.histories.tenant.latest();
    let forget = format!(
        "DELETE FROM schema_migration WHERE schema_name = '{schema}' AND version = '{latest}'"
    );
    server.shared_sql().run(&forget).await;

    let refused = ask_python(&server).await;

    refused.assert_refused(503, "TENANT_UNAVAILABLE");
    assert!(refused.headers.contains_key(header::RETRY_AFTER));
    assert_ruby_is_served(&server).await;
}

#[tokio::test]
async fn m31_a_tenant_ahead_is_served_unless_the_migration_breaks_older_servers() {
    for (breaking, status) in [(false, 200), (true, 503)] {
        let server = TestServer::start().await;
        let schema = server.sql("python").schema().to_owned();
        let ahead = format!(
            "INSERT INTO schema_migration (schema_name, version, breaking) VALUES ('{schema}', 'm99990101_000001_later', {breaking})"
        );
        server.shared_sql().run(&ahead).await;
        let answer = ask_python(&server).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert_ruby_is_served(&server).await;
    }
}

#[tokio::test]
async fn an_unexpected_failure_is_masked_and_says_the_requests_id() {
    let server = TestServer::start().await;
    server
        .sql("python")
        .run("ALTER TABLE employee RENAME COLUMN title TO betrayed")
        .await;

    let client = server
        .tenant("python")
        .as_owner()
        .header("x-request-id", "find-me");
    let failed = client.query("{ employees { nodes { name } } }").await;

    failed.assert_denied("INTERNAL");
    let error = &failed.json()["errors"][0];
    assert_eq!(error["extensions"]["requestId"], "find-me");
    assert_eq!(failed.headers["x-request-id"], "find-me");
    for secret in ["betrayed", "title", "SELECT", "exist"] {
        assert!(!failed.text.contains(secret), "{secret} in {}", failed.text);
    }
    assert_ruby_is_served(&server).await;
}

#[tokio::test]
async fn every_refusal_is_graphql_shaped_json_that_nobody_keeps() {
    let server = TestServer::start().await;
    let refused = server.tenant("perl").query(NAME).await;
    let json = refused.json();
    assert!(
        json["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("no tenant")
    );
    assert_eq!(
        refused.headers[header::CONTENT_TYPE],
        "application/json; charset=utf-8"
    );
    assert_eq!(refused.headers[header::CACHE_CONTROL], "private, no-store");
    assert!(refused.headers.contains_key("x-request-id"));
}
