//! What only Node.js can tell: each script says in its own words what it found.

use api::auth::TenantRole;
use serde_json::{Value, json};
use tests::TestServer;

use super::schemas;
use crate::node;

/// A server with a default domain, as one behind a single backend domain has.
async fn server() -> TestServer {
    TestServer::with(&[("DEFAULT_TENANT_DOMAIN", "python.localhost")]).await
}

#[tokio::test]
async fn all_audits_of_the_public_suite_pass_with_and_without_the_tenant_header() {
    let server = server().await;
    for headers in [json!({}), json!({ "X-Tenant-Domain": "ruby.localhost" })] {
        let environment = [("HEADERS", headers.to_string())];
        let said = node::run("audit.mjs", &[&server.url("/graphql")], &environment).await;
        assert_eq!(said.lines().last(), Some("61/61"), "{said}");
    }
}

#[tokio::test]
async fn apollo_and_urql_read_a_tenants_rows() {
    let server = server().await;
    let token = server.token(&server.people().user("ruby", TenantRole::Staff));
    let headers = json!({
        "X-Tenant-Domain": "ruby.localhost",
        "Authorization": format!("Bearer {token}"),
    });
    let document = "query Staff { tenant { name } employees(first: 2) { nodes { id name } } }";
    let environment = [("HEADERS", headers.to_string())];
    let said = node::run(
        "clients.mjs",
        &[&server.url("/graphql"), document],
        &environment,
    )
    .await;
    assert_eq!(said.matches("Diamond").count(), 3, "{said}");
}

#[tokio::test]
async fn the_playground_works_in_a_browser_without_any_outside_request() {
    let server = server().await;
    let token = server.token(&server.people().user("ruby", TenantRole::Owner));
    let shot = node::folder().join("graphiql.png");
    let environment = [
        ("TENANT", "ruby.localhost".to_owned()),
        ("TOKEN", token),
        ("SELECTION", "{ employees { nodes { name } } }".to_owned()),
        ("EXPECT", "Diamond".to_owned()),
        ("CHROMIUM", node::chromium()),
    ];
    let shot = shot.to_str().unwrap();
    let said = node::run("graphiql.mjs", &[&server.url(""), shot], &environment).await;
    assert!(said.starts_with("ok"), "{said}");
}

#[tokio::test]
async fn both_schemas_are_described_and_shaped_throughout() {
    for name in ["schema.graphql", "schema.shared.graphql"] {
        let path = schemas::path(name);
        let said = node::run("score.mjs", &[path.to_str().unwrap()], &[]).await;
        let score: Value = serde_json::from_str(&said).unwrap();
        let mut shares = Vec::new();
        for (column, value) in score.as_object().unwrap() {
            match value.as_object() {
                Some(inner) => shares.extend(inner.clone()),
                None => shares.push((column.clone(), value.clone())),
            }
        }
        assert_eq!(shares.len(), 9, "{said}");
        for (column, share) in shares {
            assert_eq!(share, "100.0%", "{column} of {name}");
        }
    }
}

#[tokio::test]
async fn both_schemas_pass_the_linter() {
    for name in ["schema.graphql", "schema.shared.graphql"] {
        let path = schemas::path(name);
        let said = node::run("lint.mjs", &[path.to_str().unwrap()], &[]).await;
        assert_eq!(said.trim(), "0 findings", "{name}");
    }
}
