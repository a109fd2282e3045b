//! The way of a request from its head to the last byte of its answer, one after the other.

use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;

use api::http::{self, Playground, Server};
use axum::body::Body;
use axum::extract::ConnectInfo;
use http_body_util::BodyExt;
use memchr::memmem;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::fleet::{self, Tenant};
use crate::queries::{self, Filling, Query};
use crate::{Failure, expected};

/// Asks this so often, each time for a number of its own.
pub(crate) async fn ask(
    database: &str,
    tokens: &Path,
    query: &str,
    numbers: Range<usize>,
) -> Result<(), Failure> {
    let state = fleet::state(database)?;
    let following = state.follow();
    let entrance = http::entrance(&state)?;
    let server = Server::new(std::sync::Arc::clone(&state));
    let router = http::router(&server, entrance, Playground::of(&state, Vec::new()));
    let tenant = &tenant(tokens)?;
    let queries = queries::chosen(&[query.to_owned()], query == "deep")?;
    let query = queries.first().ok_or("there is no such query")?;
    let first = numbers.start;
    for number in numbers {
        let filling = Filling {
            employee: 1,
            customer: 1,
            number,
        };
        let request = request(query, tenant, filling)?;
        let answer = router.clone().oneshot(request).await?;
        let body = answer.into_body().collect().await?.to_bytes();
        // To look at it all costs too, so the first stands for the others.
        let is_right = if number == first {
            is_right(query, tenant, filling, &body)?
        } else {
            memmem::find(&body, b"\"errors\"").is_none()
        };
        if !is_right {
            let body = String::from_utf8_lossy(&body);
            return Err(format!("a wrong answer: {body}").into());
        }
    }
    following.abort();
    Ok(())
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
