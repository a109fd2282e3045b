//! `insula serve`: serves until it is told to stop.

use std::future::IntoFuture;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use clap::Args;
use tenancy::Access;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Failure, Global, Listeners, connect, output};
use crate::app::{self, doctor, fleet};
use crate::config::{LogFormat, Profile, Telemetry};
use crate::http::{self, Playground, Server};
use crate::state::State;

/// How long requests may go on once the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long an answer may go on for whoever watches, once there is nothing left to see.
const GLANCE: Duration = Duration::from_secs(1);

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
    let listeners = Listeners::take(&state.config.http).await?;
    output::note(format_args!(
        "insula serves at http://{}, isolation: {}, metrics at http://{}/metrics",
        listeners.public.local_addr()?,
        doctor::level(&state),
        listeners.admin.local_addr()?
    ));
    let playground = Playground::of(&state, Vec::new());
    tokio::select! {
        served = serve(state, listeners, playground, stop) => served,
        failure = wait_for_database(later) => Err(failure),
    }
}

/// Serves until `stop` comes, then lets the requests under way end.
pub async fn serve(
    state: Arc<State>,
    listeners: Listeners,
    playground: Playground,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let following = state.follow();
    let telling = state.crossings.write_down(state.database.clone());
    let server = Server::new(Arc::clone(&state));
    let router = http::router(&server, http::entrance(&state)?, playground);
    let (done, is_done) = oneshot::channel::<()>();
    // Whoever watches sees what is under way until nothing is.
    let watched =
        axum::serve(listeners.admin, http::admin(&server)).with_graceful_shutdown(async {
            let _ = is_done.await;
        });
    let watched = tokio::spawn(watched.into_future());
    answer(router, listeners.public, stop).await?;
    drop(done);
    let _ = tokio::time::timeout(GLANCE, watched).await;
    following.abort();
    // What was refused last is told too, if the database is there to be told.
    let _ = tokio::time::timeout(DRAIN, state.crossings.flush()).await;
    telling.abort();
    let closed = async { tokio::join!(state.database.close(), state.operator.close()) };
    let _ = tokio::time::timeout(DRAIN, closed).await;
    Ok(())
}

/// Answers until `stop` comes and the requests under way have ended, or took too long for that.
async fn answer(
    router: Router,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let (stopping, stopped) = oneshot::channel();
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
        ended = serving => return ended,
        () = overdue => tracing::warn!("some requests did not end in time"),
    }
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
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let lines = match telemetry.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let logs = tracing_subscriber::registry()
        .with(lines)
        .with(telemetry.log.clone());
    // A second start in one process keeps the first one's logging.
    let _ = logs.try_init();
}
