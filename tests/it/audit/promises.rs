//! What was done is told, what is told was done, and nothing that was told is changed.

use api::app::tenants;
use entity::shared::audit_event::Entity;
use futures::FutureExt;
use sea_orm::EntityName;
use serde_json::json;
use tests::{Client, TestServer, Trail, console};

async fn suspend(operator: &Client<'_>) -> tests::Answer {
    let act = "mutation { suspendTenant(input: { slug: \"python\" }) { tenant { status } } }";
    operator.query(act).await
}

async fn status(server: &TestServer) -> String {
    let status = "SELECT status FROM tenant WHERE slug = 'python'";
    let rows = server.shared_sql().rows(status).await;
    rows[0]["status"].as_str().unwrap().to_owned()
}

/// Lets no row into, or out of, a table.
async fn obstruct(server: &TestServer, trigger: &str) {
    let function = "CREATE FUNCTION obstruct() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'planted'; END $$";
    server.shared_sql().run(function).await;
    let trigger = format!("{trigger} EXECUTE FUNCTION shared.obstruct()");
    server.shared_sql().run(&trigger).await;
}

#[tokio::test]
async fn a_transaction_that_fails_in_the_end_was_not_done() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    // At the commit, when the row of the trail is already in.
    let late = "CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON tenant DEFERRABLE INITIALLY DEFERRED FOR EACH ROW";
    obstruct(&server, late).await;
    let trail = Trail::begin(&server).await;
    suspend(&operator).await.assert_denied("INTERNAL");
    assert_eq!(status(&server).await, "active");
    let expected = "operator operator@insula.test tenant.suspend python failed";
    assert_eq!(trail.told().await, [expected]);
    let why = &trail.rows().await[0]["detail"]["why"];
    assert_eq!(why, &json!(["SQLSTATE P0001"]));

    server.shared_sql().run("DROP TRIGGER late ON tenant").await;
    suspend(&operator).await.at("suspendTenant.tenant.status");
    assert_eq!(status(&server).await, "suspended");
}

#[tokio::test]
async fn what_can_not_be_told_is_not_done() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    let mute = "CREATE TRIGGER mute BEFORE INSERT ON audit_event FOR EACH ROW";
    obstruct(&server, mute).await;
    suspend(&operator).await.assert_denied("INTERNAL");
    assert_eq!(status(&server).await, "active");

    server
        .shared_sql()
        .run("DROP TRIGGER mute ON audit_event")
        .await;
    suspend(&operator).await.at("suspendTenant.tenant.status");
    assert_eq!(status(&server).await, "suspended");
}

#[tokio::test]
async fn an_act_that_nobody_waits_for_is_told_as_interrupted() {
    let server = TestServer::start().await;
    let trail = Trail::begin(&server).await;
    let by = console().by().unwrap();
    let begun = tenants::suspend(&server.state, &by, "python").now_or_never();
    assert!(begun.is_none(), "it was done at once");
    let expected = "console tester tenant.suspend python failed";
    assert_eq!(trail.told().await, [expected]);
    let why = &trail.rows().await[0]["detail"]["why"];
    assert_eq!(why, &json!(["INTERRUPTED"]));
    assert_eq!(status(&server).await, "active");
}

#[test]
fn the_trail_is_among_the_tables_that_are_only_added_to() {
    let tables = tests::agreement::of_shared_entities();
    assert!(migration::shared::APPEND_ONLY.contains(&Entity.table_name()));
    for table in migration::shared::APPEND_ONLY {
        assert!(tables.contains_key(*table), "{table}");
    }
}

#[tokio::test]
async fn whoever_serves_may_add_to_the_trail_and_change_nothing_in_it() {
    let server = TestServer::start().await;
    let try_to = async |statement: &str| {
        let db = server.state.database.shared(tenancy::Access::Write);
        db.run(statement).await.map(|answer| answer.affected)
    };
    assert!(try_to("SELECT FROM audit_event").await.unwrap() >= 8);
    for forbidden in [
        "UPDATE audit_event SET actor_name = 'nobody'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "DROP TABLE audit_event",
    ] {
        let refused = try_to(forbidden).await.unwrap_err();
        let code = api::app::reason::sqlstate(&refused);
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}");
    }
}
