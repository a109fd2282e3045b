//! GraphQL over HTTP in the details that the public suite leaves open, and the routes beside it.

use http::header;
use serde_json::{Value, json};
use tenancy::testing::Way;
use tests::{Answer, TestServer, raw};

tenancy::both_ways! {
    bodies_that_are_no_request_are_refused_before_anything_runs,
    documents_that_are_no_graphql_are_told_so,
    a_body_and_a_document_have_a_largest_size,
    a_chunked_body_is_cut_off_at_the_limit_too,
    get_is_for_queries_alone,
    other_methods_are_told_which_ones_there_are,
    a_front_end_of_a_named_origin_may_send_the_tenant_header,
    r26_health_needs_neither_tenant_nor_database,
    a_secret_is_not_published_among_the_keys,
    variables_of_the_wrong_type_are_refused_with_the_operation,
}

const NAME: &str = "{ tenant { name } }";

/// A POST with this content type and body.
async fn send(server: &TestServer, content_type: &str, body: &str) -> Answer {
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: python.localhost\r\nconnection: close\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    server.raw(&request).await
}

async fn bodies_that_are_no_request_are_refused_before_anything_runs(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let json = "application/json";
    for body in [
        "",
        "nonsense",
        "{",
        "[]",
        "[{}]",
        "null",
        "7",
        "{}",
        "{\"query\":7}",
        "{\"query\":\"{tenant{name}}\",\"variables\":7}",
        "\u{0}",
    ] {
        let refused = send(&server, json, body).await;
        refused.assert_refused(400, "BAD_REQUEST");
    }
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "nonsense",
    ] {
        let refused = send(&server, content_type, "{\"query\":\"{tenant{name}}\"}").await;
        refused.assert_refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let fine = send(&server, json, "{\"query\":\"{tenant{name}}\"}").await;
    assert_eq!(fine.at("tenant.name"), "Supermarket Python");
}

async fn documents_that_are_no_graphql_are_told_so(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let python = server.tenant("python");
    for (document, code) in [
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ tenant }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ tenant { name(x: 1) } }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "query A { __typename } query B { __typename }",
            "OPERATION_RESOLUTION_FAILURE",
        ),
    ] {
        let answer = python.query(document).await;
        assert_eq!(answer.codes(), [code], "{document:?}");
        assert_eq!(answer.json().get("data"), None, "{document:?}");
        let modern = python
            .clone()
            .header("accept", "application/graphql-response+json");
        assert_eq!(modern.query(document).await.status, 400, "{document:?}");
    }
}

async fn a_body_and_a_document_have_a_largest_size(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let python = server.tenant("python");
    let sized = |size: usize| json!({ "query": NAME, "extensions": { "x": "x".repeat(size) } });

    let fine = python.post(&sized(1_000_000)).await;
    assert_eq!(fine.at("tenant.name"), "Supermarket Python");
    let large = python.post(&sized(1 << 20)).await;
    large.assert_refused(413, "PAYLOAD_TOO_LARGE");

    let long = |length: usize| format!("{NAME}{}", " ".repeat(length - NAME.len()));
    assert_eq!(python.query(&long(15_000)).await.status, 200);
    let longer = python.query(&long(15_001)).await;
    longer.assert_refused(400, "DOCUMENT_TOO_LONG");
}

async fn a_chunked_body_is_cut_off_at_the_limit_too(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let chunked = |fill: usize| {
        let body = json!({ "query": NAME, "extensions": { "x": "x".repeat(fill) } }).to_string();
        format!(
            "POST /graphql HTTP/1.1\r\nhost: python.localhost\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        )
    };
    let fine = server.raw(&chunked(1000)).await;
    assert_eq!(fine.status, 200);
    let large = server.raw(&chunked(1 << 20)).await;
    assert_eq!(large.status, 413);
}

async fn get_is_for_queries_alone(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let owner = server.tenant("python").as_owner();
    assert_eq!(
        owner.get(NAME).await.at("tenant.name"),
        "Supermarket Python"
    );

    let create =
        "mutation { createDepartment(input: { name: \"By link\" }) { department { name } } }";
    let refused = owner.get(create).await;

    refused.assert_refused(405, "METHOD_NOT_ALLOWED");
    assert_eq!(refused.headers[header::ALLOW], "POST");
    assert_eq!(server.sql("python").count("department").await, 2);
    let posted = owner.query(create).await;
    assert_eq!(posted.at("createDepartment.department.name"), "By link");
}

async fn other_methods_are_told_which_ones_there_are(way: Way) {
    let server = TestServer::by(way, &[]).await;
    for method in ["PUT", "DELETE", "PATCH"] {
        let request = raw::post(&["host: python.localhost"], NAME).replacen("POST", method, 1);
        let refused = server.raw(&request).await;
        refused.assert_refused(405, "METHOD_NOT_ALLOWED");
        assert_eq!(refused.headers[header::ALLOW], "GET, POST");
    }
}

async fn a_front_end_of_a_named_origin_may_send_the_tenant_header(way: Way) {
    let server = TestServer::by(way, &[("INSULA_CORS_ORIGINS", "https://shop.example")]).await;
    let preflight = |origin: &str| {
        format!(
            "OPTIONS /graphql HTTP/1.1\r\nhost: api.example\r\nconnection: close\r\norigin: {origin}\r\naccess-control-request-method: POST\r\naccess-control-request-headers: content-type,x-tenant-domain,authorization\r\n\r\n"
        )
    };
    let admitted = server.raw(&preflight("https://shop.example")).await;
    assert_eq!(admitted.status, 200);
    assert_eq!(
        admitted.headers["access-control-allow-origin"],
        "https://shop.example"
    );
    let allowed = admitted.headers["access-control-allow-headers"].to_str();
    assert!(allowed.unwrap().contains("x-tenant-domain"));
    let stranger = server.raw(&preflight("https://evil.example")).await;
    assert!(!stranger.headers.contains_key("access-control-allow-origin"));

    // Refusals too: a front end that can't read them can't tell what is wrong.
    let refused = server
        .tenant("perl")
        .header("origin", "https://shop.example");
    let refused = refused.query(NAME).await;
    refused.assert_refused(404, "TENANT_NOT_FOUND");
    assert_eq!(
        refused.headers["access-control-allow-origin"],
        "https://shop.example"
    );
}

async fn r26_health_needs_neither_tenant_nor_database(way: Way) {
    let nowhere = "postgres://nobody:nothing@127.0.0.1:1/nowhere";
    let server = TestServer::on(nowhere, &[]).await;
    for client in [
        server.anybody(),
        server.anybody().host("unknown.example"),
        server.tenant("perl"),
        server.anybody().header("x-tenant-domain", "not a host"),
    ] {
        let alive = client.path("/healthz").await;
        assert_eq!(
            (alive.status.as_u16(), alive.json()),
            (200, json!({ "status": "alive" }))
        );
    }
    assert_eq!(server.anybody().path("/readyz").await.status, 503);
    let whole = TestServer::by(way, &[]).await;
    assert_eq!(whole.anybody().path("/readyz").await.status, 200);
}

async fn a_secret_is_not_published_among_the_keys(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let keys = server.anybody().path("/.well-known/jwks.json").await;
    assert_eq!(
        (keys.status.as_u16(), keys.json()),
        (200, json!({ "keys": [] }))
    );
}

async fn variables_of_the_wrong_type_are_refused_with_the_operation(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let owner = server.tenant("python").as_owner();
    let document = "query($first: Int!) { employees(first: $first) { nodes { name } } }";
    for wrong in [
        json!({}),
        json!({ "first": "two" }),
        json!({ "first": Value::Null }),
    ] {
        let answer = owner.ask(document, &wrong).await;
        assert_eq!(answer.codes().len(), 1, "{}", answer.text);
        assert!(!answer.text.contains("INTERNAL"), "{}", answer.text);
    }
    let fine = owner.ask(document, &json!({ "first": 1 })).await;
    assert_eq!(fine.at("employees.nodes.name"), json!(["Cobra"]));
}
