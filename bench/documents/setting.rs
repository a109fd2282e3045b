//! The way of a request, from its body to its answer, without a database.

use std::sync::Arc;
use std::time::Duration;

use api::app::audit::{Actor, Origin};
use api::auth::{Caller, Hasher, Keys};
use api::config::{Config, Overrides, Profile};
use api::graphql::{Ended, Engine};
use api::http::Refusal;
use api::http::graphql::{Limits, Operation, OperationKind, serve};
use api::state::{Addresses, State};
use axum::body::Body;
use cpu_time::ThreadTime;
use http_body_util::BodyExt;
use tenancy::{Access, Admitted, Slug, Status, Tenant, TenantId};
use tokio::runtime::Runtime;

use crate::attacks::Attack;

const SECRET: &str = "a secret of the bench, which is as long as it needs to be";

/// A server's parts, and a tenant that isn't there.
pub(crate) struct Setting {
    runtime: Runtime,
    state: Arc<State>,
    engine: Engine,
    limits: Limits,
    admitted: Admitted,
}

/// What became of a document.
pub(crate) struct Outcome {
    pub(crate) taken: Duration,
    pub(crate) bytes: usize,
    /// The first code, or how it looks like an answer.
    pub(crate) answer: String,
}

impl Setting {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        let inside = runtime.enter();
        let variable = |name: &str| match name {
            "INSULA_SHARED_DOMAIN" => Some("insula.localhost".to_owned()),
            "INSULA_JWT_SECRET" => Some(SECRET.to_owned()),
            "INSULA_GRAPHQL_INTROSPECTION" => Some("true".to_owned()),
            _ => None,
        };
        let config = Config::load(Profile::Serve, &Overrides::default(), variable);
        let config = config.expect("a sound configuration");
        // Nobody listens there.
        let nowhere = "postgres://127.0.0.1:1/nowhere".to_owned();
        let addresses = Addresses {
            serving: nowhere.clone(),
            operator: nowhere,
        };
        let keys = Keys::from_secret(SECRET.as_bytes()).expect("it is long enough");
        let (limits, engine) = (Limits::from(&config), Engine::new(&config.graphql));
        let state = State::new(config, &addresses, keys, Hasher::for_tests());
        let state = Arc::new(state.expect("the parts fit together"));
        let admitted = Admitted::Tenant(tenant(&state));
        drop(inside);
        Self {
            runtime,
            state,
            engine,
            limits,
            admitted,
        }
    }

    /// Sends a document; the time of its answer is that of this thread.
    pub(crate) fn send(&self, attack: &Attack) -> Outcome {
        let body = attack.body.clone();
        let bytes = body.len();
        let request = http::Request::post("/graphql")
            .header("content-type", "application/json")
            .header("accept", "application/graphql-response+json")
            .body(Body::from(body));
        let request = request.expect("a request");
        let begun = ThreadTime::now();
        let answer = self.runtime.block_on(async {
            let documents = self.engine.documents(&self.admitted);
            let response = serve((&self.limits, documents), request, |operation| {
                self.execute(operation)
            });
            response.await.into_body().collect().await
        });
        let taken = begun.elapsed();
        let answer = answer.expect("an answer").to_bytes();
        Outcome {
            taken,
            bytes,
            answer: summary(&answer),
        }
    }

    /// What the server does once the operation is known.
    async fn execute(&self, operation: Operation) -> async_graphql::Response {
        let access = match operation.kind {
            OperationKind::Query => Access::Read,
            OperationKind::Mutation => Access::Write,
        };
        let nobody = Actor::new(Caller::Anonymous, Origin::default());
        let who = (self.admitted.clone(), nobody);
        let asked = (operation.request, operation.document);
        let executed = self.engine.execute(&self.state, who, asked, access);
        match executed.await {
            Ok(response) => response,
            Err(Ended::Refused(refused)) => Refusal::from(refused).into(),
            Err(_) => async_graphql::Response::default(),
        }
    }
}

fn tenant(state: &State) -> tenancy::ActiveTenant {
    let id = TenantId::new();
    let slug: Slug = "bench".parse().expect("a slug");
    let tenant = Tenant {
        id,
        slug,
        schema: tenancy::SchemaName::of(id),
        login: 1,
        status: Status::Active,
        version: Some(state.histories.tenant.latest().to_owned()),
        breaking: None,
    };
    let tenant = Arc::new(tenant).enter(state.histories.tenant.latest());
    tenant.expect("an active tenant")
}

fn summary(answer: &[u8]) -> String {
    let json: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
    let code = json["errors"][0]["extensions"]["code"].as_str();
    let data = json.get("data").map(|_| "executed");
    let code = code.map(|code| match data {
        Some(executed) => format!("{executed}, {code}"),
        None => code.to_owned(),
    });
    code.unwrap_or_else(|| data.unwrap_or("nothing").to_owned())
}
