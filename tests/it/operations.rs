//! What operators do at a terminal, below the words of the terminal.

use api::app::accounts::{self, NewAccount};
use api::app::doctor::{self, Finding};
use api::app::fleet::{self, Listener, Report, Scope, Standing};
use api::app::{Code, Error, statements};
use api::auth::Caller;
use api::state::State;
use entity::shared::account::Role;
use tenancy::{Access, Answer, Catalog};
use tests::{TestServer, console};

async fn findings(state: &State) -> Vec<Finding> {
    let allowed = Caller::Console.can().unwrap();
    doctor::examine(state, allowed).await.unwrap()
}

/// What is wrong, and with whom, in a few words.
async fn wrong(state: &State) -> Vec<String> {
    let of = |one: Finding| format!("{}: {}", one.subject, one.code);
    let mut all: Vec<_> = findings(state).await.into_iter().map(of).collect();
    all.sort();
    all
}

async fn in_shared(state: &State, statement: &str) -> Answer {
    let by = console().by().unwrap();
    let answer = statements::in_shared(state, &by, statement).await;
    answer.unwrap_or_else(|error| panic!("{statement}: {error:?}"))
}

async fn at(state: &State, slug: &str, statement: &str) -> Answer {
    let by = console().by().unwrap();
    let all = state.directory.catalog().all().await.unwrap();
    let tenant = all.iter().find(|tenant| tenant.slug.as_str() == slug);
    let answer = statements::in_tenant(state, &by, tenant.unwrap(), statement).await;
    answer.unwrap_or_else(|error| panic!("{statement}: {error:?}"))
}

/// Takes a tenant's last migration back from the ledger.
async fn forget_sales(state: &State, slug: &str) {
    let schema = format!("(SELECT schema_name FROM tenant WHERE slug = '{slug}')");
    let forget = format!(
        "DELETE FROM schema_migration WHERE version LIKE '%sales' AND schema_name = {schema}"
    );
    assert_eq!(in_shared(state, &forget).await.affected, 1);
}

async fn migrate(state: &State, scope: &Scope) -> Result<Report, Error> {
    fleet::migrate(state, &console().by()?, scope, Listener::default()).await
}

const DROP_SALES: &str = "DROP TABLE invoice_line, invoice, customer, number_series";

async fn standing(state: &State, slug: &str) -> Standing {
    let all = fleet::status(state).await.unwrap();
    all.into_iter().find(|one| one.name == slug).unwrap()
}

#[tokio::test]
async fn l18_rows_without_schemas_and_schemas_without_rows_are_reported() {
    let server = TestServer::start().await;
    let state = &server.state;
    assert_eq!(wrong(state).await, [""; 0]);

    let stray = "t_01jdz0y3k6s9c2v8w4x5a7b1cd";
    in_shared(state, &format!("CREATE SCHEMA {stray}")).await;
    in_shared(state, "CREATE SCHEMA of_somebody_else").await;
    let ruby = standing(state, "ruby").await.schema;
    in_shared(state, &format!("DROP SCHEMA {ruby} CASCADE")).await;

    let expected = [
        format!("schema {stray}: schema-without-tenant"),
        "tenant ruby: schema-missing".to_owned(),
    ];
    assert_eq!(wrong(state).await, expected);
}

#[tokio::test]
async fn the_registrys_own_contradictions_are_reported() {
    let server = TestServer::start().await;
    let state = &server.state;
    in_shared(
        state,
        "UPDATE domain SET host = 'Ruby.localhost.' WHERE host = 'ruby.localhost'",
    )
    .await;
    in_shared(
        state,
        "UPDATE domain SET is_primary = false WHERE host = 'python.localhost'",
    )
    .await;
    in_shared(
        state,
        "INSERT INTO tenant (id, slug, name, schema_name, status) VALUES \
         (gen_random_uuid(), 'half', 'Half', 't_01jdz0y3k6s9c2v8w4x5a7b1cd', 'provisioning'), \
         (gen_random_uuid(), 'dead', 'Dead', 't_01jdz0y3k6s9c2v8w4x5a7b1ce', 'failed')",
    )
    .await;

    let expected = [
        "tenant dead: primary-domain",
        "tenant dead: tenant-failed",
        "tenant half: primary-domain",
        "tenant half: tenant-unfinished",
        "tenant python: primary-domain",
        "tenant ruby: domain-unreachable",
    ];
    assert_eq!(wrong(state).await, expected);

    // A creation that is under way is nobody's finding.
    let all = state.directory.catalog().all().await.unwrap();
    let half = all.iter().find(|tenant| tenant.slug.as_str() == "half");
    let lock = state.operator.try_lock(half.unwrap().id).await.unwrap();
    assert!(!wrong(state).await.contains(&expected[3].to_owned()));
    lock.unwrap().release().await;

    in_shared(
        state,
        "UPDATE tenant SET schema_name = 'public' WHERE slug = 'dead'",
    )
    .await;
    let damaged = "tenant dead: registry-damaged".to_owned();
    assert!(wrong(state).await.contains(&damaged));
}

#[tokio::test]
async fn what_anybody_could_see_is_reported() {
    let server = TestServer::start().await;
    let state = &server.state;
    in_shared(state, "CREATE TABLE public.stray (a int)").await;
    in_shared(state, "CREATE SCHEMA unscoped").await;
    at(state, "python", "DROP TABLE number_series").await;
    in_shared(
        state,
        "INSERT INTO schema_migration VALUES ('shared', 'm20991231_000001_future', false)",
    )
    .await;

    let expected = [
        "schema public: public-not-empty",
        "schema unscoped: default-path",
        "shared realm: ahead",
        "tenant python: table-missing",
    ];
    assert_eq!(wrong(state).await, expected);
}

#[tokio::test]
async fn a_database_that_is_away_is_a_finding() {
    let state = tests::server::state("postgres://nobody@127.0.0.1:1/nothing", &Vec::new());
    assert_eq!(wrong(&state).await, ["database: database-unreachable"]);
}

#[tokio::test]
async fn the_doctor_mends_who_is_behind_and_nobody_else() {
    let server = TestServer::start().await;
    let state = &server.state;
    forget_sales(state, "ruby").await;
    at(state, "ruby", DROP_SALES).await;
    in_shared(state, "CREATE TABLE public.stray (a int)").await;

    let found = findings(state).await;
    let fixable: Vec<_> = found.iter().filter(|finding| finding.fixable).collect();
    assert_eq!(fixable.len(), 1);
    assert_eq!(fixable[0].tenant.as_deref(), Some("ruby"));

    let by = console().by().unwrap();
    let report = doctor::fix(state, &by, &found, Listener::default()).await;
    assert_eq!(report.unwrap().tenants.len(), 1);
    assert_eq!(wrong(state).await, ["schema public: public-not-empty"]);
}

#[tokio::test]
async fn m23_m26_a_tenant_that_fails_stops_no_other_and_status_says_why() {
    let server = TestServer::start().await;
    let state = &server.state;
    forget_sales(state, "python").await;
    forget_sales(state, "ruby").await;
    at(state, "ruby", DROP_SALES).await;

    let report = migrate(state, &Scope::default()).await;
    let report = report.unwrap();
    let went: Vec<_> = report
        .tenants
        .iter()
        .map(|outcome| (outcome.tenant.slug.as_str(), outcome.result.is_ok()))
        .collect();
    assert_eq!(went, [("python", false), ("ruby", true)]);
    let python = standing(state, "python").await;
    assert_eq!(python.pending, 1);
    let why = python.failure.unwrap();
    assert!(
        why.ends_with(r#"relation "customer" already exists"#),
        "{why}"
    );
    let ruby = standing(state, "ruby").await;
    assert_eq!((ruby.pending, ruby.failure), (0, None));

    // Again touches only the one that failed, and what was noted of it goes.
    at(state, "python", DROP_SALES).await;
    let again = migrate(state, &Scope::default()).await;
    assert_eq!(again.unwrap().tenants.len(), 1);
    let python = standing(state, "python").await;
    assert_eq!((python.pending, python.failure), (0, None));
}

#[tokio::test]
async fn m21_unknown_and_half_made_tenants_are_not_migrated_in_silence() {
    let server = TestServer::start().await;
    let state = &server.state;
    let migrate = async |slug: &str| {
        let scope = Scope {
            tenants: vec![slug.to_owned()],
            ..Scope::default()
        };
        migrate(state, &scope).await
    };
    let code = |result| match result {
        Err(Error::Refused(refusals)) => refusals[0].code,
        other => panic!("{other:?}"),
    };
    for slug in ["nobody", "'; --", ""] {
        assert_eq!(code(migrate(slug).await), Code::NotFound, "{slug}");
    }
    assert!(migrate("Ruby").await.is_ok());
    in_shared(
        state,
        "UPDATE tenant SET status = 'failed' WHERE slug = 'ruby'",
    )
    .await;
    assert_eq!(code(migrate("ruby").await), Code::NotAllowed);
}

#[tokio::test]
async fn d16_a_statement_that_fails_in_one_tenant_runs_in_the_others() {
    let server = TestServer::start().await;
    let state = &server.state;
    let hire = "INSERT INTO department (id, name) VALUES (gen_random_uuid(), 'Cellar')";
    at(state, "python", hire).await;

    let by = console().by().unwrap();
    let fleet = statements::in_all_tenants(state, &by, hire, 2).await;
    let fleet = fleet.unwrap();

    // The shared realm is not among them.
    let went: Vec<_> = fleet
        .outcomes
        .iter()
        .map(|outcome| (outcome.tenant.slug.as_str(), outcome.result.is_ok()))
        .collect();
    assert_eq!(went, [("python", false), ("ruby", true)]);
    for slug in ["python", "ruby"] {
        let cellars = "SELECT FROM department WHERE name = 'Cellar'";
        assert_eq!(at(state, slug, cellars).await.affected, 1, "{slug}");
    }
}

#[tokio::test]
async fn statements_see_their_own_scope_alone() {
    let server = TestServer::start().await;
    let state = &server.state;
    let names = at(state, "ruby", "SELECT name FROM employee ORDER BY name").await;
    let names: Vec<_> = names.rows.concat().into_iter().flatten().collect();
    assert_eq!(names, ["Diamond", "Emerald"]);
    assert_eq!(in_shared(state, "SELECT FROM account").await.affected, 2);

    let by = console().by().unwrap();
    let tenant = server.people().tenant("ruby");
    for elsewhere in ["SELECT FROM account", "SELECT FROM tenant"] {
        let refused = statements::in_tenant(state, &by, tenant, elsewhere).await;
        assert!(refused.is_err(), "{elsewhere}");
    }
}

#[tokio::test]
async fn operators_are_created_once_and_the_first_is_found() {
    let server = TestServer::start().await;
    let state = &server.state;
    let caller = Caller::Console;
    let create = async |email: &str| {
        let new = NewAccount {
            email: email.to_owned(),
            name: "Night shift".to_owned(),
            role: Role::Operator,
            password: "a good password".to_owned(),
        };
        let prepared = accounts::prepare(&state.hasher, caller.can()?, new).await?;
        accounts::create(state, &console().by()?, prepared).await
    };
    assert_eq!(
        create("Night@Insula.test").await.unwrap().email,
        "night@insula.test"
    );
    for (email, expected) in [("night@insula.test", Code::Taken), ("night", Code::Invalid)] {
        let Err(Error::Refused(refusals)) = create(email).await else {
            panic!("{email}");
        };
        assert_eq!(refusals[0].code, expected);
    }

    let first = async || {
        let db = state.operator.shared(Access::Read);
        let first = accounts::first_operator(&db, caller.can().unwrap()).await;
        first.unwrap().map(|account| account.email)
    };
    assert_eq!(first().await.as_deref(), Some("operator@insula.test"));
    in_shared(
        state,
        "UPDATE account SET disabled_at = now() WHERE email = 'operator@insula.test'",
    )
    .await;
    assert_eq!(first().await.as_deref(), Some("night@insula.test"));
}
