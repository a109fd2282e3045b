//! All layers in one list, the outermost first.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::{HeaderMap, HeaderValue, header};
use tower::ServiceBuilder;
use tracing::{Instrument, Span, field::Empty};

use super::{Refusal, RequestId, cors, request_id};
use crate::config::Config;

/// Puts the layers around all routes. A request passes them from top to bottom, its answer from bottom to top. They are few, since each
/// costs every request several allocations and a copy of those below it.
pub fn layered(router: Router, config: &Config) -> Router {
    let guard = Guard {
        deadline: config.graphql.deadline,
        tenant: config.tenancy.header_name.clone().into(),
    };
    let layers = ServiceBuilder::new()
        // First of all, because everything below says the request's id: spans, masked errors, the answer.
        .layer(from_fn(identify))
        // Around everything that can refuse: a browser hides an answer without CORS headers from the front end, a 504 too.
        .layer(cors::layer(config))
        // Around everything that answers, the deadline and a panic too: both want the request's id and CORS headers.
        .layer(from_fn_with_state(Arc::new(guard), guarded));
    router.layer(layers)
}

/// Gives the request its id, says it in the answer, and on each line that is logged in between.
async fn identify(mut request: Request, next: Next) -> Response {
    let id = RequestId::of_request(request.headers());
    let span = span(&request, &id);
    request.extensions_mut().insert(id.clone());
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    span.in_scope(|| log(&response, begun.elapsed()));
    response
        .headers_mut()
        .insert(request_id::HEADER, id.header());
    response
}

/// The span of a request. Who the tenant is gets known later (`Span::current().record`). Without the query string: a GET carries
/// its variables there, and a password may be among them. Of the highest level, so that it is there for
/// every line that is logged, however little is: a masked error leads to its line by the id alone.
fn span(request: &Request, id: &RequestId) -> Span {
    tracing::error_span!(
        "request",
        id = id.as_str(),
        method = %request.method(),
        path = request.uri().path(),
        tenant.slug = Empty,
        tenant.id = Empty,
    )
}

fn log(response: &Response, latency: Duration) {
    let status = response.status().as_u16();
    tracing::info!(status, milliseconds = latency.as_millis(), "answered");
}

/// What holds of every answer but a preflight's.
struct Guard {
    deadline: Duration,
    /// The name of the header that names a tenant.
    tenant: HeaderValue,
}

/// Ends what takes too long and catches what panics. Innermost: what runs out of time is the work, and dropping it ends its transaction.
async fn guarded(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let work = tokio::time::timeout(guard.deadline, next.run(request));
    let mut response = match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Refusal::overdue().into_response(),
        // Tower-http's layer for this can't tell its handler which request it was, and the answer has to say the id.
        Err(panic) => {
            tracing::error!(panic = message(panic.as_ref()), "a handler panicked");
            Refusal::internal(id).into_response()
        }
    };
    keep_nothing(response.headers_mut(), &guard.tenant);
    response
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    let formatted = || panic.downcast_ref::<String>().map(String::as_str);
    literal.or_else(formatted).unwrap_or("not a text")
}

/// No answer is kept unless it says that it may be: what one tenant was told, nobody may be given from a cache. Those that aren't say
/// what they depend on all the same, should somebody keep them although they mustn't.
fn keep_nothing(headers: &mut HeaderMap, tenant: &HeaderValue) {
    let no_store = HeaderValue::from_static("no-store");
    let cached = headers.entry(header::CACHE_CONTROL).or_insert(no_store);
    let may_be_kept = cached.to_str().is_ok_and(|said| !forbids(said));
    if !may_be_kept {
        let always = HeaderValue::from_static("Origin, Accept, Authorization");
        headers.append(header::VARY, always);
        headers.append(header::VARY, tenant.clone());
    }
}

/// Ours end with it, which is seen sooner.
fn forbids(said: &str) -> bool {
    said.ends_with("no-store") || said.contains("no-store")
}
