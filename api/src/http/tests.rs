//! The layers together, around a router.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Extension, Router, body::Body, routing};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use tracing::{field, span};

use super::*;
use crate::config::{Config, Overrides, Profile};

fn config() -> Config {
    let env = |name: &str| match name {
        "INSULA_CORS_ORIGINS" => Some("https://shop.example".to_owned()),
        "INSULA_GRAPHQL_DEADLINE" => Some("1 s".to_owned()),
        _ => None,
    };
    Config::load(Profile::Command, &Overrides::default(), env).unwrap()
}

async fn id(Extension(id): Extension<RequestId>) -> String {
    tracing::Span::current().record("tenant.slug", "python");
    id.as_str().to_owned()
}

async fn panic() {
    panic!("a secret of the server");
}

async fn hang() {
    std::future::pending::<()>().await;
}

async fn call(request: http::request::Builder) -> (StatusCode, HeaderMap, String) {
    let routes = Router::new()
        .route("/id", routing::any(id))
        .route("/panic", routing::get(panic))
        .route("/hang", routing::get(hang))
        .route("/kept", routing::get(kept));
    let request: Request<Body> = request.body(Body::empty()).unwrap();
    let response = layers::layered(routes, &config())
        .oneshot(request)
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        parts.status,
        parts.headers,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

#[tokio::test]
async fn a_wellformed_request_id_is_kept_and_any_other_replaced() {
    let (_, headers, body) = call(Request::get("/id").header("x-request-id", "mine-1")).await;
    assert_eq!(
        (&headers["x-request-id"], body.as_str()),
        (&"mine-1".parse().unwrap(), "mine-1")
    );
    for request in [
        Request::get("/id"),
        Request::get("/id").header("x-request-id", "no spaces"),
    ] {
        let (_, headers, body) = call(request).await;
        assert_eq!(headers["x-request-id"], body);
        assert_eq!(uuid::Uuid::parse_str(&body).unwrap().get_version_num(), 7);
    }
}

#[tokio::test]
async fn a_panic_is_masked_and_says_the_requests_id() {
    let request = Request::get("/panic")
        .header("x-request-id", "mine-2")
        .header("origin", "https://shop.example");
    let (status, headers, body) = call(request).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    let expected = json!({ "errors": [{
        "message": "Internal server error",
        "extensions": { "code": "INTERNAL", "requestId": "mine-2" },
    }] });
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    assert_eq!(headers["x-request-id"], "mine-2");
    assert_eq!(
        headers["access-control-allow-origin"],
        "https://shop.example"
    );
}

#[tokio::test(start_paused = true)]
async fn what_takes_longer_than_the_deadline_is_ended() {
    let started = tokio::time::Instant::now();
    let (status, headers, body) =
        call(Request::get("/hang").header("origin", "https://shop.example")).await;
    assert_eq!(started.elapsed(), Duration::from_secs(1));
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);
    assert!(body.contains(r#""code":"TIMEOUT""#), "{body}");
    assert_eq!(
        headers["access-control-allow-origin"],
        "https://shop.example"
    );
}

#[tokio::test]
async fn a_preflight_of_the_tenant_header_passes_without_a_handler() {
    let preflight = |origin: &str| {
        Request::builder()
            .method(Method::OPTIONS)
            .uri("/panic")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "content-type,x-tenant-domain,authorization",
            )
    };
    let (status, headers, _) = call(preflight("https://shop.example")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        headers["access-control-allow-origin"],
        "https://shop.example"
    );
    assert_eq!(headers["access-control-allow-methods"], "GET,POST");
    assert_eq!(headers["access-control-max-age"], "7200");
    let allowed = headers["access-control-allow-headers"].to_str().unwrap();
    for name in [
        "content-type",
        "authorization",
        "x-tenant-domain",
        "x-request-id",
        "apollographql-client-name",
        "apollographql-client-version",
        "x-apollo-operation-name",
        "apollo-require-preflight",
    ] {
        assert!(
            allowed.split(',').any(|allowed| allowed == name),
            "{name} isn't in {allowed}"
        );
    }
    assert!(!headers.contains_key("access-control-allow-credentials"));

    let (_, headers, _) = call(preflight("https://evil.example")).await;
    assert!(!headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn only_admitted_origins_may_read_answers() {
    let (_, headers, _) = call(Request::get("/id").header("origin", "https://shop.example")).await;
    assert_eq!(
        headers["access-control-allow-origin"],
        "https://shop.example"
    );
    assert_eq!(
        headers["access-control-expose-headers"],
        "x-request-id,retry-after"
    );
    let (status, headers, _) =
        call(Request::get("/id").header("origin", "https://evil.example")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!headers.contains_key("access-control-allow-origin"));
    let vary = headers.get_all("vary").iter();
    let vary: Vec<_> = vary.map(|line| line.to_str().unwrap()).collect();
    assert!(vary.join(", ").to_lowercase().contains("origin"));
}

async fn kept() -> ([(&'static str, &'static str); 1], &'static str) {
    ([("cache-control", "public, max-age=300")], "for everybody")
}

#[tokio::test]
async fn nothing_is_kept_that_does_not_say_so_and_the_rest_says_what_it_depends_on() {
    for path in ["/id", "/panic", "/hang", "/nothing"] {
        let (_, headers, _) = call(Request::get(path)).await;
        assert!(
            headers["cache-control"]
                .to_str()
                .unwrap()
                .contains("no-store"),
            "{path}"
        );
        let vary = headers.get_all("vary").iter();
        let vary: Vec<_> = vary.map(|line| line.to_str().unwrap()).collect();
        let vary = vary.join(", ").to_lowercase();
        for header in ["origin", "accept", "authorization", "x-tenant-domain"] {
            assert!(
                vary.split(", ").any(|one| one == header),
                "{header} of {path}: {vary}"
            );
        }
    }
    let (_, headers, _) = call(Request::get("/kept")).await;
    assert_eq!(headers["cache-control"], "public, max-age=300");
}

/// A subscriber that keeps the fields of all spans.
#[derive(Clone, Default)]
struct Fields(Arc<Mutex<Vec<(String, String)>>>);

impl field::Visit for Fields {
    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        let entry = (field.name().to_owned(), format!("{value:?}"));
        self.0.lock().unwrap().push(entry);
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Fields {
    fn on_new_span(
        &self,
        attributes: &span::Attributes<'_>,
        _: &span::Id,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        attributes.record(&mut self.clone());
    }

    fn on_record(
        &self,
        _: &span::Id,
        record: &span::Record<'_>,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        record.record(&mut self.clone());
    }
}

#[tokio::test]
async fn the_span_says_who_and_what_but_no_variables() {
    use tracing_subscriber::layer::SubscriberExt;
    let fields = Fields::default();
    let subscriber = tracing_subscriber::registry().with(fields.clone());
    let guard = tracing::subscriber::set_default(subscriber);
    call(Request::get("/id?variables=s3cret").header("x-request-id", "mine-3")).await;
    drop(guard);
    let fields = fields.0.lock().unwrap();
    for expected in [
        ("id", "\"mine-3\""),
        ("method", "GET"),
        ("path", "\"/id\""),
        ("tenant.slug", "\"python\""),
    ] {
        let expected = (expected.0.to_owned(), expected.1.to_owned());
        assert!(
            fields.contains(&expected),
            "{expected:?} isn't in {fields:?}"
        );
    }
    assert!(!format!("{fields:?}").contains("s3cret"));
}
