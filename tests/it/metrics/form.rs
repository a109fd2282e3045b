use std::fmt::Write;
use std::fs;

use tests::TestServer;

use super::{Scrape, ask, scrape};

/// As a monitoring system reads it: each family says what it is before its samples, which are there once, and the end is marked.
#[tokio::test]
async fn every_figure_says_what_it_is_and_none_is_of_a_single_tenant() {
    let server = TestServer::start().await;
    let size = async || {
        let answer = ask(server.admin, "GET", "/metrics").await;
        for slug in ["python", "ruby"] {
            let schema = server.people().tenant(slug).schema.to_string();
            for name in [slug, &schema] {
                assert!(!answer.text.contains(name), "{name} in {}", answer.text);
            }
        }
        Scrape::read(&answer.text).samples.len()
    };
    let before = size().await;
    for slug in ["python", "ruby"] {
        let client = server.tenant(slug).as_owner();
        client.query("{ employees { nodes { name } } }").await;
    }
    assert_eq!(size().await, before);

    let answer = ask(server.admin, "GET", "/metrics").await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.headers["content-type"], kind);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let seen = Scrape::read(&answer.text);
    for family in &seen.families {
        assert!(family.name.starts_with("insula_"), "{family:?}");
        assert!(family.help.ends_with('.'), "{family:?}");
        let sample = family.sample();
        let is_there = seen.samples.keys().any(|one| one.starts_with(&sample));
        assert!(is_there, "{family:?}");
    }
    assert_eq!(seen.at("insula_build_info{version=\"0.1.0\"}"), 1);
    assert_eq!(seen.at("insula_db_proven"), 1);
}

#[tokio::test]
async fn metrics_are_asked_by_get_and_nothing_else_is_there() {
    let server = TestServer::start().await;
    let head = ask(server.admin, "HEAD", "/metrics").await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let refused = ask(server.admin, method, "/metrics").await;
        refused.assert_refused(405, "METHOD_NOT_ALLOWED");
        assert_eq!(refused.headers["allow"], "GET, HEAD");
    }
    for path in [
        "/",
        "/metrics/",
        "/graphql",
        "/graphiql",
        "/healthz",
        "/readyz",
    ] {
        let refused = ask(server.admin, "GET", path).await;
        refused.assert_refused(404, "NOT_FOUND");
    }
}

/// Not even those who may do everything reach it where the public is.
#[tokio::test]
async fn the_public_reaches_no_metrics() {
    let server = TestServer::start().await;
    for client in [
        server.anybody(),
        server.tenant("python").as_owner(),
        server.shared().as_operator(),
    ] {
        let refused = client.path("/metrics").await;
        refused.assert_refused(404, "NOT_FOUND");
        assert!(!refused.text.contains("insula_"), "{}", refused.text);
        assert_eq!(client.path("/healthz").await.status, 200);
    }
}

/// The table that operators read says what the server says.
#[tokio::test]
async fn the_table_of_metrics_is_current() {
    let server = TestServer::start().await;
    let seen = scrape(server.admin).await;
    let mut table = String::from("| metric | labels | kind | says |\n|---|---|---|---|\n");
    for family in &seen.families {
        let name = family.sample();
        let mut labels = Vec::new();
        for sample in seen.samples.keys() {
            let (of, given) = sample.split_once('{').unwrap_or((sample, ""));
            let given = given.split(',').filter_map(|one| one.split_once('='));
            let new = given.map(|(label, _)| format!("`{label}`"));
            labels.extend(new.filter(|_| of == name));
        }
        labels.dedup();
        labels.sort_unstable();
        labels.dedup();
        let (labels, kind, help) = (labels.join(", "), &family.kind, &family.help);
        writeln!(table, "| `{name}` | {labels} | {kind} | {help} |").unwrap();
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md");
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(&table), "docs/operations.md lacks:\n{table}");
}
