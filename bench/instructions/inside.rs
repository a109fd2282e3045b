//! The way of a request from its head to the last byte of its answer, one after the other.

use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use api::http::{self, Playground, Server};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http_body_util::BodyExt;
use memchr::memmem;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::fleet::{self, Tenant};
use crate::queries::{self, Filling, Query};
use crate::{Failure, expected};

/// What it is told besides.
const SETTINGS: [(&str, &str); 3] = [
    // To connect costs as much as a hundred requests, so no second connection is to come later.
    ("INSULA_DATABASE_MAX_CONNECTIONS", "1"),
    // Whoever is counted is slow.
    ("INSULA_GRAPHQL_DEADLINE", "5 min"),
    ("INSULA_DATABASE_ACQUIRE_TIMEOUT", "5 min"),
];

/// The first of these prepare statements and fill caches, and aren't counted.
const UNCOUNTED: usize = 40;

/// How many are counted.
pub(crate) const COUNTED: usize = 100;

/// A server, and one who asks it.
struct Inside {
    router: Router,
    tenant: Tenant,
    query: Query,
}

/// Asks over and over, in the end [`counted`].
pub(crate) fn ask(database: &str, tokens: &Path, query: &str) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let inside = runtime.enter();
    let state = fleet::state(database, &SETTINGS)?;
    let following = state.follow();
    let server = Server::new(Arc::clone(&state));
    let playground = Playground::of(&state, Vec::new());
    let mut queries = queries::chosen(&[query.to_owned()], query == "deep")?;
    let asked = Inside {
        router: http::router(&server, http::entrance(&state)?, playground),
        tenant: tenant(tokens)?,
        query: queries.pop().ok_or("there is no such query")?,
    };
    drop(inside);
    runtime.block_on(asked.send(0..UNCOUNTED))?;
    counted(&runtime, &asked)?;
    following.abort();
    Ok(())
}

/// What is within this function is counted, by its name.
#[inline(never)]
fn counted(runtime: &Runtime, inside: &Inside) -> Result<(), Failure> {
    runtime.block_on(inside.send(UNCOUNTED..UNCOUNTED + COUNTED))
}

impl Inside {
    /// Asks once for each of these numbers. To look at an answer costs too, so the very first stands
    /// for the others.
    async fn send(&self, numbers: Range<usize>) -> Result<(), Failure> {
        for number in numbers {
            let filling = Filling {
                employee: 1,
                customer: 1,
                number,
            };
            let request = request(&self.query, &self.tenant, filling)?;
            let answer = self.router.clone().oneshot(request).await?;
            let body = answer.into_body().collect().await?.to_bytes();
            let is_right = if number == 0 {
                is_right(&self.query, &self.tenant, filling, &body)?
            } else {
                memmem::find(&body, b"\"errors\"").is_none()
            };
            if !is_right {
                let body = String::from_utf8_lossy(&body);
                return Err(format!("a wrong answer: {body}").into());
            }
        }
        Ok(())
    }
}

fn is_right(
    query: &Query,
    tenant: &Tenant,
    filling: Filling,
    body: &[u8],
) -> Result<bool, Failure> {
    let came: Value = serde_json::from_slice(body)?;
    let data = expected::data(query.name, tenant, filling, &came["data"]);
    Ok(came == json!({ "data": data }))
}

/// The one that was written down.
fn tenant(tokens: &Path) -> Result<Tenant, Failure> {
    let text = std::fs::read_to_string(tokens)?;
    let mut words = text.split_whitespace().map(str::to_owned);
    let mut word = || words.next().ok_or("a name, an id and a token");
    let name = word()?;
    Ok(Tenant {
        domain: format!("{name}.example.com"),
        id: word()?.parse()?,
        token: word()?,
        name,
        ..Tenant::nobody()
    })
}

fn request(
    query: &Query,
    tenant: &Tenant,
    filling: Filling,
) -> Result<::http::Request<Body>, Failure> {
    let body = json!({
        "query": query.document,
        "variables": query.variables(tenant, filling)?,
    });
    let mut request = ::http::Request::post("/graphql")
        .header("host", "127.0.0.1")
        .header("content-type", "application/json")
        .header("x-tenant-domain", &tenant.domain)
        .header("authorization", format!("Bearer {}", tenant.token))
        .body(Body::from(body.to_string()))?;
    let somebody = SocketAddr::from(([127, 0, 0, 1], 1));
    request.extensions_mut().insert(ConnectInfo(somebody));
    Ok(request)
}
