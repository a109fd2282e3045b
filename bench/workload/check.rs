//! A slow client beside the load that looks at every answer from end to end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::Failure;
use crate::expected;
use crate::fleet::Tenant;
use crate::load::Load;
use crate::queries::Filling;
use std::sync::atomic::Ordering;

/// How long it waits between two requests.
const PAUSE: Duration = Duration::from_millis(250);

/// Asks now and then until it is told to stop; how many answers it saw. A wrong one is an error.
pub(crate) async fn until(
    load: &Load,
    mut stop: tokio::sync::oneshot::Receiver<()>,
) -> Result<usize, Failure> {
    let http = reqwest::Client::new();
    let mut checks = 0;
    loop {
        once(&http, load).await?;
        checks += 1;
        if tokio::time::timeout(PAUSE, &mut stop).await.is_ok() {
            return Ok(checks);
        }
    }
}

async fn once(http: &reqwest::Client, load: &Load) -> Result<(), Failure> {
    let tenant: &Tenant = &load.tenants[rand::random_range(load.among.clone())];
    let filling = Filling::random(load.numbers.fetch_add(1, Ordering::Relaxed));
    let query = &load.query;
    let body = json!({
        "query": query.document,
        "variables": query.variables(tenant, filling)?,
    });
    let request = http
        .post(format!("http://{}/graphql", load.addr))
        .header("x-tenant-domain", &tenant.domain)
        .bearer_auth(&tenant.token)
        .json(&body);
    let answer = request.send().await?;
    let status = answer.status();
    let came: Value = answer.json().await?;
    let right = json!({ "data": expected::data(query.name, tenant, filling, &came["data"]) });
    if status.is_success() && came == right {
        return Ok(());
    }
    let (query, name) = (query.name, &tenant.name);
    Err(format!("{query} at {name}: a wrong answer, {status}\n{came}\ninstead of\n{right}").into())
}
