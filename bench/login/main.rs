//! Whether the time of a refused login tells who has an account: `cargo bench -p api --bench login`.
//!
//! Asks over HTTP in turns, so that whatever else the machine does meets both alike.

#![expect(clippy::print_stdout, reason = "a terminal is what this is for")]

#[expect(dead_code, reason = "starts once, and measures nothing")]
#[path = "../server.rs"]
mod server;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use cluster::{Cluster, Options};
use serde_json::{Value, json};
use server::Server;

type Failure = Box<dyn std::error::Error>;

const ROUNDS: usize = 400;

/// How far the medians may be apart.
const MOST: f64 = 0.05;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // PostgreSQL won't run as root, and its user must get through.
    let open = Permissions::from_mode(0o755);
    let folder = tempfile::Builder::new().permissions(open).tempdir()?;
    let cluster = Cluster::start(&Options {
        data_dir: Some(folder.path().join("postgres")),
        ..Options::temporary()
    })?;
    let server = Server::start("dev", &cluster.url("postgres"), folder.path()).await?;
    for (realm, domain, known) in [
        ("a tenant", "python.localhost", "owner@python.test"),
        (
            "the shared realm",
            "insula.localhost",
            "operator@insula.test",
        ),
    ] {
        let [known, unknown] = medians(&server, domain, [known, "nobody@python.test"]).await?;
        let ratio = known.as_secs_f64() / unknown.as_secs_f64();
        println!("{realm}: known {known:.1?}, unknown {unknown:.1?}, ratio {ratio:.3}");
        if (ratio - 1.0).abs() > MOST {
            return Err("the time of a refused login tells who has an account".into());
        }
    }
    drop(server);
    Ok(cluster.stop()?)
}

async fn medians(
    server: &Server,
    domain: &str,
    emails: [&str; 2],
) -> Result<[Duration; 2], Failure> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{}/graphql", server.url());
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for turn in 0..2 {
            let who = (round + turn) % 2;
            let query = "mutation($input: LoginInput!) { login(input: $input) {
                userErrors { code } } }";
            let input = json!({ "email": emails[who], "password": "a wrong password" });
            let request = http
                .post(&url)
                .header("x-tenant-domain", domain)
                .json(&json!({ "query": query, "variables": { "input": input } }));
            let begun = Instant::now();
            let answer: Value = request.send().await?.json().await?;
            times[who].push(begun.elapsed());
            if answer["data"]["login"]["userErrors"][0]["code"] != "INVALID_CREDENTIALS" {
                return Err(format!("not refused: {answer}").into());
            }
        }
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    }))
}
