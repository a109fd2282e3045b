//! Requests that end otherwise than by their answer: on a server with a single connection, the next
//! one, of another tenant, is right.

use std::sync::Arc;
use std::time::Duration;

use api::catalog::Registry;
use api::http;
use api::state::State;
use async_graphql::{Context, EmptyMutation, EmptySubscription, Object, Schema};
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use axum::{Extension, Json, Router};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tenancy::testing::Way;
use tenancy::{Access, ActiveTenant, Operator, OperatorDb, PoolOptions};
use tests::{Answer, TestServer, at_last};

tenancy::both_ways! {
    c24_a_backend_killed_under_a_request_takes_nobody_with_it,
    c24_a_statement_that_the_database_cancels_is_told_as_a_timeout,
    c24_a_request_past_its_deadline_leaves_nothing_behind,
    c24_a_client_that_goes_away_leaves_nothing_behind,
    c16_a_mutation_that_fails_half_way_leaves_nothing_behind,
    c25_a_resolver_that_panics_leaves_nothing_behind,
}

const STAFF: &str = "{ employees { nodes { name } } }";
const HIRE: &str = "mutation { createEmployee(input: { name: \"Boa\" }) { employee { name } } }";

/// Keeps everybody from a tenant's employees until it is ended.
async fn bar(server: &TestServer, slug: &str) -> OperatorDb {
    // The server's own operators have a single connection too.
    let operator = Operator::new(
        &tenancy::testing::logins(&server.database),
        &PoolOptions::default(),
    );
    let db = operator.tenant(server.people().tenant(slug), Access::Write);
    execute(&db, "LOCK TABLE employee IN ACCESS EXCLUSIVE MODE").await;
    db
}

async fn execute(db: &impl ConnectionTrait, sql: &str) {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    db.execute_raw(statement).await.unwrap();
}

const WAITING: &str = "SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// Waits until PostgreSQL has seen that nobody waits for its answer any more. Directly the `COMMIT` has come with the
/// statement: could that go on sooner, all of it might still be done.
async fn given_up(server: &TestServer, way: Way) {
    if way == Way::Direct {
        let sql = server.shared_sql();
        let waiting = at_last(async || sql.rows(WAITING).await, Vec::is_empty).await;
        assert!(waiting.is_empty(), "{waiting:?}");
    }
}

/// Waits until a statement waits for a lock, and does this to its backend.
async fn once_it_waits(server: &TestServer, act: &str) {
    let sql = server.shared_sql();
    let waiting = at_last(async || sql.rows(WAITING).await, |rows| !rows.is_empty()).await;
    let pid = &waiting.first().expect("a statement that waits")["pid"];
    sql.run(&format!("SELECT {act}({pid})")).await;
}

/// What each tenant sees is its own, and nobody is inside a transaction.
async fn assert_next_is_right(server: &TestServer) {
    for (slug, names) in [
        ("ruby", ["Diamond", "Emerald"]),
        ("python", ["Cobra", "Viper"]),
    ] {
        let document = "{ tenant { slug } employees(orderBy: { field: NAME, direction: ASC }) { nodes { name } } }";
        let answer = server.tenant(slug).as_owner().query(document).await;
        assert_eq!(answer.at("tenant.slug"), slug);
        assert_eq!(answer.at("employees.nodes.name"), json!(names));
    }
    let open = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'";
    let sql = server.shared_sql();
    let left = at_last(async || sql.rows(open).await, Vec::is_empty).await;
    assert!(left.is_empty(), "{left:?}");
}

/// Asks for what is barred, both ways, and does this to the backend.
async fn interrupted(server: &TestServer, act: &str, check: impl Fn(&Answer)) {
    let owner = server.tenant("python").as_owner();
    for document in [STAFF, HIRE] {
        let barred = bar(server, "python").await;
        let (answer, ()) = tokio::join!(owner.query(document), once_it_waits(server, act));
        check(&answer);
        barred.end().await;
        assert_next_is_right(server).await;
    }
}

async fn c24_a_backend_killed_under_a_request_takes_nobody_with_it(way: Way) {
    let server = TestServer::by_one(way, &[]).await;
    interrupted(&server, "pg_terminate_backend", |answer| {
        answer.assert_refused(503, "DATABASE_UNAVAILABLE");
    })
    .await;
}

async fn c24_a_statement_that_the_database_cancels_is_told_as_a_timeout(way: Way) {
    let server = TestServer::by_one(way, &[]).await;
    interrupted(&server, "pg_cancel_backend", |answer| {
        answer.assert_refused(504, "TIMEOUT");
        assert!(!answer.text.contains("cancel"), "{}", answer.text);
    })
    .await;
}

async fn c24_a_request_past_its_deadline_leaves_nothing_behind(way: Way) {
    let deadline = [("INSULA_GRAPHQL_DEADLINE", "1500 ms")];
    let server = TestServer::by_one(way, &deadline).await;
    let owner = server.tenant("python").as_owner();
    assert_next_is_right(&server).await;
    for document in [STAFF, HIRE] {
        let barred = bar(&server, "python").await;
        owner.query(document).await.assert_refused(504, "TIMEOUT");
        given_up(&server, way).await;
        barred.end().await;
        assert_next_is_right(&server).await;
    }
}

async fn c24_a_client_that_goes_away_leaves_nothing_behind(way: Way) {
    let server = TestServer::by_one(way, &[]).await;
    let owner = server.tenant("python").as_owner();
    for document in [STAFF, HIRE] {
        let barred = bar(&server, "python").await;
        tokio::select! {
            _ = owner.query(document) => panic!("it is barred"),
            () = once_it_waits(&server, "pg_stat_get_backend_activity") => {}
        }
        // The connection to the server is closed with the question.
        given_up(&server, way).await;
        barred.end().await;
        let sql = server.sql("python");
        let boa = "SELECT name FROM employee WHERE name = 'Boa'";
        assert!(sql.rows(boa).await.is_empty());
        assert_next_is_right(&server).await;
    }
}

async fn c16_a_mutation_that_fails_half_way_leaves_nothing_behind(way: Way) {
    let server = TestServer::by_one(way, &[]).await;
    let staff = server.tenant("python").as_staff();
    let both = HIRE.replace(
        "mutation {",
        "mutation { deleteEmployee(input: { id: \"x\" }) { deletedId }",
    );
    for document in [
        both.as_str(),
        "mutation { createDepartment(input: { name: \"D\" }) { department { id } } }",
        "mutation { createEmployee(input: { name: \"Boa\" }) { employee { id } } createDepartment(input: { name: \"D\" }) { department { id } } }",
    ] {
        let answer = staff.query(document).await;
        assert_eq!(answer.json()["data"], Value::Null, "{}", answer.text);
        assert_next_is_right(&server).await;
    }
}

/// A schema whose only field writes and then panics.
struct Panics;

#[Object]
impl Panics {
    async fn fire_all(&self, ctx: &Context<'_>) -> u64 {
        let state = ctx.data_unchecked::<Arc<State>>();
        let tenant = ctx.data_unchecked::<ActiveTenant>();
        let db = state.database.tenant(tenant, Access::Write);
        execute(&db, "DELETE FROM invoice_line").await;
        assert!(tenant.slug.as_str().is_empty(), "on purpose, with a secret");
        0
    }
}

/// That schema behind the layers and the entrance of the server.
async fn panicking(state: &Arc<State>) -> String {
    let schema = Schema::new(Panics, EmptyMutation, EmptySubscription);
    let data = Arc::clone(state);
    let run = async move |Extension(tenant): Extension<ActiveTenant>| {
        let request = async_graphql::Request::new("{ fireAll }");
        Json(schema.execute(request.data(data).data(tenant)).await)
    };
    let entrance = Arc::new(http::entrance(state).unwrap());
    let entered = from_fn_with_state(entrance, tenancy::axum::enter_tenant::<Registry>);
    let router = Router::new().route("/graphql", post(run)).layer(entered);
    let router = http::layers::layered(router, &state.config);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await;
    let listener = listener.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/graphql")
}

async fn c25_a_resolver_that_panics_leaves_nothing_behind(way: Way) {
    let server = TestServer::by_one(way, &[]).await;
    let url = panicking(&server.state).await;
    let lines = server.sql("python").count("invoice_line").await;
    let request = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = request
        .post(url)
        .header("x-tenant-domain", "python.localhost");
    let request = request.timeout(Duration::from_secs(20));

    let answer = request.send().await.unwrap();

    assert_eq!(answer.status(), 500);
    let text = answer.text().await.unwrap();
    assert!(
        text.contains("INTERNAL") && !text.contains("secret"),
        "{text}"
    );
    assert_next_is_right(&server).await;
    assert_eq!(server.sql("python").count("invoice_line").await, lines);
}
