//! All layers in one list, the outermost first.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use http::{HeaderName, HeaderValue, header};
use tower::ServiceBuilder;
use tower_http::trace::TraceLayer;
use tracing::{Span, field::Empty};

use super::{Refusal, RequestId, cors, request_id};
use crate::config::Config;

/// Puts the layers around all routes. A request passes them from top to bottom, its answer from bottom to top.
pub fn layered(router: Router, config: &Config) -> Router {
    let layers = ServiceBuilder::new()
        // First of all, because everything below says the request's id: spans, masked errors, the answer.
        .layer(from_fn(request_id::layer))
        // Around everything that can log, so that each line says whose request it was.
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_request(())
                .on_response(log)
                .on_failure(()),
        )
        // Around everything that can refuse: a browser hides an answer without CORS headers from the front end, a 504 too.
        .layer(cors::layer(config))
        // Around everything that answers, the deadline and a panic too: what one tenant was told, nobody may be given from a cache.
        .layer(from_fn_with_state(
            config.tenancy.header_name.clone(),
            keep_nothing,
        ))
        // Around the deadline and the handlers, but no further out: its answer wants the request's id and CORS headers too.
        .layer(from_fn(catch_panic))
        // Innermost: what runs out of time is the work, and dropping it ends its transaction.
        .layer(from_fn_with_state(config.graphql.deadline, deadline));
    router.layer(layers)
}

/// The span of a request. Who the tenant is gets known later (`Span::current().record`). Without the query string: a GET carries
/// its variables there, and a password may be among them. Of the highest level, so that it is there for
/// every line that is logged, however little is: a masked error leads to its line by the id alone.
fn span(request: &Request) -> Span {
    tracing::error_span!(
        "request",
        id = request.extensions().get().map(RequestId::as_str),
        method = %request.method(),
        path = request.uri().path(),
        tenant.slug = Empty,
        tenant.id = Empty,
    )
}

fn log(response: &Response, latency: Duration, _: &Span) {
    let status = response.status().as_u16();
    tracing::info!(status, milliseconds = latency.as_millis(), "answered");
}

/// No answer is kept unless it says that it may be. Those that aren't say what they depend on all the same, should somebody keep them
/// although they mustn't.
async fn keep_nothing(State(tenant): State<HeaderName>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let no_store = HeaderValue::from_static("no-store");
    let cached = headers.entry(header::CACHE_CONTROL).or_insert(no_store);
    let may_be_kept = cached.to_str().is_ok_and(|said| !said.contains("no-store"));
    if !may_be_kept {
        let always = HeaderValue::from_static("Origin, Accept, Authorization");
        headers.append(header::VARY, always);
        headers.append(header::VARY, tenant.into());
    }
    response
}

/// Tower-http's layer for this can't tell its handler which request it was, and the answer has to say the id.
async fn catch_panic(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            tracing::error!(panic = message(panic.as_ref()), "a handler panicked");
            Refusal::internal(id).into_response()
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    let formatted = || panic.downcast_ref::<String>().map(String::as_str);
    literal.or_else(formatted).unwrap_or("not a text")
}

async fn deadline(State(deadline): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(deadline, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::overdue().into_response(),
    }
}
