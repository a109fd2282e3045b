//! Requests that somebody's browser makes without asking: none of them changes anything, since each must be preflighted.

use http::header;
use serde_json::json;
use tests::{Answer, TestServer};

const CREATE: &str =
    "mutation { createDepartment(input: { name: \"Forged\" }) { department { name } } }";

/// A POST of the owner's with this content type, or with none.
async fn post(server: &TestServer, content_type: Option<&str>, body: &str) -> Answer {
    let token = server.token(&server.people().user("python", api::auth::TenantRole::Owner));
    let typed = content_type.map_or_else(String::new, |one| format!("content-type: {one}\r\n"));
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: python.localhost\r\nconnection: close\r\norigin: https://evil.example\r\nauthorization: Bearer {token}\r\n{typed}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    server.raw(&request).await
}

async fn departments(server: &TestServer) -> u64 {
    server.sql("python").count("department").await
}

#[tokio::test]
async fn csrf_what_a_page_may_send_unasked_is_refused_before_it_is_read() {
    let server = TestServer::start().await;
    let body = json!({ "query": CREATE }).to_string();
    let form = "query=mutation%7BcreateDepartment(input%3A%7Bname%3A%22Forged%22%7D)%7Bdepartment%7Bname%7D%7D%7D";
    let part = format!(
        "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{body}\r\n--x\r\nContent-Disposition: form-data; name=\"map\"\r\n\r\n{{}}\r\n--x--\r\n"
    );
    for (content_type, body) in [
        // The three that need no preflight, in several spellings.
        (Some("text/plain"), body.as_str()),
        (Some("text/plain; charset=utf-8"), &body),
        (Some("text/plain; application/json"), &body),
        (Some("application/x-www-form-urlencoded"), form),
        (Some("multipart/form-data; boundary=x"), &part),
        // And what is none of ours.
        (None, &body),
        (Some(""), &body),
        (Some("application/graphql"), CREATE),
        (Some("application/json, text/plain"), &body),
        (Some("text/plain, application/json"), &body),
        (Some("text/json"), &body),
        (Some("application/jsonx"), &body),
        (Some("*/*"), &body),
    ] {
        let refused = post(&server, content_type, body).await;
        refused.assert_refused(415, "UNSUPPORTED_MEDIA_TYPE");
        assert_eq!(departments(&server).await, 2, "{content_type:?}");
    }
    let asked = post(&server, Some("application/json"), &body).await;
    assert_eq!(asked.at("createDepartment.department.name"), "Forged");
    assert_eq!(departments(&server).await, 3);
}

#[tokio::test]
async fn csrf_a_link_changes_nothing_however_it_is_written() {
    let server = TestServer::start().await;
    let owner = server.tenant("python").as_owner();
    let chosen = format!("query Look {{ tenant {{ slug }} }} {CREATE}");
    let chosen = chosen.replacen("mutation", "mutation Make", 1);
    for (method, query) in [
        ("GET", format!("query={}", encoded(CREATE))),
        (
            "GET",
            format!("query={}&operationName=Make", encoded(&chosen)),
        ),
        ("HEAD", format!("query={}", encoded(CREATE))),
        (
            "GET",
            format!("query={}&variables=%7B%7D&_method=POST", encoded(CREATE)),
        ),
    ] {
        let token = server.token(&server.people().user("python", api::auth::TenantRole::Owner));
        let refused = server
            .raw(&format!(
                "{method} /graphql?{query} HTTP/1.1\r\nhost: python.localhost\r\nconnection: close\r\nx-http-method-override: POST\r\nauthorization: Bearer {token}\r\n\r\n"
            ))
            .await;
        assert_eq!(refused.status, 405, "{method} {query}");
        assert_eq!(refused.headers[header::ALLOW], "POST");
        assert_eq!(departments(&server).await, 2);
    }
    // The harmless operation of the same document may be asked for by a link.
    let look = format!(
        "GET /graphql?query={}&operationName=Look HTTP/1.1\r\nhost: python.localhost\r\nconnection: close\r\n\r\n",
        encoded(&chosen)
    );
    let look = server.raw(&look).await;
    assert_eq!(look.at("tenant.slug"), "python");
    let posted = owner.query(CREATE).await;
    assert_eq!(posted.at("createDepartment.department.name"), "Forged");
}

fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric();
    text.bytes()
        .map(|b| {
            if plain(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

#[tokio::test]
async fn csrf_no_cookie_is_ever_set_or_counts() {
    let server = TestServer::start().await;
    let login = json!({ "query": "mutation($i: LoginInput!) { login(input: $i) { accessToken } }",
        "variables": { "i": { "email": "owner@python.test", "password": "insula-demo" } } });
    let python = server.tenant("python");
    let answer = python.post(&login).await;
    let token = answer.at("login.accessToken");
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
    let token = token.as_str().unwrap();
    for name in ["token", "accessToken", "authorization", "session"] {
        let client = python.clone().header("cookie", &format!("{name}={token}"));
        client
            .query("{ me { email } }")
            .await
            .assert_denied("UNAUTHENTICATED");
    }
    let me = python.bearing(token).query("{ me { email } }").await;
    assert_eq!(me.at("me.email"), "owner@python.test");
}
