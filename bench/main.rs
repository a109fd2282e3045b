//! Figures of the whole, beside the same SQL without us: `cargo bench -p api --bench foundation`.
//!
//! Starts a PostgreSQL of its own that waits for no disk, and talks to the server over HTTP.
//! `README.md` says what each figure means.

#![expect(clippy::print_stdout, reason = "a terminal is what this is for")]

// From the example that loads a shop.
#[path = "../examples/load_shop/client.rs"]
mod client;
#[expect(dead_code, reason = "reads no files")]
#[path = "../examples/load_shop/error.rs"]
mod error;
#[path = "../examples/load_shop/load.rs"]
mod load;
#[expect(dead_code, reason = "compares nothing")]
#[path = "../examples/load_shop/shop.rs"]
mod shop;

mod folder;
mod made_up;
mod pgbench;
#[expect(dead_code, reason = "another bench asks for its process")]
mod server;
mod side_by_side;

use std::path::Path;
use std::time::{Duration, Instant};

use client::Client;
use cluster::{Cluster, Options};
use serde_json::json;
use server::Server;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let folder = folder::in_memory()?;
    let cluster = Cluster::start(&Options {
        data_dir: Some(folder.path().join("postgres")),
        ..Options::temporary()
    })?;
    let database = cluster.url("postgres");
    // Migrates and makes the demo tenants.
    drop(Server::start("dev", &database, folder.path()).await?);

    let server = start(&database, folder.path()).await?;
    make_tenants(&server).await?;
    let owner = client(&server, "python.localhost", "owner@python.test").await?;
    let shop = made_up::shop();
    let start = Instant::now();
    load::load(&owner, &shop, 4).await?;
    let rows = shop.rows() + shop.lines();
    tell(
        &format!("loading {rows} rows"),
        &milliseconds(start.elapsed()),
        "",
    );
    tell("memory after that", &server.memory("VmRSS")?, "64 MB");
    tell("  at its peak", &server.memory("VmHWM")?, "");
    side_by_side::run(&owner, &database).await?;
    tell("\nmemory in the end", &server.memory("VmRSS")?, "");
    drop(server);
    Ok(cluster.stop()?)
}

/// Starts the server several times; the last one stays.
async fn start(database: &str, at: &Path) -> Result<Server, Failure> {
    let mut times = Vec::new();
    let mut server = Server::start("serve", database, at).await?;
    for _ in 0..15 {
        drop(server);
        server = Server::start("serve", database, at).await?;
        times.push(server.took);
    }
    let median = milliseconds(quantile(&mut times, 0.5));
    tell("start with a ready database", &median, "500 ms");
    Ok(server)
}

/// Somebody of the demo, logged in.
async fn client(server: &Server, domain: &str, email: &str) -> Result<Client, Failure> {
    let client = Client::new(server.url(), domain)?;
    Ok(client.log_in(email, "insula-demo").await?)
}

async fn make_tenants(server: &Server) -> Result<(), Failure> {
    let operator = client(server, "insula.localhost", "operator@insula.test").await?;
    let query = "mutation Make($input: CreateTenantInput!) {
        createTenant(input: $input) { tenant { status } } }";
    let mut times = Vec::new();
    for number in 0..60 {
        let input = json!({ "slug": format!("bench-{number}"), "name": "Bench" });
        let start = Instant::now();
        let made = operator.ask(query, json!({ "input": input })).await?;
        times.push(start.elapsed());
        if made["createTenant"]["tenant"]["status"] != "ACTIVE" {
            return Err(format!("a tenant wasn't made: {made}").into());
        }
    }
    let median = milliseconds(quantile(&mut times, 0.5));
    tell("a new tenant, schema and all", &median, "30 ms");
    tell(
        "  90 % of them",
        &milliseconds(quantile(&mut times, 0.9)),
        "",
    );
    Ok(())
}

/// A figure, and what it is to stay below.
fn tell(name: &str, figure: &str, most: &str) {
    let most = if most.is_empty() {
        String::new()
    } else {
        format!("   aim: {most}")
    };
    println!("{name:<32}{figure:>10}{most}");
}

/// The time that this share of all stays below.
fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let most = times.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a place in a list of thousands"
    )]
    let place = (most as f64 * share).round() as usize;
    times.get(place).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
