//! What answers at an address of its own, which the public doesn't reach: figures, and nothing of any tenant's.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

use super::metrics::Metrics;
use super::server::Server;
use super::{Code, Refusal};

/// The format and its version, as the library writes it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All of it. Nothing here needs a tenant, a token or the database.
pub fn admin(server: &Arc<Server>) -> Router {
    Router::new()
        .route("/metrics", get(metrics).fallback(wrong_method))
        .fallback(nothing_here)
        .with_state(Arc::new(registry(server)))
}

fn registry(server: &Arc<Server>) -> Registry {
    let mut registry = Registry::with_prefix("insula");
    registry.register_collector(Box::new(Metrics::new(Arc::clone(server))));
    registry
}

async fn metrics(Shared(registry): Shared<Arc<Registry>>) -> Response {
    let mut figures = String::new();
    if text::encode(&mut figures, &registry).is_err() {
        return Refusal::internal(None).into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, OPEN_METRICS),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, figures).into_response()
}

async fn wrong_method() -> Response {
    Refusal::method("GET, HEAD", "metrics are asked by GET").into_response()
}

async fn nothing_here() -> Response {
    Refusal::new(Code::NotFound, "nothing is here; metrics are at /metrics").into_response()
}
