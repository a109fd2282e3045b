use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api::cli::{self, Listeners};
use api::http::Playground;
use tests::{TestServer, at_last};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::scrape;

async fn taken() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// What a server with these settings would take.
async fn take(settings: &[(&'static str, String)]) -> Result<Listeners, cli::Failure> {
    let state = tests::server::state("postgres://nobody@127.0.0.1:1/", &settings.to_vec());
    Listeners::take(&state.config.http).await
}

#[tokio::test]
async fn an_address_that_is_taken_is_told_with_its_setting() {
    let (_other, addr) = taken().await;
    for (variable, wanted, said) in [
        ("INSULA_ADDR", addr.to_string(), "--addr or INSULA_ADDR"),
        ("INSULA_ADMIN_ADDR", addr.to_string(), "INSULA_ADMIN_ADDR"),
    ] {
        let next = [(variable, format!("{wanted}+"))];
        let failure = take(&[(variable, wanted)]).await.err().expect(variable);
        let expected = format!("{addr} is taken already; choose another with {said}");
        assert!(format!("{failure:?}").contains(&expected), "{failure:?}");
        assert!(take(&next).await.is_ok(), "{variable} has a next port");
    }
    // The same for both.
    let (free, addr) = taken().await;
    drop(free);
    let both = ["INSULA_ADDR", "INSULA_ADMIN_ADDR"].map(|one| (one, addr.to_string()));
    let failure = take(&both).await.err().expect("one has it");
    assert!(format!("{failure:?}").contains("with INSULA_ADMIN_ADDR"));
}

/// Who watches learns that the database is away, also of a server that never had one.
#[tokio::test]
async fn metrics_need_no_database() {
    let (free, nowhere) = taken().await;
    drop(free);
    let (free, admin) = taken().await;
    drop(free);
    let settings = vec![
        ("INSULA_ADMIN_ADDR", admin.to_string()),
        ("INSULA_DATABASE_ACQUIRE_TIMEOUT", "500 ms".to_owned()),
    ];
    let state = tests::server::state(&format!("postgres://nobody@{nowhere}/"), &settings);
    let look = async || {
        TcpStream::connect(admin).await.ok()?;
        Some(scrape(admin).await)
    };
    tokio::select! {
        ended = cli::prove_and_serve(state, pending()) => panic!("it ended: {ended:?}"),
        seen = at_last(look, Option::is_some) => {
            let seen = seen.expect("an answer");
            assert_eq!(seen.at("insula_db_proven"), 0);
            assert_eq!(seen.in_use_and_idle(), (0, 0));
        }
    }
}

/// Nobody who watches keeps a server from ending.
#[tokio::test]
async fn metrics_end_with_their_server_whoever_is_connected() {
    let server = TestServer::start().await;
    let state = tests::server::state_at(server.addresses(), server.settings());
    let listeners = Listeners::take(&state.config.http).await.unwrap();
    let admin = listeners.admin.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let playground = Playground::of(&state, Vec::new());
    let stopped = async { stopped.await.unwrap() };
    let serving = tokio::spawn(cli::serve(
        Arc::clone(&state),
        listeners,
        playground,
        stopped,
    ));

    let mut silent = TcpStream::connect(admin).await.unwrap();
    let mut slow = TcpStream::connect(admin).await.unwrap();
    slow.write_all(b"GET /metr").await.unwrap();
    let mut kept = TcpStream::connect(admin).await.unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nhost: insula\r\n\r\n";
    kept.write_all(request).await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with("# EOF\n") {
        let mut bytes = [0; 4096];
        let read = kept.read(&mut bytes).await.unwrap();
        assert!(read > 0, "it was closed after {answer}");
        answer.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    assert!(!serving.is_finished());

    stop.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(5), serving).await;
    assert!(ended.expect("it ends in time").unwrap().is_ok());
    for idle in [&mut silent, &mut kept] {
        let closed = tokio::time::timeout(Duration::from_secs(5), idle.read(&mut [0])).await;
        assert_eq!(closed.expect("it is still open").unwrap(), 0);
    }
    assert!(TcpStream::connect(admin).await.is_err(), "it still listens");
}
