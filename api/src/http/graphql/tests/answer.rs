//! What the answers to right and wrong requests look like.

use http::StatusCode;

use super::*;
use crate::http::{Code, Refusal};

#[test]
fn a_query_is_answered_in_the_media_type_that_was_asked_for() {
    for (accept, content_type) in [
        ("application/json", "application/json; charset=utf-8"),
        (NEW, "application/graphql-response+json; charset=utf-8"),
    ] {
        let answer = call(post_json(
            accept,
            &json!({ "query": "{ sum(a: 1, b: 2) }" }),
        ));
        answer.is_data(&json!({ "sum": 3 }));
        assert_eq!(answer.header(header::CONTENT_TYPE), content_type);
        assert_eq!(answer.ran, Some(OperationKind::Query));
    }
    let refused = call(post_json(
        "text/html",
        &json!({ "query": "{ sum(a: 1, b: 2) }" }),
    ));
    refused.is_refused(406, "NOT_ACCEPTABLE");
    assert_eq!(
        refused.header(header::CONTENT_TYPE),
        "application/json; charset=utf-8"
    );
}

#[test]
fn nothing_may_be_kept() {
    for answer in [document("{ sum(a: 1, b: 2) }"), document("{"), get("")] {
        assert_eq!(answer.header(header::CACHE_CONTROL), "private, no-store");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    }
}

#[test]
fn what_is_wrong_with_the_graphql_alone_is_200_for_older_clients() {
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("fragment a on Query { sum }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "query a { sum } query a { sum }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "query a { sum } query b { sum }",
            "OPERATION_RESOLUTION_FAILURE",
        ),
    ] {
        let body = json!({ "query": query });
        call(post_json(NEW, &body)).is_refused(400, code);
        call(post_json("application/json", &body)).is_refused(200, code);
    }
    let body = json!({ "query": "{ nothing }" });
    for (accept, status) in [(NEW, 400), ("application/json", 200)] {
        let answer = call(post_json(accept, &body));
        assert_eq!(
            (answer.status, answer.code()),
            (status, "GRAPHQL_VALIDATION_FAILED")
        );
        assert!(answer.body.get("data").is_none(), "{}", answer.body);
    }
}

#[test]
fn a_syntax_error_says_where_and_what_without_the_line() {
    let answer = document("{ echo(text: \"s3cret\" ");
    answer.is_refused(400, "GRAPHQL_PARSE_FAILED");
    assert!(
        answer.message().starts_with("Syntax error: expected "),
        "{}",
        answer.message()
    );
    assert!(!answer.message().contains("s3cret"), "{}", answer.message());
    assert_eq!(answer.body["errors"][0]["locations"][0]["line"], 1);
}

#[test]
fn an_error_of_a_field_is_200_beside_the_data() {
    let answer = document("{ refused sum(a: 1, b: 2) }");
    assert_eq!((answer.status, answer.code()), (200, "FORBIDDEN"));
    assert_eq!(answer.body["data"]["sum"], 3);
    assert_eq!(answer.body["errors"][0]["path"], json!(["refused"]));
}

#[test]
fn data_that_an_error_took_away_is_null_and_not_missing() {
    let mut error = async_graphql::ServerError::new("no", None);
    error.path = vec![async_graphql::PathSegment::Field("set".to_owned())];
    let body = json!({ "query": "mutation { set }" });
    let answer = call_with(post_json(NEW, &body), |_| {
        async_graphql::Response::from_errors(vec![error])
    });
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body.get("data"), Some(&Value::Null));
}

#[test]
fn a_refusal_by_who_executes_has_its_status_whatever_the_media_type() {
    for accept in [NEW, "application/json"] {
        let request = post_json(accept, &json!({ "query": "{ sum(a: 1, b: 2) }" }));
        let refusal = Refusal::new(Code::DatabaseUnavailable, "The database is away; try again");
        let answer = call_with(request, |_| refusal.into());
        assert_eq!(
            (answer.status, answer.code()),
            (503, "DATABASE_UNAVAILABLE")
        );
        assert_eq!(answer.header(header::RETRY_AFTER), "5");
        assert!(answer.body.get("data").is_none(), "{}", answer.body);
    }
}

#[test]
fn masked_errors_say_the_requests_id_and_others_do_not() {
    let body = json!({ "query": "{ broken }" });
    let mut request = post_json(NEW, &body);
    request.extensions_mut().insert(RequestId::of("abc"));
    let answer = call(request);
    assert_eq!(
        answer.body["errors"][0]["extensions"],
        json!({ "code": "INTERNAL", "requestId": "abc" })
    );
    let mut request = post_json(NEW, &json!({ "query": "{ refused }" }));
    request.extensions_mut().insert(RequestId::of("abc"));
    assert_eq!(
        call(request).body["errors"][0]["extensions"],
        json!({ "code": "FORBIDDEN" })
    );
}

#[test]
fn errors_are_at_most_ten_of_two_hundred_characters() {
    let errors = |count: usize| {
        let long = "é".repeat(300);
        let errors = (0..count).map(|_| async_graphql::ServerError::new(long.clone(), None));
        let response = async_graphql::Response::from_errors(errors.collect());
        call_with(
            post_json(NEW, &json!({ "query": "{ sum(a: 1, b: 2) }" })),
            |_| response,
        )
    };
    assert_eq!(errors(9).body["errors"].as_array().unwrap().len(), 9);
    let many = errors(11);
    assert_eq!(many.body["errors"].as_array().unwrap().len(), 10);
    assert_eq!(many.message().chars().count(), 201);
    assert!(many.message().ends_with("é…"));
}

#[test]
fn headers_of_resolvers_reach_the_client() {
    let mut response = async_graphql::Response::new(async_graphql::Value::Boolean(true));
    response
        .http_headers
        .insert("x-of-resolver", HeaderValue::from_static("1"));
    let request = post_json(NEW, &json!({ "query": "{ sum(a: 1, b: 2) }" }));
    let answer = call_with(request, |_| response);
    assert_eq!(answer.header(HeaderName::from_static("x-of-resolver")), "1");
    assert_eq!(answer.status, StatusCode::OK);
}
