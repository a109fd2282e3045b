//! Errors that are nobody's business: the client gets an id, and the log has a line with it.

use tests::{Answer, Client, Logs, TestServer};

/// What is logged although hardly anything is.
const QUIET: &str = "error";

async fn ask(client: &Client<'_>, id: &str) -> Answer {
    let client = client.clone().header("x-request-id", id);
    client.query("{ employees { nodes { name } } }").await
}

fn assert_masked(answer: &Answer, logs: &Logs, (id, cause): (&str, &str)) {
    assert_eq!(answer.codes(), ["INTERNAL"], "{}", answer.text);
    assert_eq!(answer.json()["errors"][0]["extensions"]["requestId"], id);
    assert_eq!(answer.headers["x-request-id"], id);
    assert!(!answer.text.contains(cause), "{}", answer.text);
    let logs = logs.text();
    let mut lines = logs.lines().filter(|line| line.contains(" ERROR "));
    let found = lines.any(|line| line.contains(&format!("id=\"{id}\"")) && line.contains(cause));
    assert!(found, "no line with {id} and {cause} in\n{logs}");
}

#[tokio::test]
async fn a_failed_field_leads_to_its_line_of_the_log() {
    let logs = Logs::keep(QUIET);
    let server = TestServer::start().await;
    let rename = "ALTER TABLE employee RENAME COLUMN title TO betrayed";
    server.sql("python").run(rename).await;
    let failed = ask(&server.tenant("python").as_owner(), "a-field").await;
    assert_eq!(failed.status, 200);
    assert_masked(&failed, &logs, ("a-field", "employee.title"));
}

#[tokio::test]
async fn a_request_that_fails_whole_leads_to_its_line_of_the_log() {
    let logs = Logs::keep(QUIET);
    let server = TestServer::start().await;
    let damage = "UPDATE tenant SET schema_name = 'betrayed' WHERE slug = 'python'";
    server.shared_sql().run(damage).await;
    let failed = ask(&server.tenant("python"), "a-request").await;
    assert_eq!(failed.status, 500);
    assert_masked(&failed, &logs, ("a-request", "the registry is damaged"));
    let fine = ask(&server.tenant("ruby").as_owner(), "another").await;
    assert_eq!(fine.status, 200, "{}", fine.text);
}
