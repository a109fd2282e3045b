//! What strangers try: it is told, counted and bounded, and never makes a request wait or fail.

use api::app::demo::PASSWORD;
use api::auth::{OperatorRole, TenantRole};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tests::{TestServer, Trail, raw, twins};

const ME: &str = "{ me { email } }";

#[tokio::test]
async fn r24_a_token_of_another_realm_is_told_with_its_owner() {
    let server = TestServer::start().await;
    let people = server.people();
    let owner = people.user("python", TenantRole::Owner);
    let operator = people.operator(OperatorRole::Operator);
    let python = people.tenant("python").id.as_uuid();
    let ruby = people.tenant("ruby").id.as_uuid();
    for (at, principal, home, told, tenant, of) in [
        (
            server.tenant("ruby"),
            owner,
            server.tenant("python"),
            "user - crossing.token ruby refused",
            json!(ruby),
            json!(python),
        ),
        (
            server.shared(),
            owner,
            server.tenant("python"),
            "user - crossing.token - refused",
            Value::Null,
            json!(python),
        ),
        (
            server.tenant("ruby"),
            operator,
            server.shared(),
            "operator operator@insula.test crossing.token ruby refused",
            json!(ruby),
            json!("shared"),
        ),
    ] {
        let trail = Trail::begin(&server).await;
        home.as_principal(&principal).query(ME).await.at("me.email");
        assert_eq!(
            trail.told().await,
            [""; 0],
            "at home there is nothing to tell"
        );
        let abroad = at.as_principal(&principal).header("x-request-id", "abroad");
        abroad
            .query(ME)
            .await
            .assert_refused(401, "UNAUTHENTICATED");
        assert_eq!(trail.told().await, [told]);
        let row = &trail.rows().await[0];
        assert_eq!(row["actor_id"], json!(principal.user()));
        assert_eq!(row["tenant_id"], tenant);
        assert_eq!(row["detail"], json!({ "of": of }));
        assert_eq!(
            (&row["source"], &row["request_id"]),
            (&json!("127.0.0.1"), &json!("abroad"))
        );
    }
}

#[tokio::test]
async fn a_token_that_nobody_can_be_known_by_is_no_crossing() {
    let server = TestServer::start().await;
    let trail = Trail::begin(&server).await;
    let good = server.token(&server.people().user("python", TenantRole::Owner));
    for token in ["nonsense".to_owned(), format!("{good}x")] {
        let refused = server.tenant("ruby").bearing(&token).query(ME).await;
        refused.assert_refused(401, "UNAUTHENTICATED");
    }
    assert_eq!(trail.told().await, [""; 0]);
}

#[tokio::test]
async fn a_header_and_a_host_that_disagree_are_told_with_both() {
    let server = TestServer::start().await;
    let trail = Trail::begin(&server).await;
    let agreeing = server.tenant("python").host("python.localhost");
    agreeing
        .query("{ tenant { slug } }")
        .await
        .at("tenant.slug");
    assert_eq!(trail.told().await, [""; 0]);
    let conflict = server.tenant("python").host("ruby.localhost");
    conflict
        .query(ME)
        .await
        .assert_refused(400, "TENANT_CONFLICT");
    assert_eq!(
        trail.told().await,
        ["anonymous - crossing.header python refused"]
    );
    assert_eq!(trail.rows().await[0]["detail"], json!({ "host": "ruby" }));
}

#[tokio::test]
async fn an_id_of_another_tenant_is_told_of_whoever_is_signed_in() {
    let server = TestServer::start().await;
    twins::enter(&server).await;
    let (python, ruby) = (
        server.tenant("python").as_owner(),
        server.tenant("ruby").as_owner(),
    );
    let ids = "{ departments(filter: { name: { startsWith: \"Twin\" } }) { nodes { id } } }";
    let foreign = ruby.query(ids).await.at("departments.nodes.0.id");
    let own = python.query(ids).await.at("departments.nodes.0.id");
    let node = "query($id: ID!) { node(id: $id) { id } }";

    let trail = Trail::begin(&server).await;
    let found = python.ask(node, &json!({ "id": own })).await;
    assert_eq!(found.at("node.id"), own);
    assert_eq!(trail.told().await, [""; 0]);
    let hidden = python.ask(node, &json!({ "id": foreign })).await;
    assert_eq!(hidden.at("node"), Value::Null);
    let delete = python
        .mutate("deleteDepartment", &json!({ "id": foreign }), "deletedId")
        .await;
    assert_eq!(delete.wrong(), ["NOT_FOUND id"]);

    let rows = trail.rows().await;
    let times: Vec<_> = rows
        .iter()
        .map(|row| row["count"].as_i64().unwrap())
        .collect();
    assert_eq!(times, [1, 1], "equal ones are counted together: {rows:?}");
    let of = server.people().tenant("ruby").id.as_uuid();
    assert_eq!(rows[0]["detail"], json!({ "of": of }));
    let told = "user - crossing.id python refused";
    assert_eq!(trail.told().await, [told, told]);
}

#[tokio::test]
async fn a_statement_that_the_tenants_role_may_not_run_is_told() {
    let server = TestServer::start().await;
    let (python, ruby) = (
        server.tenant("python").as_owner(),
        server.tenant("ruby").as_owner(),
    );
    let owner = server.people().user("python", TenantRole::Owner);
    let sql = server.sql("python");
    let direct = "{ departments(first: 1) { nodes { id } } }";
    let by_a_loader = "{ employees(first: 1) { nodes { department { id } } } }";
    let trail = Trail::begin(&server).await;
    for query in [direct, by_a_loader] {
        assert_eq!(python.query(query).await.codes(), [""; 0]);
    }
    assert_eq!(trail.told().await, [""; 0]);

    let revoke = format!("REVOKE SELECT ON department FROM {}", sql.schema());
    sql.run(&revoke).await;
    for query in [direct, by_a_loader] {
        let trail = Trail::begin(&server).await;
        assert_eq!(python.query(query).await.codes(), ["INTERNAL"]);
        assert_eq!(ruby.query(query).await.codes(), [""; 0]);
        let told = "user - crossing.privilege python refused";
        assert_eq!(trail.told().await, [told], "{query}");
        let row = &trail.rows().await[0];
        assert_eq!(row["actor_id"], json!(owner.user()));
        assert_eq!(row["detail"], json!({}));
    }

    sql.run("DROP TABLE department CASCADE").await;
    let trail = Trail::begin(&server).await;
    assert_eq!(python.query(direct).await.codes(), ["INTERNAL"]);
    assert_eq!(trail.told().await, [""; 0], "only rights are told");
}

#[tokio::test]
async fn of_a_thousand_equal_crossings_two_rows_are_left() {
    let server = TestServer::start().await;
    let trail = Trail::begin(&server).await;
    let headers = ["host: ruby.localhost", "x-tenant-domain: python.localhost"];
    let request = raw::post(&headers, ME);
    let knocks = (0..1000).map(|_| server.raw(&request));
    let statuses = stream::iter(knocks).buffer_unordered(8);
    let statuses: Vec<_> = statuses
        .map(|answer| answer.status.as_u16())
        .collect()
        .await;
    assert!(statuses.iter().all(|status| *status == 400));
    let rows = trail.rows().await;
    assert!(rows.len() <= 2, "{rows:?}");
    let times: i64 = rows.iter().map(|row| row["count"].as_i64().unwrap()).sum();
    assert_eq!(times, 1000);
}

#[tokio::test]
async fn an_operators_login_is_told_however_many_crossings_strangers_make_up() {
    let loopback = ("INSULA_TENANCY_TRUSTED_PROXIES", "127.0.0.0/8");
    let server = TestServer::with(&[loopback]).await;
    let trail = Trail::begin(&server).await;
    for stranger in 0..100 {
        let from = format!("x-forwarded-for: 192.0.2.{stranger}");
        let headers = [
            "host: ruby.localhost",
            "x-tenant-domain: python.localhost",
            &from,
        ];
        let refused = server.raw(&raw::post(&headers, ME)).await;
        refused.assert_refused(400, "TENANT_CONFLICT");
    }
    let input = json!({ "email": "operator@insula.test", "password": PASSWORD });
    let login = server.shared().mutate("login", &input, "accessToken").await;
    login.at("accessToken");

    let rows = trail.rows().await;
    let of = |action: &str| rows.iter().filter(|row| row["action"] == action).count();
    assert_eq!(of("crossing.header"), 60, "no more of them are told");
    assert_eq!(of("crossing.dropped"), 1);
    let logins: Vec<_> = (rows.iter())
        .filter(|row| row["action"] == "session.login")
        .collect();
    assert_eq!(logins.len(), 1, "{rows:?}");
    assert_eq!(logins[0]["actor_name"], "operator@insula.test");
    assert_eq!(logins[0]["outcome"], "done");
}

#[tokio::test]
async fn a_trail_that_can_not_be_written_refuses_nobody_and_says_later_how_many_it_lost() {
    let server = TestServer::start().await;
    let conflict = async || {
        let conflict = server.tenant("python").host("ruby.localhost");
        conflict
            .query(ME)
            .await
            .assert_refused(400, "TENANT_CONFLICT");
        server.state.crossings.flush().await;
    };
    let trail = Trail::begin(&server).await;
    server
        .shared_sql()
        .run("ALTER TABLE audit_event RENAME TO gone")
        .await;
    conflict().await;
    server
        .shared_sql()
        .run("ALTER TABLE gone RENAME TO audit_event")
        .await;
    conflict().await;
    let rows = trail.rows().await;
    let lost = rows.iter().find(|row| row["action"] == "crossing.dropped");
    assert_eq!(lost.unwrap()["detail"], json!({ "dropped": 1 }), "{rows:?}");
    assert!(rows.iter().any(|row| row["action"] == "crossing.header"));
}
