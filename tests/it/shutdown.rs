//! A server that is told to stop: what is under way is answered, nothing new is taken, and nothing
//! stays in the database.

use std::sync::Arc;
use std::time::Duration;

use api::cli::{self, Listeners};
use api::http::Playground;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tenancy::Access;
use tenancy::testing::Way;
use tests::{TestServer, at_last};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

tenancy::both_ways!(a_server_that_stops_answers_what_is_under_way_and_takes_nothing_new);

async fn a_server_that_stops_answers_what_is_under_way_and_takes_nothing_new(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let state = tests::server::state_at(server.addresses(), server.settings());
    let listeners = Listeners::take(&state.config.http).await.unwrap();
    let addr = listeners.public.local_addr().unwrap();
    let watched = listeners.admin.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let playground = Playground::of(&state, Vec::new());
    let serving = tokio::spawn(cli::serve(
        Arc::clone(&state),
        listeners,
        playground,
        async {
            stopped.await.unwrap();
        },
    ));

    // A slow mutation: somebody else holds its table.
    let python = server.people().tenant("python");
    let barred = server.state.operator.tenant(python, Access::Write);
    let lock = "LOCK TABLE employee IN ACCESS EXCLUSIVE MODE";
    let lock = Statement::from_string(barred.get_database_backend(), lock);
    barred.execute_raw(lock).await.unwrap();
    let owner = server.people().user("python", api::auth::TenantRole::Owner);
    let request = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = request
        .post(format!("http://{addr}/graphql"))
        .header("x-tenant-domain", "python.localhost")
        .header("authorization", format!("Bearer {}", server.token(&owner)))
        .json(&json!({ "query": "mutation { createEmployee(input: { name: \"Last\" }) { employee { name } } }" }));
    let answer = tokio::spawn(request.send());
    let sql = server.shared_sql();
    let waiting = "SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let seen = at_last(async || sql.rows(waiting).await, |rows| !rows.is_empty()).await;
    assert_eq!(seen.len(), 1);

    stop.send(()).unwrap();
    let refused = at_last(async || TcpStream::connect(addr).await.is_err(), |no| *no).await;
    assert!(refused, "it still takes connections");
    // Whoever watches still sees it.
    let metrics = reqwest::get(format!("http://{watched}/metrics")).await;
    let metrics = metrics.unwrap().text().await.unwrap();
    let in_use = "insula_db_connections{pool=\"serving\",state=\"in_use\"} 1\n";
    assert!(metrics.contains(in_use), "{metrics}");
    // It neither hurries the request nor leaves without it.
    for _ in 0..100 {
        assert_eq!(sql.rows(waiting).await.len(), 1);
    }
    assert!(!answer.is_finished() && !serving.is_finished());
    barred.end().await;

    let answer: Value = answer.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(answer["data"]["createEmployee"]["employee"]["name"], "Last");
    let ended = tokio::time::timeout(Duration::from_secs(5), serving).await;
    assert!(ended.expect("it ends in time").unwrap().is_ok());
    let kept = "SELECT name FROM employee WHERE name = 'Last'";
    assert_eq!(server.sql("python").rows(kept).await.len(), 1);
    let open = "SELECT pid, state FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND state <> 'idle'";
    let left = at_last(async || sql.rows(open).await, Vec::is_empty).await;
    assert!(left.is_empty(), "{left:?}");
}
