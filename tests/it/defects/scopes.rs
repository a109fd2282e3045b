//! Entering and leaving tenants.

use entity::tenant::department;
use sea_orm::{EntityTrait, QueryOrder, QueryTrait, TransactionTrait};
use serde_json::json;
use tenancy::{Access, ActiveTenant, TenantDb};
use tests::TestServer;

use api::state::State;

async fn shop(state: &State, slug: &str) -> ActiveTenant {
    let domain = format!("{slug}.localhost").parse().unwrap();
    let tenant = state.directory.find(&domain).await.unwrap().unwrap();
    tenant.enter(state.histories.tenant.latest()).unwrap()
}

/// A department of each tenant that says whose it is.
async fn mark(server: &TestServer) {
    for slug in ["python", "ruby"] {
        let row = format!(
            "INSERT INTO department (id, name, created_at) VALUES (gen_random_uuid(), 'A {slug}', now())"
        );
        server.sql(slug).run(&row).await;
    }
}

async fn first(db: &impl sea_orm::ConnectionTrait) -> String {
    let query = department::Entity::find().order_by_asc(department::Column::Name);
    query.one(db).await.unwrap().unwrap().name
}

/// One connection for everybody, so that whatever stays behind is met by the next.
async fn narrow() -> TestServer {
    let server = TestServer::with(&[("INSULA_DATABASE_MAX_CONNECTIONS", "1")]).await;
    mark(&server).await;
    server
}

#[tokio::test]
async fn defect_07_a_rolled_back_switch_leaves_everybody_at_home() {
    let server = TestServer::start().await;
    mark(&server).await;
    let (python, ruby) = (
        shop(&server.state, "python").await,
        shop(&server.state, "ruby").await,
    );
    let outer: TenantDb = server.state.database.tenant(&python, Access::Write);
    assert_eq!(first(&outer).await, "A python");
    let nested = outer.begin().await.unwrap();
    let other = server.state.database.tenant(&ruby, Access::Read);
    assert_eq!(first(&other).await, "A ruby");
    assert_eq!(first(&nested).await, "A python");
    nested.rollback().await.unwrap();
    // Each says whose it is by the rows that it reads, before and after.
    assert_eq!(first(&outer).await, "A python");
    assert_eq!(first(&other).await, "A ruby");
    drop(other);
    assert_eq!(first(&outer).await, "A python");
}

const FAILS: &str = "mutation {
    createDepartment(input: { name: \"Z\" }) { department { id } }
    createUser(input: { email: \"a@b\", name: \"N\", role: STAFF, password: \"long enough\" }) { user { id } }
}";

#[tokio::test]
async fn defect_08_after_an_answer_a_connection_belongs_to_nobody() {
    let server = narrow().await;
    let names = "{ departments(first: 1, orderBy: { field: NAME }) { nodes { name } } }";
    for slug in ["python", "ruby", "python"] {
        let answer = server.tenant(slug).as_owner().query(names).await;
        assert_eq!(
            answer.at("departments.nodes.name"),
            json!([format!("A {slug}")])
        );
        // One that fails after it has written leaves no more behind.
        let owner = server.tenant(slug).as_owner();
        let failed = owner.query(FAILS).await;
        assert_eq!(failed.codes().len(), 1);
    }
    // What PostgreSQL itself says of the connection, between two requests.
    let idle = "SELECT state, backend_xid IS NULL AS quiet FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE '%transaction%'";
    let open = tests::eventually(async || server.shared_sql().rows(idle).await, Vec::is_empty);
    assert_eq!(open.await, [json!(null); 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn defect_10_threads_that_enter_two_tenants_come_back_with_their_own() {
    let server = TestServer::start().await;
    mark(&server).await;
    let database = server.state.database.clone();
    let threads: Vec<_> = ["python", "ruby"]
        .into_iter()
        .cycle()
        .take(8)
        .map(|slug| (slug, server.state.clone()))
        .map(|(slug, state)| {
            let database = database.clone();
            tokio::spawn(async move {
                let tenant = shop(&state, slug).await;
                for _ in 0..20 {
                    let db = database.tenant(&tenant, Access::Read);
                    let before = first(&db).await;
                    tokio::task::yield_now().await;
                    assert_eq!(
                        [before, first(&db).await],
                        [format!("A {slug}"), format!("A {slug}")]
                    );
                }
            })
        })
        .collect();
    for thread in threads {
        thread.await.unwrap();
    }
}

#[tokio::test]
async fn defect_11_a_schema_that_is_missing_is_an_error_and_nobody_elses_rows() {
    let server = narrow().await;
    let shared = server.shared_sql();
    // A table of the same name where others would fall back to.
    shared.run("CREATE TABLE public.department AS SELECT * FROM (VALUES (gen_random_uuid(), 'Everybody', now())) v (id, name, created_at)").await;
    let names = "{ departments { nodes { name } } }";
    let ruby = server.tenant("ruby").as_owner();
    ruby.query(names).await.at("departments");
    let schema = server.sql("python").schema().to_owned();
    shared
        .run(&format!("ALTER SCHEMA {schema} RENAME TO lost"))
        .await;

    let answer = server.tenant("python").as_owner().query(names).await;

    // Refused whole where the session had to be asked for there, else at the field.
    let answered = answer.json();
    assert_eq!(answered["errors"][0]["extensions"]["code"], "INTERNAL");
    assert!(answered["data"]["departments"].is_null(), "{}", answer.text);
    assert!(!answer.text.contains("Everybody"), "{}", answer.text);
    let ruby = ruby.query(names).await.at("departments.nodes.name");
    assert!(
        ruby.as_array().unwrap().contains(&json!("A ruby")),
        "{ruby}"
    );
}

#[tokio::test]
async fn defect_19_a_query_means_the_tenant_that_it_is_run_for_and_names_none() {
    let server = TestServer::start().await;
    mark(&server).await;
    let (python, ruby) = (
        shop(&server.state, "python").await,
        shop(&server.state, "ruby").await,
    );
    // Made while a scope of python's is open, it holds nothing of it.
    let of_python = server.state.database.tenant(&python, Access::Read);
    assert_eq!(first(&of_python).await, "A python");
    let query = department::Entity::find().order_by_asc(department::Column::Name);
    let text = query.build(sea_orm::DbBackend::Postgres).to_string();
    assert!(text.contains(" FROM \"department\" "), "{text}");
    let of_ruby = server.state.database.tenant(&ruby, Access::Read);
    let found = query.clone().one(&of_ruby).await.unwrap().unwrap();
    assert_eq!(found.name, "A ruby");
    assert_eq!(
        query.one(&of_python).await.unwrap().unwrap().name,
        "A python"
    );
}

#[tokio::test]
async fn defect_27_where_entering_fails_nothing_is_read_at_all() {
    let server = narrow().await;
    let names = "{ departments { nodes { name } } }";
    let ruby = server.tenant("ruby").as_owner();
    ruby.query(names).await.at("departments");
    // The one connection ends while it is idle, and again in the middle of the next one's work.
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND query NOT LIKE 'LISTEN%'";
    for _ in 0..3 {
        let python = server.tenant("python").as_owner();
        let work = async {
            let mut answers = Vec::new();
            for _ in 0..10 {
                answers.push(python.query(names).await);
            }
            answers
        };
        let shared = server.shared_sql();
        let (answers, ()) = tokio::join!(work, shared.run(kill));
        for answer in answers {
            let is_own = answer.text.contains("A python") && !answer.text.contains("A ruby");
            let is_error = !answer.codes().is_empty() && !answer.text.contains("\"A ");
            assert!(is_own || is_error, "{}", answer.text);
        }
        let after = ruby.query(names).await;
        assert!(!after.text.contains("A python"), "{}", after.text);
    }
    let again = ruby.query(names).await.at("departments.nodes.name");
    assert!(
        again.as_array().unwrap().contains(&json!("A ruby")),
        "{again}"
    );
}
