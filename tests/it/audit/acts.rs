//! What operators do: each act leaves its row, and no act leaves two.

use api::app::accounts::{self, NewAccount};
use api::app::demo::PASSWORD;
use api::app::doctor;
use api::app::exploring;
use api::app::fleet::{self, Listener, Scope};
use api::app::statements;
use api::app::users::{self, NewUser};
use api::auth::{OperatorRole, TenantRole};
use entity::{shared::account, tenant::user};
use serde_json::{Value, json};
use tenancy::{SharedRealm, TenantRealm};
use tests::{TestServer, Trail, console};

#[tokio::test]
async fn every_mutation_of_an_operators_tells_who_did_what_to_whom_from_where() {
    let server = TestServer::start().await;
    let python = json!({ "slug": "python" });
    let domain = json!({ "slug": "python", "domain": "snake.example" });
    let first = json!({ "slug": "python", "domain": "python.localhost" });
    for (number, (mutation, input, action)) in [
        ("suspendTenant", &python, "tenant.suspend"),
        ("resumeTenant", &python, "tenant.resume"),
        ("addDomain", &domain, "domain.add"),
        ("setPrimaryDomain", &domain, "domain.primary"),
        ("setPrimaryDomain", &first, "domain.primary"),
        ("removeDomain", &domain, "domain.remove"),
    ]
    .into_iter()
    .enumerate()
    {
        let trail = Trail::begin(&server).await;
        let id = format!("request-{number}");
        let operator = server.shared().as_operator();
        let operator = operator
            .header("x-request-id", &id)
            .header("user-agent", "a browser");
        let payload = operator.mutate(mutation, input, "__typename").await;
        assert_eq!(payload.0["userErrors"], json!([]), "{mutation}");

        let rows = trail.rows().await;
        assert_eq!(rows.len(), 1, "{mutation}: {rows:?}");
        let principal = server.people().operator(OperatorRole::Operator);
        for (column, expected) in [
            ("action", json!(action)),
            ("actor_kind", json!("operator")),
            ("actor_id", json!(principal.user())),
            ("actor_name", json!("operator@insula.test")),
            (
                "tenant_id",
                json!(server.people().tenant("python").id.as_uuid()),
            ),
            ("tenant_slug", json!("python")),
            ("source", json!("127.0.0.1")),
            ("user_agent", json!("a browser")),
            ("request_id", json!(id)),
            ("outcome", json!("done")),
            ("count", json!(1)),
        ] {
            assert_eq!(rows[0][column], expected, "{mutation}: {column}");
        }
    }
}

#[tokio::test]
async fn a_tenants_making_is_told_when_it_begins_and_when_it_is_done() {
    let server = TestServer::start().await;
    let trail = Trail::begin(&server).await;
    let operator = server.shared().as_operator();
    let input = json!({ "slug": "Perl", "name": "Supermarket Perl" });
    let created = operator
        .mutate("createTenant", &input, "tenant { uuid }")
        .await;
    let expected = [
        "operator operator@insula.test tenant.register perl done",
        "operator operator@insula.test tenant.create perl done",
    ];
    assert_eq!(trail.told().await, expected);
    for row in trail.rows().await {
        assert_eq!(row["tenant_id"], created.at("tenant.uuid"));
    }
}

#[tokio::test]
async fn what_an_operator_is_refused_is_told_too() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    let long = "x".repeat(5000);
    for (mutation, input, told, why) in [
        (
            "suspendTenant",
            json!({ "slug": "Nobody" }),
            "tenant.suspend nobody",
            "NOT_FOUND slug",
        ),
        (
            "suspendTenant",
            json!({ "slug": "a\u{0}b" }),
            "tenant.suspend a b",
            "NOT_FOUND slug",
        ),
        (
            "createTenant",
            json!({ "slug": "ruby", "name": "Another" }),
            "tenant.create ruby",
            "TAKEN slug",
        ),
        (
            "addDomain",
            json!({ "slug": "ruby", "domain": "python.localhost" }),
            "domain.add ruby",
            "TAKEN domain",
        ),
        (
            "removeDomain",
            json!({ "slug": "ruby", "domain": "ruby.localhost" }),
            "domain.remove ruby",
            "IN_USE domain",
        ),
        (
            "setPrimaryDomain",
            json!({ "slug": "ruby", "domain": long }),
            "domain.primary ruby",
            "INVALID domain",
        ),
    ] {
        let trail = Trail::begin(&server).await;
        let payload = operator.mutate(mutation, &input, "__typename").await;
        assert_eq!(
            payload.0["userErrors"].as_array().unwrap().len(),
            1,
            "{mutation}"
        );
        let expected = format!("operator operator@insula.test {told} refused");
        assert_eq!(trail.told().await, [expected]);
        let row = &trail.rows().await[0];
        assert_eq!(row["detail"]["why"], json!([why]), "{mutation}");
        assert!(row.to_string().len() < 2000, "{row}");
    }
}

#[tokio::test]
async fn what_a_role_does_not_allow_is_told_and_nothing_is_done() {
    let server = TestServer::start().await;
    let trail = Trail::begin(&server).await;
    let act = "mutation { suspendTenant(input: { slug: \"ruby\" }) { tenant { status } } }";
    server
        .shared()
        .query(act)
        .await
        .assert_denied("UNAUTHENTICATED");
    assert_eq!(trail.told().await, [""; 0], "nobody is nobody's business");
    let viewer = server.shared().as_viewer();
    viewer.query(act).await.assert_denied("FORBIDDEN");
    let expected = "operator viewer@insula.test permission.denied - refused";
    assert_eq!(trail.told().await, [expected]);
    let detail = &trail.rows().await[0]["detail"];
    assert_eq!(
        detail,
        &json!({ "permission": "ManageFleet", "field": "suspendTenant" })
    );
}

#[tokio::test]
async fn what_is_done_at_a_terminal_is_told_with_the_machines_user() {
    let server = TestServer::start().await;
    let (state, console) = (&server.state, console());
    let python = server.people().tenant("python");
    let trail = Trail::begin(&server).await;

    let new = NewAccount {
        email: "Night@insula.test".to_owned(),
        name: "Night shift".to_owned(),
        role: account::Role::Viewer,
        password: "a good password".to_owned(),
    };
    let by = console.by().unwrap();
    let prepared = accounts::prepare(&state.hasher, by.can(), new)
        .await
        .unwrap();
    accounts::create(state, &by, prepared).await.unwrap();
    let new = NewUser {
        email: "adder@python.test".to_owned(),
        name: "Adder".to_owned(),
        role: user::Role::Staff,
        password: "a good password".to_owned(),
    };
    let manage = console.by().unwrap();
    let prepared = users::prepare(&state.hasher, manage.can(), new)
        .await
        .unwrap();
    exploring::create_user(state, &manage, python, prepared)
        .await
        .unwrap();
    let all = exploring::list_users(state, &console.by().unwrap(), python).await;
    assert_eq!(all.unwrap().len(), 4);
    let known = state.directory.get(python.id).await.unwrap().unwrap();
    let entered = known.enter(state.histories.tenant.latest()).unwrap();
    let owner = server.people().user("python", TenantRole::Owner).user();
    let (realm, whose) = ((&entered, Some(python)), (owner, "owner@python.test"));
    exploring::mint::<TenantRealm>(state, &by, realm, whose)
        .await
        .unwrap();
    let operator = server.people().operator(OperatorRole::Operator).user();
    let (realm, whose) = ((&(), None), (operator, "operator@insula.test"));
    exploring::mint::<SharedRealm>(state, &by, realm, whose)
        .await
        .unwrap();

    let expected = [
        "console tester account.create - done",
        "console tester user.create python done",
        "console tester user.list python done",
        "console tester token.mint python done",
        "console tester token.mint - done",
    ];
    assert_eq!(trail.told().await, expected);
    let rows = trail.rows().await;
    assert!(rows.iter().all(|row| row["source"] == "workbench"));
    assert_eq!(
        rows[1]["detail"],
        json!({ "email": "adder@python.test", "role": "staff" })
    );
    assert_eq!(rows[3]["detail"], json!({ "user": "owner@python.test" }));
}

#[tokio::test]
async fn statements_are_told_of_each_tenant_without_their_constants() {
    let server = TestServer::start().await;
    let (state, by) = (&server.state, console().by().unwrap());
    let python = server.people().tenant("python");
    let trail = Trail::begin(&server).await;
    let rename = "UPDATE employee SET title = 'planted' -- planted";

    statements::in_tenant(state, &by, python, rename)
        .await
        .unwrap();
    statements::in_shared(state, &by, "SELECT count(*) FROM tenant")
        .await
        .unwrap();
    statements::in_all_tenants(state, &by, "SELECT 1", 2)
        .await
        .unwrap();
    let refused = statements::in_tenant(state, &by, python, "COMMIT").await;
    assert!(refused.is_err());
    let failed = statements::in_tenant(state, &by, python, "SELECT planted FROM employee").await;
    assert!(failed.is_err());

    let mut told = trail.told().await;
    told[2..4].sort();
    let expected = [
        "console tester sql.run python done",
        "console tester sql.run - done",
        "console tester sql.run python done",
        "console tester sql.run ruby done",
        "console tester sql.run python refused",
        "console tester sql.run python failed",
    ];
    assert_eq!(told, expected);
    let rows = trail.rows().await;
    assert_eq!(
        rows[0]["detail"]["statement"],
        "UPDATE employee SET title = ?"
    );
    assert_eq!(
        rows[5]["detail"],
        json!({ "kind": "SELECT", "why": ["SQLSTATE 42703"] })
    );
    assert!(!format!("{rows:?}").contains("planted"));
}

#[tokio::test]
async fn migrations_are_told_of_each_schema_that_they_touch() {
    let server = TestServer::start().await;
    let (state, by) = (&server.state, console().by().unwrap());
    for slug in ["python", "ruby"] {
        let schema = server.sql(slug).schema().to_owned();
        let forget = format!(
            "DELETE FROM schema_migration WHERE version LIKE '%sales' AND schema_name = '{schema}'"
        );
        server.shared_sql().run(&forget).await;
    }
    let drop = "DROP TABLE invoice_line, invoice, customer, number_series";
    server.sql("ruby").run(drop).await;
    let migrate = async || {
        let scope = Scope::default();
        fleet::migrate(state, &by, &scope, Listener::default())
            .await
            .unwrap()
    };

    let trail = Trail::begin(&server).await;
    migrate().await;
    let mut told = trail.told().await;
    told.sort();
    let expected = [
        "console tester migrate python failed",
        "console tester migrate ruby done",
    ];
    assert_eq!(told, expected);
    let rows = trail.rows().await;
    let ruby = rows
        .iter()
        .find(|row| row["tenant_slug"] == "ruby")
        .unwrap();
    assert_eq!(ruby["detail"]["applied"], json!(["m20261123_000003_sales"]));

    server.sql("python").run(drop).await;
    let trail = Trail::begin(&server).await;
    let found = doctor::examine(state, console().caller().can().unwrap())
        .await
        .unwrap();
    doctor::fix(state, &by, &found, Listener::default())
        .await
        .unwrap();
    let expected = [
        "console tester migrate python done",
        "console tester doctor.fix - done",
    ];
    assert_eq!(trail.told().await, expected);

    let trail = Trail::begin(&server).await;
    migrate().await;
    assert_eq!(trail.told().await, [""; 0], "nothing was pending");
    let scope = Scope {
        tenants: vec!["nobody".to_owned()],
        ..Scope::default()
    };
    assert!(
        fleet::migrate(state, &by, &scope, Listener::default())
            .await
            .is_err()
    );
    assert_eq!(trail.told().await, ["console tester migrate - refused"]);
}

#[tokio::test]
async fn the_making_of_the_demo_is_told() {
    let server = TestServer::start().await;
    let all = "SELECT actor_name || ' ' || action || coalesce(' ' || tenant_slug, '') AS told FROM audit_event ORDER BY id";
    let all = server.shared_sql().rows(all).await;
    let all: Vec<_> = all
        .iter()
        .map(|row| row["told"].as_str().unwrap())
        .collect();
    let expected = [
        "tester migrate",
        "tester account.create",
        "tester tenant.register python",
        "tester tenant.create python",
        "tester user.create python",
        "tester tenant.register ruby",
        "tester tenant.create ruby",
        "tester user.create ruby",
    ];
    assert_eq!(all, expected);
    let nothing: [Value; 0] = [];
    let undone = "SELECT FROM audit_event WHERE outcome <> 'done'";
    assert_eq!(server.shared_sql().rows(undone).await, nothing);
}

#[tokio::test]
async fn operators_who_sign_in_are_told_and_a_tenants_users_are_their_tenants_business() {
    let server = TestServer::start().await;
    let trail = Trail::begin(&server).await;
    let login = async |client: tests::Client<'_>, email: &str, password: &str| {
        let input = json!({ "email": email, "password": password });
        client.mutate("login", &input, "accessToken").await
    };
    let python = server.tenant("python");
    login(python, "owner@python.test", PASSWORD)
        .await
        .at("accessToken");
    assert_eq!(trail.told().await, [""; 0]);

    login(server.shared(), "operator@insula.test", "planted")
        .await
        .wrong();
    login(server.shared(), "planted", PASSWORD).await.wrong();
    let token = login(server.shared(), "operator@insula.test", PASSWORD)
        .await
        .at("accessToken");
    let me = server.shared().bearing(token.as_str().unwrap());
    let input = json!({ "currentPassword": PASSWORD, "newPassword": "a good password" });
    me.mutate("changePassword", &input, "user { id }")
        .await
        .at("user.id");
    me.mutate("logout", &json!({}), "endedSessions")
        .await
        .at("endedSessions");

    let mut told = trail.told().await;
    let twice = "anonymous - session.login - refused";
    told.retain(|one| one != twice);
    let expected = [
        "operator operator@insula.test session.login - done",
        "operator operator@insula.test password.change - done",
        "operator operator@insula.test session.logout - done",
    ];
    assert_eq!(told, expected);
    let rows = trail.rows().await;
    let refused = rows.iter().filter(|row| row["outcome"] == "refused");
    let times: i64 = refused.map(|row| row["count"].as_i64().unwrap()).sum();
    assert_eq!(times, 2);
    assert!(!format!("{rows:?}").contains("planted"));
}
