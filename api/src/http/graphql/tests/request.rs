//! Which requests are taken and which operation they mean.

use proptest::prelude::*;

use super::*;
use crate::config::{Overrides, Profile};

#[test]
fn only_json_in_utf8_is_taken() {
    let body = json!({ "query": "{ echo(text: \"é🏃\") }" }).to_string();
    for right in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=\"UTF-8\"",
    ] {
        let answer = call(post(&[("content-type", right)], body.clone()));
        answer.is_data(&json!({ "echo": "é🏃" }));
    }
    for wrong in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/jsonp",
        "application/json; charset=iso-8859-1",
        "nonsense",
    ] {
        let answer = call(post(&[("content-type", wrong)], body.clone()));
        answer.is_refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    call(post(&[], body.clone())).is_refused(415, "UNSUPPORTED_MEDIA_TYPE");
    let json = ("content-type", "application/json");
    call(post(&[json, json], body.clone())).is_refused(415, "UNSUPPORTED_MEDIA_TYPE");
    call(post(&[json, ("content-encoding", "gzip")], body))
        .is_refused(415, "UNSUPPORTED_MEDIA_TYPE");
}

#[test]
fn parameters_of_the_wrong_type_are_refused_by_name_and_not_repeated() {
    for wrong in [
        json!({ "a": "s3cret" }),
        json!(0),
        json!(false),
        json!(["s3cret"]),
        json!("s3cret"),
    ] {
        for name in ["query", "operationName", "variables", "extensions"] {
            let right = match name {
                "query" | "operationName" => wrong.is_string(),
                _ => wrong.is_object(),
            };
            if right {
                continue;
            }
            let mut body = json!({ "query": "{ sum(a: 1, b: 2) }" });
            body[name] = wrong.clone();
            let answer = call(post_json(NEW, &body));
            answer.is_refused(400, "BAD_REQUEST");
            assert!(
                answer
                    .message()
                    .starts_with(&format!("The parameter `{name}` must be"))
            );
            assert!(!answer.message().contains("s3cret"));
        }
    }
    call(post_json(NEW, &json!({ "query": null }))).is_refused(400, "BAD_REQUEST");
}

#[test]
fn parameters_may_be_null_and_unknown_ones_are_ignored() {
    let body = json!({
        "query": "{ sum(a: 1, b: 2) }", "operationName": null, "variables": null, "extensions": null,
        "id": 7, "doc_id": { "x": [] },
    });
    call(post_json(NEW, &body)).is_data(&json!({ "sum": 3 }));
    let body = json!({
        "query": "query A($a: Int!) { sum(a: $a, b: 2) }", "operationName": "A", "variables": { "a": 1 },
        "extensions": { "trace": [1] },
    });
    let answer = call_with(post_json(NEW, &body), |request| {
        assert_eq!(request.extensions["trace"].to_string(), "[1]");
        async_graphql::Response::default()
    });
    assert_eq!(answer.ran, Some(OperationKind::Query));
}

#[test]
fn bodies_that_are_no_request_are_refused() {
    let json = [("content-type", "application/json")];
    for (body, message) in [
        ("", "The body is empty"),
        ("{ \"query", "The body isn't valid JSON at line 1"),
        ("\"{ sum }\"", "The body must be a JSON object"),
        ("{}", "The parameter `query` is missing"),
        (
            "{\"qeury\":\"{ sum }\"}",
            "The parameter `query` is missing",
        ),
        (
            "{\"query\":\"{ a }\",\"query\":\"{ b }\"}",
            "A parameter is given twice",
        ),
        (
            "[{\"query\":\"{ sum(a: 1, b: 2) }\"}]",
            "Send one operation per request",
        ),
        (
            " \n[\"{ sum(a: 1, b: 2) }\"]",
            "Send one operation per request",
        ),
    ] {
        let answer = call(post(&json, body));
        answer.is_refused(400, "BAD_REQUEST");
        assert!(
            answer.message().starts_with(message),
            "{body}: {}",
            answer.message()
        );
    }
    let not_utf8 = call(post(
        &json,
        &b"{\"query\":\"{ echo(text: \\\"\xff\\\") }\"}"[..],
    ));
    not_utf8.is_refused(400, "BAD_REQUEST");
    let deep = format!("{{\"query\":\"{{ sum }}\",\"x\":{}", "[".repeat(500));
    call(post(&json, deep)).is_refused(400, "BAD_REQUEST");
}

#[test]
fn a_body_over_the_limit_is_refused_whether_it_says_so_or_not() {
    let padded = |length| {
        let body = json!({ "query": "{ sum(a: 1, b: 2) }", "padding": "" }).to_string();
        let padding = " ".repeat(length - body.len());
        body + &padding
    };
    let json = ("content-type", "application/json");
    call(post(&[json], padded(2000))).is_data(&json!({ "sum": 3 }));
    call(post(&[json], padded(2001))).is_refused(413, "PAYLOAD_TOO_LARGE");

    // An announced length is enough; nothing of this body is ever read.
    let never = Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    call(post(&[json, ("content-length", "2001")], never)).is_refused(413, "PAYLOAD_TOO_LARGE");
    let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 100]));
    call(post(&[json], Body::from_stream(chunks))).is_refused(413, "PAYLOAD_TOO_LARGE");
}

#[test]
fn a_body_that_breaks_off_is_refused() {
    let chunks = futures::stream::iter([Ok("{"), Err(std::io::Error::other("gone"))]);
    let answer = call(post(
        &[("content-type", "application/json")],
        Body::from_stream(chunks),
    ));
    answer.is_refused(400, "BAD_REQUEST");
}

#[test]
fn a_document_is_measured_in_characters() {
    let padded = |length: usize| format!("{{ echo(text: \"{}\") }}", "é".repeat(length - 18));
    assert_eq!(padded(200).chars().count(), 200);
    assert_eq!(document(&padded(200)).status, 200);
    document(&padded(201)).is_refused(400, "DOCUMENT_TOO_LONG");
}

#[test]
fn the_operation_that_runs_is_determined_by_its_name() {
    let named = |query: &str, name: &str| {
        call(post_json(
            NEW,
            &json!({ "query": query, "operationName": name }),
        ))
    };
    let two = "query a { sum(a: 1, b: 2) } mutation b { set }";
    assert_eq!(named(two, "a").ran, Some(OperationKind::Query));
    assert_eq!(named(two, "b").ran, Some(OperationKind::Mutation));
    named(two, "b").is_data(&json!({ "set": true }));
    named(two, "c").is_refused(400, "OPERATION_RESOLUTION_FAILURE");
    named(two, "").is_refused(400, "OPERATION_RESOLUTION_FAILURE");
    named("query a { sum(a: 1, b: 2) }", "").is_data(&json!({ "sum": 3 }));
    named("query a { sum(a: 1, b: 2) }", "b").is_refused(400, "OPERATION_RESOLUTION_FAILURE");
    named("{ sum(a: 1, b: 2) }", "a").is_refused(400, "OPERATION_RESOLUTION_FAILURE");
    document("query a { sum(a: 1, b: 2) }").is_data(&json!({ "sum": 3 }));
    let refused = document(two);
    refused.is_refused(400, "OPERATION_RESOLUTION_FAILURE");
    assert!(
        refused.message().contains("has 2 operations"),
        "{}",
        refused.message()
    );
}

#[test]
fn get_reads_and_never_writes() {
    get("query=%7Bsum(a:1,b:2)%7D").is_data(&json!({ "sum": 3 }));
    get("query=query+a($t:String!)%7Becho(text:$t)%7D&operationName=a&variables=%7B%22t%22:%22%C3%A9+%2B%22%7D&extensions=null&x=1")
        .is_data(&json!({ "echo": "é +" }));
    let refused = get("query=mutation%7Bset%7D");
    refused.is_refused(405, "METHOD_NOT_ALLOWED");
    assert_eq!(refused.header(header::ALLOW), "POST");
    let two = "query=query+a%7Bsum(a:1,b:2)%7D+mutation+b%7Bset%7D";
    get(&format!("{two}&operationName=a")).is_data(&json!({ "sum": 3 }));
    get(&format!("{two}&operationName=b")).is_refused(405, "METHOD_NOT_ALLOWED");
}

#[test]
fn a_get_with_wrong_parameters_is_refused() {
    for wrong in [
        "",
        "operationName=a",
        "query=%7Bsum%7D&query=%7Bsum%7D",
        "query=%FF",
        "query=%7Bsum%7D&variables=%FF",
        "query=%7Bsum%7D&variables=",
        "query=%7Bsum%7D&variables=1",
        "query=%7Bsum%7D&variables=%5B%5D",
        "query=%7Bsum%7D&variables=%7B",
        "query=%7Bsum%7D&extensions=%22%22",
    ] {
        get(wrong).is_refused(400, "BAD_REQUEST");
    }
    let long = format!("query=%7B{}%7D", "x".repeat(300));
    get(&long).is_refused(400, "DOCUMENT_TOO_LONG");
}

#[test]
fn other_methods_are_told_which_ones_there_are() {
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let request = Request::builder().method(method).uri("/graphql");
        let answer = call(request.body(Body::empty()).unwrap());
        answer.is_refused(405, "METHOD_NOT_ALLOWED");
        assert_eq!(answer.header(header::ALLOW), "GET, POST");
    }
}

#[test]
fn subscriptions_are_refused_in_words() {
    document("subscription { ticks }").is_refused(400, "SUBSCRIPTION_UNSUPPORTED");
    get("query=subscription%7Bticks%7D").is_refused(400, "SUBSCRIPTION_UNSUPPORTED");
}

proptest! {
    #[test]
    fn whatever_is_sent_is_answered_in_json(body: Vec<u8>, query: String) {
        let json = [("content-type", "application/json")];
        let answer = call(post(&json, body));
        prop_assert!(answer.body["errors"][0]["message"].is_string());
        let answer = document(&query);
        prop_assert!(answer.body.is_object());
    }
}

#[test]
fn the_limits_are_those_of_the_configuration() {
    let env = |name: &str| match name {
        "INSULA_GRAPHQL_BODY_LIMIT" => Some("2 KiB".to_owned()),
        "INSULA_GRAPHQL_DOCUMENT_LIMIT" => Some("7".to_owned()),
        _ => None,
    };
    let config = Config::load(Profile::Command, &Overrides::default(), env).unwrap();
    let limits = Limits::from(&config);
    assert_eq!((limits.body, limits.document), (2048, 7));
}
