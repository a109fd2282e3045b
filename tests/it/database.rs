//! A database that is away: requests wait for nobody, and everything goes on when it is back.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use api::app::{demo, fleet};
use cluster::{Cluster, Durability, Options};
use tests::{Client, TestServer};
use tokio::task::spawn_blocking;

/// How long everybody may take to notice that the database is back.
const DEADLINE: Duration = Duration::from_secs(20);

async fn start(options: &Options) -> Cluster {
    let options = options.clone();
    spawn_blocking(move || Cluster::start(&options))
        .await
        .unwrap()
        .unwrap()
}

/// Migrates and seeds, as `insula dev` does.
async fn furnish(url: &str) {
    let state = tests::server::state(url, &Vec::new());
    let (console, scope) = (tests::console(), fleet::Scope::default());
    fleet::migrate(
        &state,
        &console.by().unwrap(),
        &scope,
        fleet::Listener::default(),
    )
    .await
    .unwrap();
    demo::seed(&state, &console).await.unwrap();
}

async fn until_served(visitor: &Client<'_>) {
    let began = Instant::now();
    while visitor.query("{ tenant { slug } }").await.status != 200 {
        assert!(began.elapsed() < DEADLINE, "it never came back");
    }
}

#[tokio::test]
async fn a_database_that_goes_away_is_503_and_comes_back_by_itself() {
    // PostgreSQL runs as another user where the tests run as root.
    let open = std::fs::Permissions::from_mode(0o755);
    let folder = tempfile::Builder::new()
        .permissions(open)
        .tempdir()
        .unwrap();
    let options = Options {
        durability: Durability::Fast,
        ..Options::durable(folder.path().join("postgres"))
    };
    let cluster = start(&options).await;
    tenancy::create_database(&cluster.url("postgres"), "insula")
        .await
        .unwrap();
    let url = cluster.url("insula");
    furnish(&url).await;
    let impatient = [("INSULA_DATABASE_ACQUIRE_TIMEOUT", "500 ms")];
    let server = TestServer::on(&url, &impatient).await;
    let visitor = server.tenant("python");
    until_served(&visitor).await;

    spawn_blocking(move || cluster.stop())
        .await
        .unwrap()
        .unwrap();
    let away = visitor.query("{ tenant { slug } }").await;
    away.assert_refused(503, "DATABASE_UNAVAILABLE");
    assert!(away.headers.contains_key("retry-after"));
    // A server that starts meanwhile waits too.
    let late = TestServer::on(&url, &impatient).await;
    let newcomer = late.tenant("ruby");
    newcomer
        .query("{ tenant { slug } }")
        .await
        .assert_refused(503, "DATABASE_UNAVAILABLE");

    let cluster = start(&options).await;
    assert_eq!(cluster.url("insula"), url, "the port of last time was free");
    until_served(&visitor).await;
    until_served(&newcomer).await;
}
