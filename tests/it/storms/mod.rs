//! Hundreds of requests at a time while something goes wrong: every answer is its own tenant's or a
//! refusal with a code, and afterwards nothing is lost and nothing is left.

/// A tenant is changed while its statements are kept.
mod changed;
/// Who asks, who leaves, and what came of it.
mod crowd;
/// Backends are killed.
mod killed;
/// Clients leave.
mod left;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::graphql::Mode;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::{TestServer, at_last, twins};
use tokio::time::sleep;

use crowd::Shop;

/// How many connections the servers here have for requests.
const CONNECTIONS: usize = 6;

/// How many look up tenants.
const LOOKUPS: usize = 2;

/// What belongs to the logins that serve, and not to operators.
const SERVING: &str = "datname = current_database() AND usename LIKE '%serving%'";

/// A server as in production, with rows of equal ids in both shops.
async fn server() -> TestServer {
    let most = CONNECTIONS.to_string();
    let settings = [
        ("INSULA_DATABASE_MAX_CONNECTIONS", most.as_str()),
        // A busy machine is no reason to be refused.
        ("INSULA_DATABASE_ACQUIRE_TIMEOUT", "30 s"),
        ("INSULA_GRAPHQL_DEADLINE", "30 s"),
    ];
    let server = TestServer::with(&settings).await;
    server.state.shapes.set_mode(Mode::Ahead);
    twins::enter(&server).await;
    server
}

/// Does something whenever it is time for it, until the work is done; answers how often.
async fn meanwhile<T>(
    work: impl Future<Output = T>,
    mut act: impl AsyncFnMut() -> bool,
) -> (T, usize) {
    let done = AtomicBool::new(false);
    let working = async {
        let result = work.await;
        done.store(true, Ordering::Relaxed);
        result
    };
    let acting = async {
        let mut times = 0;
        while !done.load(Ordering::Relaxed) {
            if act().await {
                times += 1;
            } else {
                sleep(Duration::from_millis(1)).await;
            }
        }
        times
    };
    tokio::join!(working, acting)
}

/// Nobody has a connection, nobody waits for one, none is inside a transaction, there are no more
/// than there may be, and each of them is there to be had.
async fn assert_calm(server: &TestServer, shops: &[Shop<'_>]) {
    let gauges = async || server.state.database.gauges();
    let rested = at_last(gauges, |all| all.busy + all.waiting == 0).await;
    assert_eq!((rested.busy, rested.waiting), (0, 0), "{rested:?}");
    assert!(rested.open <= CONNECTIONS, "{rested:?}");
    let sql = server.shared_sql();
    let sessions = format!("SELECT state, query FROM pg_stat_activity WHERE {SERVING}");
    let calm = |rows: &Vec<Value>| {
        let idle = rows.iter().all(|row| row["state"] == "idle");
        idle && rows.len() <= CONNECTIONS + LOOKUPS
    };
    let rows = at_last(async || sql.rows(&sessions).await, calm).await;
    assert!(calm(&rows), "{rows:?}");
    assert_all_there(server, shops).await;
}

/// Of as many requests as there are connections each has one, at once.
async fn assert_all_there(server: &TestServer, shops: &[Shop<'_>]) {
    let [one, other] = ["python", "ruby"].map(|slug| server.sql(slug));
    let tables = [&one, &other].map(|sql| format!("{}.employee", sql.schema()));
    let sql = server.shared_sql();
    let lock = sql.held(&format!("LOCK TABLE {}", tables.join(", "))).await;
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE {SERVING} AND wait_event_type = 'Lock'"
    );
    let asked = (0..CONNECTIONS).map(async |n| shops[n % 2].assert_served().await);
    let ended = async {
        let all = json!({ "count": CONNECTIONS });
        let seen = at_last(async || sql.rows(&waiting).await, |rows| rows[0] == all).await;
        assert_eq!(seen, [all], "{:?}", server.state.database.gauges());
        drop(lock);
    };
    tokio::join!(join_all(asked), ended);
}
