//! `insula dev`: everything in one step.

use std::convert::Infallible;
use std::sync::Arc;

use super::private::PrivateDatabase;
use super::serve::{ServeArgs, log_to_stderr, serve, told_to_stop};
use super::{Failure, Global, Listeners, connect, console, output};
use crate::app::{demo, fleet};
use crate::config::Profile;
use crate::http::{OfferedTenant, Playground};
use crate::state::State;

pub(super) async fn run(global: &Global, args: ServeArgs) -> Result<(), Failure> {
    let config = connect::config(global, Profile::Dev, args.addr.as_deref())?;
    log_to_stderr(&config.telemetry);
    let (addresses, mut private) = if let Some(addresses) = connect::configured(&config) {
        (addresses, None)
    } else {
        let private = PrivateDatabase::start(&config).await?;
        (private.addresses(), Some(private))
    };
    let listeners = Listeners::take(&config.http).await?;
    let state = connect::build(config, &addresses)?;
    let ended = tokio::select! {
        ended = prepare_and_serve(&state, listeners) => ended,
        Err(failure) = keep_alive(private.as_mut()) => Err(failure),
    };
    if let Some(private) = private {
        private.stop().await?;
    }
    ended
}

async fn prepare_and_serve(state: &Arc<State>, listeners: Listeners) -> Result<(), Failure> {
    tokio::select! {
        ready = prepare(state) => ready?,
        () = told_to_stop() => return Ok(()),
    }
    welcome(state, &listeners)?;
    let playground = Playground::of(state, offered(state));
    serve(Arc::clone(state), listeners, playground, told_to_stop()).await
}

async fn keep_alive(private: Option<&mut PrivateDatabase>) -> Result<Infallible, Failure> {
    match private {
        Some(private) => private.keep_alive().await,
        None => std::future::pending().await,
    }
}

/// Migrates, and seeds the demo tenants into a database that has none.
async fn prepare(state: &State) -> Result<(), Failure> {
    let actor = console::actor();
    let scope = fleet::Scope {
        jobs: 4,
        ..fleet::Scope::default()
    };
    let report = fleet::migrate(state, &actor.by()?, &scope, fleet::Listener::default()).await?;
    if let Some(failed) = report
        .tenants
        .into_iter()
        .find(|outcome| outcome.result.is_err())
    {
        let slug = failed.tenant.slug;
        let why = failed
            .result
            .err()
            .map(|error| crate::chain(&error))
            .unwrap_or_default();
        output::note(format_args!("tenant {slug} could not be migrated: {why}"));
    }
    demo::seed(state, &actor).await?;
    Ok(())
}

/// What the playground offers: the demo tenants and the operators.
fn offered(state: &State) -> Vec<OfferedTenant> {
    let suffix = suffix(state);
    let shop = |shop: &demo::Shop| OfferedTenant {
        domain: format!("{}.{suffix}", shop.slug),
        label: shop.label.to_owned(),
        email: Some(demo::owner_of(shop.slug)),
    };
    let operators = state.shared_domain.iter().map(|domain| OfferedTenant {
        domain: domain.to_string(),
        label: "Operators".to_owned(),
        email: Some(demo::OPERATOR.to_owned()),
    });
    demo::SHOPS.iter().map(shop).chain(operators).collect()
}

fn suffix(state: &State) -> &str {
    state
        .config
        .tenancy
        .suffix
        .as_ref()
        .map_or("localhost", |suffix| suffix.as_str())
}

fn welcome(state: &State, listeners: &Listeners) -> Result<(), Failure> {
    let port = listeners.public.local_addr()?.port();
    let suffix = suffix(state);
    let shared = state
        .shared_domain
        .as_ref()
        .map_or("insula.localhost", |domain| domain.as_str());
    output::say("\n  Insula is ready.\n");
    output::say(format_args!(
        "  Playground   http://{}.{suffix}:{port}/graphiql",
        demo::SHOPS[0].slug
    ));
    for shop in &demo::SHOPS {
        let slug = shop.slug;
        output::say(format_args!(
            "  {:<12} http://{slug}.{suffix}:{port}/graphql   {} / {}",
            shop.label,
            demo::owner_of(slug),
            demo::PASSWORD
        ));
    }
    output::say(format_args!(
        "  {:<12} http://{shared}:{port}/graphql   {} / {}",
        "Operators",
        demo::OPERATOR,
        demo::PASSWORD
    ));
    output::say(format_args!(
        "  {:<12} http://{}/metrics",
        "Metrics",
        listeners.admin.local_addr()?
    ));
    output::say("\n  Try it:");
    output::say(format_args!(
        "    curl -s http://localhost:{port}/graphql -H 'content-type: application/json' \\\n      \
         -H '{}: {}.{suffix}' -d '{{\"query\":\"{{ tenant {{ name }} }}\"}}'",
        state.config.tenancy.header_name,
        demo::SHOPS[0].slug
    ));
    output::say("\n  Ctrl-C stops the server and PostgreSQL; the data stay.\n");
    Ok(())
}
