//! All routes on one screen.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tenancy::axum::{Entrance, enter_tenant};
use tenancy::{Access, Admitted};
use tracing::Span;

use super::graphiql::{self, Playground};
use super::graphql::{self, Limits, Operation, OperationKind};
use super::origin::origin;
use super::{Code, Refusal, bearer, health, layers};
use crate::app::audit::Actor;
use crate::catalog::Registry;
use crate::graphql::{Ended, Engine};
use crate::state::State;

/// What the handlers work with.
pub struct Server {
    pub state: Arc<State>,
    pub engine: Engine,
    limits: Limits,
}

impl Server {
    pub fn new(state: Arc<State>) -> Arc<Self> {
        let limits = Limits::from(&state.config);
        Arc::new(Self {
            engine: Engine::new(&state.config.graphql),
            limits,
            state,
        })
    }
}

/// The whole service.
pub fn router(
    server: &Arc<Server>,
    entrance: Entrance<Registry>,
    playground: Playground,
) -> Router {
    let graphql = Router::new()
        .route("/graphql", get(answer).post(answer).fallback(wrong_method))
        .layer(from_fn_with_state(
            Arc::new(entrance),
            enter_tenant::<Registry>,
        ));
    let playground = if server.state.config.graphql.graphiql {
        graphiql::routes(playground)
    } else {
        Router::new()
    };
    let routes = Router::new()
        .merge(graphql)
        .merge(playground)
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/.well-known/jwks.json", get(health::keys))
        .fallback(nothing_here)
        .with_state(Arc::clone(server));
    layers::layered(routes, &server.state.config)
}

/// `/graphql`: who asks, and then what.
async fn answer(Shared(server): Shared<Arc<Server>>, request: Request) -> Response {
    let Some(admitted) = request.extensions().get::<Admitted>().cloned() else {
        return Refusal::internal(request.extensions().get().cloned()).into_response();
    };
    note(&admitted);
    if !server.state.is_proven.load(Ordering::Acquire) {
        let message = "the database is not available at the moment; try again shortly";
        return Refusal::new(Code::DatabaseUnavailable, message).into_response();
    }
    let (parts, body) = request.into_parts();
    let origin = origin(
        &server.state.config.tenancy.trusted_proxies,
        &parts.headers,
        &parts.extensions,
    );
    let caller = bearer::caller(&server.state, &parts, &admitted, &origin).await;
    let actor = match caller {
        Ok(caller) => Actor::new(caller, origin),
        Err(refusal) => return refusal.into_response(),
    };
    let request = Request::from_parts(parts, body);
    let documents = server.engine.documents(&admitted);
    graphql::serve((&server.limits, documents), request, |operation| {
        execute(&server, (admitted, actor), operation)
    })
    .await
}

async fn execute(
    server: &Server,
    who: (Admitted, Actor),
    operation: Operation,
) -> async_graphql::Response {
    let access = match operation.kind {
        OperationKind::Query => Access::Read,
        OperationKind::Mutation => Access::Write,
    };
    let asked = (operation.request, operation.document);
    let executed = server
        .engine
        .execute(&server.state, who, asked, access)
        .await;
    executed.unwrap_or_else(|ended| match ended {
        Ended::Refused(refused) => Refusal::from(refused).into(),
        Ended::Unavailable => {
            let message = "the database is not available at the moment; try again shortly";
            Refusal::new(Code::DatabaseUnavailable, message).into()
        }
        Ended::Overdue => Refusal::overdue().into(),
    })
}

/// From here on every line of the log says whose request it is.
fn note(admitted: &Admitted) {
    if let Admitted::Tenant(tenant) = admitted {
        Span::current().record("tenant.slug", tenant.slug.as_str());
        Span::current().record("tenant.id", tracing::field::display(tenant.id));
    }
}

async fn wrong_method() -> Response {
    Refusal::method(
        "GET, POST",
        "GraphQL is asked by POST, or by GET for queries",
    )
    .into_response()
}

async fn nothing_here() -> Response {
    Refusal::new(Code::NotFound, "nothing is here; the API is at /graphql").into_response()
}
