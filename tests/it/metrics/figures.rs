use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use tenancy::Access;
use tests::{TestServer, at_last};

use super::scrape;

const STAFF: &str = "{ employees { nodes { name } } }";

#[tokio::test]
async fn connections_are_counted_as_they_are_used_and_waited_for() {
    let one = [("INSULA_DATABASE_MAX_CONNECTIONS", "1")];
    let server = TestServer::with(&one).await;
    let before = scrape(server.admin).await;
    assert_eq!(before.serving("connections_limit"), 1);
    assert_eq!(before.serving("connections_at_once"), 1);
    let directory = "insula_db_connections_limit{pool=\"directory\"}";
    assert_eq!(before.at(directory), 2);
    assert_eq!(before.in_use_and_idle(), (0, 0));

    let scope = server.state.database.shared(Access::Read);
    let statement = Statement::from_string(scope.get_database_backend(), "SELECT");
    scope.execute_raw(statement).await.unwrap();
    let held = scrape(server.admin).await;
    assert_eq!(held.in_use_and_idle(), (1, 0));
    assert_eq!(held.serving("waiting_requests"), 0);

    let visitor = server.tenant("python").as_owner();
    let waits = async {
        let look = async || scrape(server.admin).await.serving("waiting_requests");
        let waiting = at_last(look, |waiting| *waiting > 0).await;
        scope.end().await;
        waiting
    };
    let (answer, waiting) = tokio::join!(visitor.query(STAFF), waits);
    assert_eq!(waiting, 1);
    assert_eq!(
        answer.at("employees.nodes.name").as_array().unwrap().len(),
        2
    );

    let look = async || scrape(server.admin).await;
    let rest = at_last(look, |seen| seen.in_use_and_idle() == (0, 1)).await;
    assert_eq!(rest.in_use_and_idle(), (0, 1));
    assert_eq!(rest.serving("waiting_requests"), 0);
    let leases = [&before, &held, &rest].map(|seen| seen.serving("leases_total"));
    assert!(leases.is_sorted_by(|a, b| a < b), "{leases:?}");
    for [earlier, later] in [[&before, &held], [&held, &rest]] {
        let (earlier, later) = (earlier.counters(), later.counters());
        assert!(earlier.keys().eq(later.keys()) && earlier.len() == 8);
        for (name, value) in earlier {
            assert!(later[name] >= value, "{name} went from {value} back");
        }
    }
}

#[tokio::test]
async fn connections_that_knew_too_many_tenants_are_counted() {
    let narrow = [
        ("INSULA_DATABASE_MAX_CONNECTIONS", "1"),
        ("INSULA_DATABASE_TENANTS_PER_CONNECTION", "1"),
    ];
    let server = TestServer::with(&narrow).await;
    let ask = async |slug| {
        let answer = server.tenant(slug).as_owner().query(STAFF).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        scrape(server.admin).await
    };
    for _ in 0..2 {
        let same = ask("python").await;
        assert_eq!(same.serving("retired_connections_total"), 0);
        assert_eq!(same.serving("known_tenants"), 1);
        assert!(same.serving("kept_statements") > 0);
    }
    let other = ask("ruby").await;
    assert_eq!(other.serving("retired_connections_total"), 1);
    assert_eq!(other.serving("known_tenants"), 1);
}

#[tokio::test]
async fn what_is_remembered_is_counted_for_each_realm() {
    let server = TestServer::start().await;
    let look = async || {
        let seen = scrape(server.admin).await;
        let of = |realm| seen.at(&format!("insula_graphql_documents{{realm=\"{realm}\"}}"));
        let shapes = seen.at("insula_graphql_shapes");
        json!([of("tenant"), of("shared"), shapes])
    };
    assert_eq!(look().await, json!([0, 0, 0]));
    for slug in ["python", "ruby", "python"] {
        server
            .tenant(slug)
            .as_owner()
            .query(STAFF)
            .await
            .at("employees");
        assert_eq!(look().await, json!([1, 0, 1]), "{slug}");
    }
    let operator = server.shared().as_operator();
    operator.query("{ me { email } }").await.at("me");
    assert_eq!(look().await, json!([1, 1, 1]));
}
