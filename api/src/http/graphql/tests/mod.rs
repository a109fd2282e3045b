//! A toy schema behind the handler.

mod answer;
mod request;

use std::cell::Cell;

use async_graphql::{EmptySubscription, Error, ErrorExtensions, Object, Schema};
use futures::executor::block_on;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::*;

struct Query;

#[Object]
#[expect(clippy::unused_async, reason = "fields of GraphQL are async")]
impl Query {
    async fn echo(&self, text: String) -> String {
        text
    }

    async fn sum(&self, a: i32, b: i32) -> i32 {
        a + b
    }

    async fn refused(&self) -> Result<Option<i32>, Error> {
        Err(Error::new("no").extend_with(|_, extensions| extensions.set("code", "FORBIDDEN")))
    }

    async fn broken(&self) -> Result<i32, Error> {
        Err(Error::new("masked").extend_with(|_, extensions| extensions.set("code", "INTERNAL")))
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn set(&self) -> bool {
        true
    }
}

const NEW: &str = "application/graphql-response+json";

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
    /// Whether something was executed, and as what.
    ran: Option<OperationKind>,
}

impl Answer {
    fn code(&self) -> &str {
        let code = &self.body["errors"][0]["extensions"]["code"];
        code.as_str()
            .unwrap_or_else(|| panic!("no code in {}", self.body))
    }

    fn message(&self) -> &str {
        self.body["errors"][0]["message"].as_str().unwrap()
    }

    fn header(&self, name: HeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn is_refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        assert_eq!(self.ran, None, "it was executed");
        assert!(self.body.get("data").is_none(), "{}", self.body);
    }

    fn is_data(&self, data: &Value) {
        assert_eq!((self.status, &self.body), (200, &json!({ "data": data })));
    }
}

fn limits() -> Limits {
    Limits {
        body: 2000,
        document: 200,
    }
}

fn call(request: Request<Body>) -> Answer {
    let schema = Schema::new(Query, Mutation, EmptySubscription);
    run(request, async move |request| schema.execute(request).await)
}

/// Answers with what is given.
fn call_with(
    request: Request<Body>,
    answer: impl FnOnce(async_graphql::Request) -> async_graphql::Response,
) -> Answer {
    run(request, async move |request| answer(request))
}

fn run<F, Fut>(request: Request<Body>, execute: F) -> Answer
where
    F: FnOnce(async_graphql::Request) -> Fut,
    Fut: Future<Output = async_graphql::Response>,
{
    let ran = Cell::new(None);
    let documents = Documents::default();
    let response = block_on(serve((&limits(), &documents), request, |operation| {
        ran.set(Some(operation.kind));
        let mut request = operation.request;
        request.set_parsed_query(operation.document.parsed.clone());
        execute(request)
    }));
    let (parts, body) = response.into_parts();
    let body = block_on(body.collect()).unwrap().to_bytes();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: serde_json::from_slice(&body).unwrap(),
        ran: ran.get(),
    }
}

fn post(headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post("/graphql");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

/// What most clients send.
fn post_json(accept: &str, body: &Value) -> Request<Body> {
    let headers = [("content-type", "application/json"), ("accept", accept)];
    post(&headers, body.to_string())
}

fn document(query: &str) -> Answer {
    call(post_json(NEW, &json!({ "query": query })))
}

fn get(query: &str) -> Answer {
    let uri = format!("/graphql?{query}");
    call(
        Request::get(uri)
            .header("accept", NEW)
            .body(Body::empty())
            .unwrap(),
    )
}
