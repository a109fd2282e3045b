//! Passwords and tokens come back in no answer, whatever is wrong with the request.

use serde_json::{Value, json};
use tests::TestServer;

const PLANTED: &str = "planted-hunter2-secret";

/// Documents with the secret in them, or variables that carry it, which are all wrong in some way.
fn requests() -> Vec<(String, Value)> {
    let inline = [
        "mutation { login(input: {email: 1, password: \"SECRET\"}) { accessToken } }",
        "mutation { login(input: {email: \"a\", password: SECRET_ENUM}) { accessToken } }",
        "mutation { login(input: {password: \"SECRET\"}) { accessToken } }",
        "mutation { login(input: {email: \"a\", password: \"SECRET\", more: \"SECRET\"}) { accessToken } }",
        "mutation { login(input: {email: \"a\", password: [\"SECRET\"]}) { accessToken } }",
        "mutation { login(input: {email: \"a\", password: {a: \"SECRET\"}}) { accessToken } }",
        "mutation { login(input: [\"SECRET\"]) { accessToken } }",
        "mutation { login(input: \"SECRET\") { accessToken } }",
        "mutation { login(password: \"SECRET\") { accessToken } }",
        "mutation { login(input: {email: \"a\", password: \"SECRET\"}) { nothing } }",
        "mutation { login(input: {email: \"a\", password: \"SECRET\"}) { accessToken } ",
        "mutation { login(input: {email: \"a\", password: \"SECRET\n\"}) { accessToken } }",
        "mutation { login(input: {email: \"a\", password: \"SECRET\\q\"}) { accessToken } }",
        "mutation { login(input: {email: \"a\", password: \"SECRET\"}) { accessToken } login(input: {email: \"b\", password: \"SECRET\"}) { accessToken } }",
        "mutation { refreshToken(input: {refreshToken: {a: \"SECRET\"}}) { accessToken } }",
        "mutation { refreshToken(input: {refreshToken: \"SECRET\"}) { accessToken userErrors { message } } }",
        "mutation { changePassword(input: {currentPassword: \"SECRET\", newPassword: 1}) { user { id } } }",
        "mutation { createUser(input: {email: 1, password: \"SECRET\"}) { user { id } } }",
        "query($p: String = \"SECRET\") { me { id } }",
        "query($p: Int = \"SECRET\") { me { id } }",
        "{ me @include(if: \"SECRET\") { id } }",
        "{ node(id: \"SECRET\") { id } }",
        "{ employees(first: \"SECRET\") { nodes { id } } }",
        "{ employees(after: \"SECRET\") { nodes { id } } }",
    ];
    let mut all: Vec<_> = inline
        .map(|text| (text.replace("SECRET", PLANTED), json!({})))
        .into();
    let login = "mutation($input: LoginInput!) { login(input: $input) { accessToken } }";
    let parts = "mutation($password: Int!) { login(input: {email: \"a\", password: $password}) { accessToken } }";
    let text = "mutation($password: String!) { login(input: {email: 1, password: $password}) { accessToken } }";
    for (document, variables) in [
        (
            login,
            json!({ "input": { "email": 1, "password": PLANTED } }),
        ),
        (login, json!({ "input": { "password": PLANTED } })),
        (
            login,
            json!({ "input": { "email": "a", "password": [PLANTED] } }),
        ),
        (
            login,
            json!({ "input": { "email": "a", "password": PLANTED, "more": PLANTED } }),
        ),
        (login, json!({ "input": [PLANTED] })),
        (login, json!({ "input": PLANTED })),
        (login, json!({ "inptu": PLANTED })),
        (login, json!([PLANTED])),
        (login, json!(PLANTED)),
        (parts, json!({ "password": PLANTED })),
        (text, json!({ "password": PLANTED })),
    ] {
        all.push((document.to_owned(), variables));
    }
    all
}

#[tokio::test]
async fn a_secret_is_never_repeated_by_an_error() {
    let server = TestServer::start().await;
    let owner = server.tenant("python").as_owner();
    for client in [server.tenant("python"), owner] {
        for (document, variables) in requests() {
            let answer = client.ask(&document, &variables).await;
            let told = answer.text.contains(PLANTED);
            assert!(!told, "{document} with {variables}: {}", answer.text);
        }
        let url = format!("/graphql?query={{me{{id(a:\"{PLANTED}\")}}}}&variables={PLANTED}");
        assert!(!client.path(&url).await.text.contains(PLANTED));
        let header = client.clone().bearing(PLANTED).query("{ me { id } }").await;
        assert!(!header.text.contains(PLANTED), "{}", header.text);
    }
}

/// The control: what isn't secret is named, so that somebody can see what is wrong.
#[tokio::test]
async fn an_error_says_which_field_is_wrong() {
    let server = TestServer::start().await;
    let python = server.tenant("python");
    let answer = python.query("{ me { nmae } }").await;
    let message = answer.json()["errors"][0]["message"].to_string();
    assert!(message.contains("nmae"), "{message}");
    assert!(!message.contains("Did you mean"), "{message}");
}
