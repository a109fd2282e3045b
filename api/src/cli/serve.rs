//! `insula serve`: serves until it is told to stop.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use tenancy::Access;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, Global, connect, output};
use crate::app::{self, doctor, fleet};
use crate::config::{ListenAddr, LogFormat, Profile, Telemetry};
use crate::http::{self, Playground, Server};
use crate::state::State;

/// How long requests may go on once the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How often a database that is away is asked again.
const AGAIN: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Where to listen [default: 127.0.0.1:8000]
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) addr: Option<String>,
}

pub(super) async fn run(global: &Global, args: ServeArgs) -> Result<(), Failure> {
    let config = connect::config(global, Profile::Serve, args.addr.as_deref())?;
    log_to_stderr(&config.telemetry);
    config.database.require_url()?;
    let addresses = connect::configured(&config).ok_or_else(|| Failure::new("set DATABASE_URL"))?;
    prove_and_serve(connect::build(config, &addresses)?, told_to_stop()).await
}

/// Serves a database that was found safe; refuses another, with what mends it, before it listens.
///
/// Where the database is away nobody knows: then it listens, and answers that until it does.
pub async fn prove_and_serve(
    state: Arc<State>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    // Who finds a database that can't be served refuses before anybody could connect.
    let later = match examine(&state).await {
        Verdict::Fit => None,
        Verdict::Away => {
            state.is_proven.store(false, Ordering::Release);
            Some(Arc::clone(&state))
        }
        Verdict::Unfit(failure) => return Err(failure),
    };
    let listener = listen(state.config.http.addr).await?;
    output::note(format_args!(
        "insula serves at http://{}, isolation: {}",
        listener.local_addr()?,
        doctor::level(&state)
    ));
    let playground = Playground::of(&state, Vec::new());
    tokio::select! {
        served = serve(state, listener, playground, stop) => served,
        failure = wait_for_database(later) => Err(failure),
    }
}

/// Serves until `stop` comes, then lets the requests under way end.
pub async fn serve(
    state: Arc<State>,
    listener: TcpListener,
    playground: Playground,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let following = state.follow();
    let telling = state.crossings.write_down(state.database.clone());
    let server = Server::new(Arc::clone(&state));
    let router = http::router(&server, http::entrance(&state)?, playground);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let stop = async move {
        stop.await;
        let _ = stopping.send(());
    };
    let serving = axum::serve(listener, service).with_graceful_shutdown(stop);
    let overdue = async {
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = serving => ended?,
        () = overdue => tracing::warn!("some requests did not end in time"),
    }
    following.abort();
    // What was refused last is told too, if the database is there to be told.
    let _ = tokio::time::timeout(DRAIN, state.crossings.flush()).await;
    telling.abort();
    let closed = async { tokio::join!(state.database.close(), state.operator.close()) };
    let _ = tokio::time::timeout(DRAIN, closed).await;
    Ok(())
}

/// Whether there is a database that can be served.
enum Verdict {
    Fit,
    /// Nobody knows yet: requests are answered 503 until it is there.
    Away,
    Unfit(Failure),
}

/// Asks again until the database is there. Ends only with a reason not to serve it.
async fn wait_for_database(away: Option<Arc<State>>) -> Failure {
    let Some(state) = away else {
        return std::future::pending().await;
    };
    loop {
        match examine(&state).await {
            Verdict::Fit => {
                state.is_proven.store(true, Ordering::Release);
                return std::future::pending().await;
            }
            Verdict::Away => tokio::time::sleep(AGAIN).await,
            Verdict::Unfit(failure) => return failure,
        }
    }
}

async fn examine(state: &State) -> Verdict {
    match unfitness(state).await {
        Ok(None) => Verdict::Fit,
        Ok(Some(reason)) => Verdict::Unfit(Failure::new(reason)),
        Err(error) if error.is_unavailable() => {
            tracing::warn!(error = crate::chain(&error), "waiting for the database");
            Verdict::Away
        }
        Err(error) => Verdict::Unfit(error.into()),
    }
}

async fn unfitness(state: &State) -> app::Result<Option<String>> {
    if !fleet::shared_is_current(state, &state.operator.shared(Access::Read)).await? {
        let behind =
            "the shared realm is behind this server; bring it up to date with `insula migrate`";
        return Ok(Some(behind.to_owned()));
    }
    let dangers = doctor::dangers(state).await?;
    let line = |danger: doctor::Finding| {
        let doctor::Finding {
            subject,
            problem,
            remedy,
            ..
        } = danger;
        format!("{subject}: {problem}; {remedy}")
    };
    let lines: Vec<_> = dangers.into_iter().map(line).collect();
    Ok((!lines.is_empty()).then(|| lines.join("\n")))
}

/// Takes the address, or the next free one where that will do.
pub(super) async fn listen(wanted: ListenAddr) -> Result<TcpListener, Failure> {
    let mut addr = wanted.addr;
    loop {
        match TcpListener::bind(addr).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                match addr.port().checked_add(1).filter(|_| wanted.or_next) {
                    Some(next) => addr.set_port(next),
                    None => {
                        return Err(Failure::new(format!(
                            "{addr} is taken by another program; choose another with --addr or INSULA_ADDR"
                        )));
                    }
                }
            }
            Err(error) => return Err(Failure::new(format!("can't listen at {addr}: {error}"))),
        }
    }
}

/// Ctrl-C, or what a service manager sends.
pub(super) async fn told_to_stop() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Logs go to stderr, in the format that is configured.
pub(super) fn log_to_stderr(telemetry: &Telemetry) {
    let logs = tracing_subscriber::fmt()
        .with_env_filter(telemetry.log.clone())
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    // A second start in one process keeps the first one's logging.
    let _ = match telemetry.format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
}
