//! The trail as it is read, by the API and at a terminal.

use api::app::audit::Action;
use api::app::audit::read::{self, Which};
use api::auth::{TenantRole, permission::ViewAudit};
use serde_json::json;
use tenancy::Access;
use tests::{TestServer, console};

const EVENTS: &str = "query($filter: AuditEventFilter, $order: AuditEventOrder, $after: String) {
    auditEvents(first: 2, after: $after, filter: $filter, orderBy: $order) {
        nodes { action tenantSlug outcome } pageInfo { hasNextPage endCursor } } }";

#[tokio::test]
async fn the_trail_is_read_page_by_page_the_newest_first() {
    let server = TestServer::start().await;
    let viewer = server.shared().as_viewer();
    let order = json!({ "field": "HAPPENED_AT", "direction": "DESC" });
    let filter = json!({ "tenantSlug": { "eq": "ruby" }, "outcome": ["DONE"] });
    let first = viewer
        .ask(EVENTS, &json!({ "filter": filter, "order": order }))
        .await;
    let actions = first.at("auditEvents.nodes.action");
    assert_eq!(actions, json!(["user.create", "tenant.create"]));
    let after = first.at("auditEvents.pageInfo.endCursor");
    let next = json!({ "filter": filter, "order": order, "after": after });
    let next = viewer.ask(EVENTS, &next).await;
    assert_eq!(
        next.at("auditEvents.nodes.action"),
        json!(["tenant.register"])
    );
    assert_eq!(next.at("auditEvents.pageInfo.hasNextPage"), false);
}

#[tokio::test]
async fn filters_say_about_whom_what_and_when() {
    let server = TestServer::start().await;
    let viewer = server.shared().as_viewer();
    let python = server.people().tenant("python").id.as_uuid();
    let now = chrono::Utc::now().to_rfc3339();
    for (filter, count) in [
        (
            json!({ "action": { "startsWith": "tenant." }, "tenantId": python }),
            2,
        ),
        (json!({ "action": { "eq": "migrate" } }), 1),
        (json!({ "actorKind": ["OPERATOR", "USER"] }), 0),
        (
            json!({ "actorKind": ["CONSOLE"], "actorName": { "eq": "tester" }, "tenantId": python }),
            2,
        ),
        (json!({ "outcome": ["REFUSED", "FAILED"] }), 0),
        (json!({ "happenedAt": { "gte": now } }), 0),
        (
            json!({ "happenedAt": { "lte": now }, "action": { "eq": "migrate" } }),
            1,
        ),
    ] {
        let answer = viewer.ask(EVENTS, &json!({ "filter": filter })).await;
        let nodes = answer.at("auditEvents.nodes");
        assert_eq!(nodes.as_array().unwrap().len(), count, "{filter}");
    }
}

#[tokio::test]
async fn operators_and_viewers_may_read_it_and_nobody_else() {
    let server = TestServer::start().await;
    let shared = server.shared();
    shared
        .query("{ auditEvents { nodes { id } } }")
        .await
        .assert_denied("UNAUTHENTICATED");
    let owner = server.people().user("python", TenantRole::Owner);
    let stranger = shared.clone().as_principal(&owner);
    stranger
        .query(EVENTS)
        .await
        .assert_refused(401, "UNAUTHENTICATED");
    for reader in [shared.clone().as_operator(), shared.as_viewer()] {
        let all = reader
            .query(
                "{ auditEvents { nodes { id action actorKind actorId actorName count
            happenedAt tenantId source userAgent requestId detail } } }",
            )
            .await;
        assert!(all.at("auditEvents.nodes.id").as_array().unwrap().len() >= 8);
    }
}

#[tokio::test]
async fn a_terminal_shows_what_is_about_a_tenant_whatever_it_was_called() {
    let server = TestServer::start().await;
    server
        .shared_sql()
        .run("UPDATE tenant SET slug = 'boa' WHERE slug = 'python'")
        .await;
    let can = || console().caller().can::<ViewAudit>().unwrap();
    let newest = async |which: Which, limit| {
        let db = server.state.operator.shared(Access::Read);
        let events = read::newest(&db, can(), &which, limit).await.unwrap();
        let told = events.into_iter().map(|event| event.action);
        told.collect::<Vec<_>>()
    };
    let about = |slug: &str| Which {
        tenant: Some(slug.to_owned()),
        ..Which::default()
    };
    let making = ["user.create", "tenant.create", "tenant.register"];
    assert_eq!(newest(about("boa"), 10).await, making);
    assert_eq!(newest(about("Python"), 10).await, making);
    assert_eq!(newest(about("boa"), 1).await, making[..1]);
    assert_eq!(newest(about("a\0b"), 10).await, [""; 0]);
    let migrated = Which {
        action: Some(Action::Migrate),
        ..Which::default()
    };
    assert_eq!(newest(migrated, 10).await, ["migrate"]);
    let future = Which {
        since: Some(chrono::Utc::now()),
        ..Which::default()
    };
    assert_eq!(newest(future, 10).await, [""; 0]);
}
