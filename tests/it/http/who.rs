//! Tokens: good ones, none, and all the others.

use api::auth::{Keys, OperatorRole, TenantRole, Tokens};
use chrono::{TimeDelta, Utc};
use serde_json::json;
use std::time::Duration;
use tenancy::testing::Way;
use tests::{TestServer, server::SECRET};

tenancy::both_ways! {
    r24_a_token_is_worth_nothing_at_another_tenant,
    r24_an_operators_token_is_worth_nothing_at_a_tenant,
    r24_a_token_is_refused_even_where_the_field_needs_none,
    an_expired_token_and_one_of_the_future_are_refused,
    a_token_of_another_issuer_or_key_is_refused,
    what_is_no_single_bearer_token_is_refused,
    without_a_token_only_what_is_for_everybody_answers,
    a_denied_field_leaves_its_neighbours_their_answers,
    each_role_may_what_the_table_says,
    a_viewer_looks_and_an_operator_acts,
    somebody_whose_row_is_gone_is_refused,
}

const ME: &str = "{ me { email } }";
const EMPLOYEES: &str = "{ employees { nodes { name } } }";

async fn r24_a_token_is_worth_nothing_at_another_tenant(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let token = server.token(&server.people().user("python", TenantRole::Owner));

    let at_home = server.tenant("python").bearing(&token).query(ME).await;
    let abroad = server.tenant("ruby").bearing(&token).query(ME).await;
    let above = server.shared().bearing(&token).query(ME).await;

    assert_eq!(at_home.at("me.email"), "owner@python.test");
    abroad.assert_refused(401, "UNAUTHENTICATED");
    above.assert_refused(401, "UNAUTHENTICATED");
    assert_eq!(abroad.headers["www-authenticate"], "Bearer");
}

async fn r24_an_operators_token_is_worth_nothing_at_a_tenant(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let token = server.token(&server.people().operator(OperatorRole::Operator));

    let at_home = server.shared().bearing(&token).query(ME).await;
    let abroad = server.tenant("python").bearing(&token).query(ME).await;

    assert_eq!(at_home.at("me.email"), "operator@insula.test");
    abroad.assert_refused(401, "UNAUTHENTICATED");
}

async fn r24_a_token_is_refused_even_where_the_field_needs_none(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let token = server.token(&server.people().user("python", TenantRole::Owner));
    let document = "{ tenant { name } }";
    let ruby = server.tenant("ruby");
    assert_eq!(
        ruby.query(document).await.at("tenant.name"),
        "Supermarket Ruby"
    );
    let abroad = ruby.bearing(&token).query(document).await;
    abroad.assert_refused(401, "UNAUTHENTICATED");
}

async fn an_expired_token_and_one_of_the_future_are_refused(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let owner = server.people().user("python", TenantRole::Owner);
    for (hours, fine) in [(-1, false), (0, true), (1, false)] {
        let moment = Utc::now() + TimeDelta::hours(hours);
        let token = server.state.tokens.mint(&owner, moment).token;
        let answer = server.tenant("python").bearing(&token).query(ME).await;
        if fine {
            assert_eq!(answer.at("me.email"), "owner@python.test");
        } else {
            answer.assert_refused(401, "UNAUTHENTICATED");
        }
    }
}

async fn a_token_of_another_issuer_or_key_is_refused(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let owner = server.people().user("python", TenantRole::Owner);
    let other = "another secret that is as long as it needs to be";
    for (secret, issuer, fine) in [
        (SECRET, "insula", true),
        (SECRET, "somebody else", false),
        (other, "insula", false),
    ] {
        let keys = Keys::from_secret(secret.as_bytes()).unwrap();
        let tokens = Tokens::new(keys, issuer, Duration::from_mins(10)).unwrap();
        let token = tokens.mint(&owner, Utc::now()).token;
        let answer = server.tenant("python").bearing(&token).query(ME).await;
        assert_eq!(answer.status == 200, fine, "{}", answer.text);
    }
}

async fn what_is_no_single_bearer_token_is_refused(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let python = server.tenant("python");
    let good = server.token(&server.people().user("python", TenantRole::Owner));
    for wrong in [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer nonsense".to_owned(),
        "Bearer a.b.c".to_owned(),
        format!("Basic {good}"),
        good.clone(),
        format!("Bearer {good}x"),
        format!("Bearer {}", "x".repeat(5000)),
    ] {
        let client = python.clone().header("authorization", &wrong);
        client
            .query(ME)
            .await
            .assert_refused(401, "UNAUTHENTICATED");
    }
    let twice = python.clone().bearing(&good).bearing(&good);
    twice.query(ME).await.assert_refused(401, "UNAUTHENTICATED");
    for fine in [format!("Bearer {good}"), format!("bearer  {good} ")] {
        let client = python.clone().header("authorization", &fine);
        assert_eq!(client.query(ME).await.at("me.email"), "owner@python.test");
    }
}

async fn without_a_token_only_what_is_for_everybody_answers(way: Way) {
    let server = TestServer::by(way, &[("INSULA_GRAPHQL_INTROSPECTION", "false")]).await;
    let python = server.tenant("python");

    let open = python.query("{ __typename tenant { slug } }").await;
    assert_eq!(open.at("tenant.slug"), "python");
    for document in [
        ME,
        EMPLOYEES,
        "{ departments { nodes { name } } }",
        "{ customers { nodes { name } } }",
        "{ invoices { nodes { total } } }",
        "{ users { nodes { email } } }",
        "{ node(id: \"x\") { id } }",
    ] {
        python
            .query(document)
            .await
            .assert_denied("UNAUTHENTICATED");
    }
    let introspection = "{ __schema { queryType { name } } }";
    let hidden = python.query(introspection).await;
    assert!(!hidden.text.contains("\"Query\""), "{}", hidden.text);
    let owner = python.as_owner().query(introspection).await;
    assert_eq!(owner.at("__schema.queryType.name"), "Query");
}

async fn a_denied_field_leaves_its_neighbours_their_answers(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let document = "{ tenant { slug } employees { nodes { name } } }";
    let answer = server.tenant("python").query(document).await;
    answer.assert_denied("UNAUTHENTICATED");
    let json = answer.json();
    assert_eq!(
        json["data"],
        json!({ "tenant": { "slug": "python" }, "employees": null })
    );
    assert_eq!(json["errors"][0]["path"], json!(["employees"]));
}

/// What each role may do: a document, and who of owner, manager and staff may.
const MAY: [(&str, [bool; 3]); 7] = [
    (EMPLOYEES, [true, true, true]),
    ("{ invoices { nodes { total } } }", [true, true, true]),
    ("{ users { nodes { email } } }", [true, true, false]),
    (
        "mutation { createCustomer(input: { name: \"C\" }) { customer { id } } }",
        [true, true, true],
    ),
    (
        "mutation { createDepartment(input: { name: \"D\" }) { department { id } } }",
        [true, true, false],
    ),
    (
        "mutation { deleteInvoice(input: { id: \"x\" }) { deletedId } }",
        [true, true, false],
    ),
    (
        "mutation { deleteUser(input: { id: \"x\" }) { deletedId } }",
        [true, false, false],
    ),
];

async fn each_role_may_what_the_table_says(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let roles = [TenantRole::Owner, TenantRole::Manager, TenantRole::Staff];
    for (document, may) in MAY {
        for (role, may) in roles.into_iter().zip(may) {
            let client = server.tenant("python").as_user(role);
            let answer = client.query(document).await;
            if may {
                assert_eq!(answer.json().get("errors"), None, "{role:?} {document}");
            } else {
                answer.assert_denied("FORBIDDEN");
            }
        }
    }
}

async fn a_viewer_looks_and_an_operator_acts(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let look = "{ tenants { nodes { slug } } }";
    let act = "mutation { suspendTenant(input: { slug: \"ruby\" }) { tenant { status } } }";

    let shared = server.shared();
    shared.query(look).await.assert_denied("UNAUTHENTICATED");
    shared.query(act).await.assert_denied("UNAUTHENTICATED");
    let viewer = shared.clone().as_viewer();
    assert_eq!(
        viewer.query(look).await.at("tenants.nodes.slug"),
        json!(["python", "ruby"])
    );
    viewer.query(act).await.assert_denied("FORBIDDEN");
    let status = "SELECT status FROM tenant WHERE slug = 'ruby'";
    assert_eq!(
        server.shared_sql().rows(status).await,
        [json!({ "status": "active" })]
    );
    let operator = shared.as_operator().query(act).await;
    assert_eq!(operator.at("suspendTenant.tenant.status"), "SUSPENDED");
}

async fn somebody_whose_row_is_gone_is_refused(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let owner = server.hire("python", TenantRole::Owner).await;
    let client = server.tenant("python").as_principal(&owner);
    assert!(client.query(ME).await.at("me").is_object());
    let gone = format!("DELETE FROM \"user\" WHERE id = '{}'", owner.user());
    server.sql("python").run(&gone).await;
    server.state.standing.doubt(owner.session());
    client
        .query(ME)
        .await
        .assert_refused(401, "UNAUTHENTICATED");
}
