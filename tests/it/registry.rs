//! Changes of the registry: every process sees them at once.

use serde_json::json;
use tenancy::testing::Way;
use tests::{Client, TestServer, eventually};

tenancy::both_ways! {
    r27_a_suspension_is_seen_by_every_process_and_loses_nothing,
    l01_a_new_tenant_is_served_where_it_was_unknown_a_moment_before,
    a_domain_leads_where_it_is_told_and_no_longer_than_that,
    n19_of_two_who_create_one_slug_at_once_one_wins,
}

const WHO: &str = "{ tenant { slug } }";

async fn status_of(client: &Client<'_>) -> u16 {
    client.query(WHO).await.status.as_u16()
}

async fn r27_a_suspension_is_seen_by_every_process_and_loses_nothing(way: Way) {
    let (server, operators) = (TestServer::by(way, &[]).await, "suspendTenant");
    let other = server.another().await;
    let visitor = other.tenant("python");
    assert_eq!(status_of(&visitor).await, 200);
    let operator = server.shared().as_operator();
    let slug = json!({ "slug": "python" });
    let suspended = operator.mutate(operators, &slug, "tenant { status }").await;
    assert_eq!(suspended.at("tenant.status"), "SUSPENDED");
    let seen = eventually(async || status_of(&visitor).await, |status| *status == 403).await;
    assert_eq!(seen, 403);
    assert_eq!(status_of(&other.tenant("ruby")).await, 200);
    operator
        .mutate("resumeTenant", &slug, "tenant { status }")
        .await;
    let seen = eventually(async || status_of(&visitor).await, |status| *status == 200).await;
    assert_eq!(seen, 200);
    assert_eq!(server.sql("python").count("employee").await, 2);
}

async fn l01_a_new_tenant_is_served_where_it_was_unknown_a_moment_before(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let other = server.another().await;
    let visitor = other.anybody().header("x-tenant-domain", "perl.localhost");
    // The negative answer is remembered.
    assert_eq!(status_of(&visitor).await, 404);
    let operator = server.shared().as_operator();
    let input = json!({ "slug": "perl", "name": "Supermarket Perl" });
    let created = operator
        .mutate(
            "createTenant",
            &input,
            "tenant { status domains { host isPrimary } }",
        )
        .await;
    assert_eq!(created.at("tenant.status"), "ACTIVE");
    assert_eq!(
        created.at("tenant.domains"),
        json!([{ "host": "perl.localhost", "isPrimary": true }])
    );
    let seen = eventually(async || status_of(&visitor).await, |status| *status == 200).await;
    assert_eq!(seen, 200);
}

async fn a_domain_leads_where_it_is_told_and_no_longer_than_that(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let other = server.another().await;
    let operator = server.shared().as_operator();
    let visitor = other.anybody().header("x-tenant-domain", "snake.example");
    assert_eq!(status_of(&visitor).await, 404);
    let domain = json!({ "slug": "python", "domain": "WWW.Snake.Example." });
    let added = operator
        .mutate("addDomain", &domain, "domain { host isPrimary }")
        .await;
    assert_eq!(
        added.at("domain"),
        json!({ "host": "snake.example", "isPrimary": false })
    );
    let seen = eventually(async || status_of(&visitor).await, |status| *status == 200).await;
    assert_eq!(seen, 200);
    let taken = json!({ "slug": "ruby", "domain": "snake.example" });
    let taken = operator
        .mutate("addDomain", &taken, "domain { host }")
        .await;
    assert_eq!(taken.wrong(), ["TAKEN domain"]);
    operator.mutate("removeDomain", &domain, "deletedId").await;
    let seen = eventually(async || status_of(&visitor).await, |status| *status == 404).await;
    assert_eq!(seen, 404);
}

async fn n19_of_two_who_create_one_slug_at_once_one_wins(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let other = server.another().await;
    let input = json!({ "slug": "perl", "name": "Supermarket Perl" });
    let (here, there) = (server.shared().as_operator(), other.shared().as_operator());
    let (one, two) = tokio::join!(
        here.mutate("createTenant", &input, "tenant { slug }"),
        there.mutate("createTenant", &input, "tenant { slug }"),
    );
    let (won, lost) = if one.0["tenant"].is_null() {
        (two, one)
    } else {
        (one, two)
    };
    assert_eq!(won.at("tenant.slug"), "perl");
    assert_eq!(lost.wrong(), ["TAKEN slug"]);
    let rows = "SELECT status FROM tenant WHERE slug = 'perl'";
    assert_eq!(
        server.shared_sql().rows(rows).await,
        [json!({ "status": "active" })]
    );
}

#[tokio::test]
async fn n17_names_of_the_system_and_of_others_are_refused() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    let long = "a".repeat(64);
    for (slug, wrong) in [
        ("public", "INVALID slug"),
        ("information_schema", "INVALID slug"),
        ("pg_temp", "INVALID slug"),
        ("a'; DROP SCHEMA shared; --", "INVALID slug"),
        (long.as_str(), "INVALID slug"),
        ("Python", "TAKEN slug"),
    ] {
        let input = json!({ "slug": slug, "name": "Nobody" });
        let refused = operator
            .mutate("createTenant", &input, "tenant { slug }")
            .await;
        assert_eq!(refused.wrong(), [wrong], "{slug}");
    }
    assert_eq!(server.shared_sql().count("tenant").await, 2);
}
