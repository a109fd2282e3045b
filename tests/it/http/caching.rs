//! No answer is kept by anybody, and each says what it depends on.

use http::header;
use serde_json::json;
use tests::{Answer, TestServer, raw};

const NAME: &str = "{ tenant { name } }";

type Kinds = Vec<(&'static str, u16, Answer)>;

/// What `/graphql` answers to somebody whom it lets in.
async fn answered(server: &TestServer) -> Kinds {
    let python = server.tenant("python");
    let owner = python.clone().as_owner();
    let accept = "application/graphql-response+json";
    let modern = owner.clone().header("accept", accept);
    let broken = "ALTER TABLE employee RENAME COLUMN title TO lost";
    server.sql("ruby").run(broken).await;
    let ruby = server.tenant("ruby").as_owner();
    let denied = "{ me { email } }";
    let failed = "{ employees { nodes { title } } }";
    let wrong = "mutation { createDepartment(input: { name: \"\" }) { userErrors { code } } }";
    let deep = "{a".repeat(70);
    vec![
        ("an answer", 200, owner.query(NAME).await),
        ("an answer to a link", 200, python.get(NAME).await),
        ("a modern answer", 200, modern.query(NAME).await),
        ("refused input", 200, owner.query(wrong).await),
        ("a denied field", 200, python.query(denied).await),
        ("a failed field", 200, ruby.query(failed).await),
        ("no such field", 200, owner.query("{ nothing }").await),
        (
            "no such field, modern",
            400,
            modern.query("{ nothing }").await,
        ),
        ("no document", 400, owner.post(&json!({})).await),
        ("too deep a document", 400, owner.query(&deep).await),
    ]
}

/// What is refused before that, and what is beside it.
async fn refused(server: &TestServer) -> Kinds {
    let python = server.tenant("python");
    let owner = python.clone().as_owner();
    let host = raw::post(&["host: python.localhost"], NAME);
    let put = host.replacen("POST", "PUT", 1);
    let untyped = host.replace("application/json", "text/plain");
    let large = json!({ "query": NAME, "extensions": { "x": "x".repeat(1 << 20) } });
    let conflict = python.clone().host("ruby.localhost");
    let nonsense = server.anybody().header("x-tenant-domain", "a b");
    let picky = owner.clone().header("accept", "text/html");
    let create = "mutation { createDepartment(input: { name: \"N\" }) { __typename } }";
    vec![
        (
            "no such tenant",
            404,
            server.tenant("perl").query(NAME).await,
        ),
        ("no tenant named", 404, server.anybody().query(NAME).await),
        ("two tenants named", 400, conflict.query(NAME).await),
        ("no host name", 400, nonsense.query(NAME).await),
        ("a bad token", 401, python.bearing("x").query(NAME).await),
        ("a wrong method", 405, server.raw(&put).await),
        ("a mutation by a link", 405, owner.get(create).await),
        ("nothing acceptable", 406, picky.query(NAME).await),
        ("too large a body", 413, owner.post(&large).await),
        ("another type of body", 415, server.raw(&untyped).await),
        ("nothing there", 404, owner.path("/nothing").await),
        ("health", 200, server.anybody().path("/healthz").await),
        ("readiness", 200, server.anybody().path("/readyz").await),
    ]
}

#[tokio::test]
async fn no_answer_of_any_kind_may_be_kept_and_each_varies_by_whom_it_was_for() {
    let server = TestServer::start().await;
    let mut answers = answered(&server).await;
    answers.extend(refused(&server).await);
    let nowhere = "postgres://nobody:nothing@127.0.0.1:1/nowhere";
    let away = TestServer::on(nowhere, &[]).await;
    answers.push(("no database", 503, away.tenant("python").query(NAME).await));
    let suspend = "UPDATE tenant SET status = 'suspended' WHERE slug = 'ruby'";
    server.shared_sql().run(suspend).await;
    let other = server.another().await;
    answers.push((
        "a suspended tenant",
        403,
        other.tenant("ruby").query(NAME).await,
    ));

    for (kind, status, answer) in answers {
        assert_eq!(answer.status, status, "{kind}: {}", answer.text);
        let kept = answer.headers[header::CACHE_CONTROL].to_str().unwrap();
        assert!(
            kept.split(", ").any(|word| word == "no-store"),
            "{kind}: {kept}"
        );
        let lines = answer.headers.get_all(header::VARY).iter();
        let lines: Vec<_> = lines.map(|line| line.to_str().unwrap()).collect();
        let varies = lines.join(", ").to_lowercase();
        for by in ["origin", "accept", "authorization", "x-tenant-domain"] {
            assert!(
                varies.split(", ").any(|one| one == by),
                "{kind} by {by}: {varies}"
            );
        }
        assert!(answer.headers.contains_key("x-request-id"), "{kind}");
    }
}

#[tokio::test]
async fn answers_vary_by_the_header_that_is_configured() {
    let server = TestServer::with(&[("TENANT_DOMAIN_HEADER", "X-Shop")]).await;
    let named = server.anybody().header("x-shop", "python.localhost");
    for answer in [named.query(NAME).await, server.anybody().query(NAME).await] {
        let lines = answer.headers.get_all(header::VARY).iter();
        let varies: Vec<_> = lines.map(|line| line.to_str().unwrap()).collect();
        assert!(varies.contains(&"x-shop"), "{varies:?}");
    }
}
