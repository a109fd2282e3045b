//! Before anybody is served: a database in which somebody could get across isn't, and says why.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use api::cli;
use serde_json::Value;
use tests::{TestServer, at_last};
use tokio::net::{TcpListener, TcpStream};

/// An address that nobody listens at.
async fn free() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    listener.local_addr().unwrap()
}

/// The server's database, started as `insula serve` does at this address.
async fn begin(server: &TestServer, addr: SocketAddr) -> Result<(), cli::Failure> {
    let mut settings = server.settings().clone();
    settings.push(("INSULA_ADDR", addr.to_string()));
    let state = tests::server::state_at(server.addresses(), &settings);
    cli::prove_and_serve(state, pending()).await
}

#[tokio::test]
async fn an_unsafe_database_is_refused_with_its_remedy_before_anybody_could_connect() {
    let server = TestServer::start().await;
    let python = server.sql("python").schema().to_owned();
    let ruby = server.sql("ruby").schema().to_owned();
    for (harm, said, mended) in [
        (
            "CREATE TABLE public.employee (name text)".to_owned(),
            "schema public".to_owned(),
            "DROP TABLE public.employee".to_owned(),
        ),
        (
            format!("GRANT USAGE ON SCHEMA {python} TO {ruby}"),
            format!("REVOKE USAGE ON SCHEMA \"{python}\" FROM \"{ruby}\""),
            format!("REVOKE USAGE ON SCHEMA {python} FROM {ruby}"),
        ),
        (
            "DELETE FROM schema_migration WHERE version LIKE '%audit' AND schema_name = 'shared'"
                .to_owned(),
            "insula migrate".to_owned(),
            "INSERT INTO schema_migration VALUES ('shared', 'm20261123_000005_audit', false)"
                .to_owned(),
        ),
    ] {
        server.shared_sql().run(&harm).await;
        let addr = free().await;
        let refused = begin(&server, addr).await.expect_err(&harm);
        let refused = format!("{refused:?}").replace('\\', "");
        assert!(refused.contains(&said), "{refused} after {harm}");
        assert!(
            TcpStream::connect(addr).await.is_err(),
            "it listened: {harm}"
        );
        server.shared_sql().run(&mended).await;
    }
}

#[tokio::test]
async fn a_safe_database_is_served_and_says_at_which_level() {
    let server = TestServer::start().await;
    let addr = free().await;
    let ready = async || {
        let answer = reqwest::get(format!("http://{addr}/readyz")).await.ok()?;
        answer.json::<Value>().await.ok()
    };
    tokio::select! {
        ended = begin(&server, addr) => panic!("it ended: {ended:?}"),
        answer = at_last(ready, Option::is_some) => {
            let answer = answer.expect("an answer");
            assert_eq!(answer["status"], "ready");
            assert_eq!(answer["isolation"], "role");
        }
    }
}

/// While nobody could look whether the database is safe, nobody is served from it.
#[tokio::test]
async fn until_the_database_is_proven_nobody_is_served() {
    let server = TestServer::start().await;
    let visitor = server.tenant("python");
    let ask = async || visitor.query("{ tenant { slug } }").await;
    let proven = &server.state.is_proven;
    proven.store(false, Ordering::Release);
    ask().await.assert_refused(503, "DATABASE_UNAVAILABLE");
    let ready = reqwest::get(server.url("/readyz")).await.unwrap();
    assert_eq!(ready.status(), 503);
    proven.store(true, Ordering::Release);
    assert_eq!(ask().await.at("tenant.slug"), "python");
}
