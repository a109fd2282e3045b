//! How often passwords and refresh tokens may be tried, and that a refusal tells nothing.

use api::app::demo;
use serde_json::{Value, json};
use tests::{Answer, Client, TestServer};

use super::login;

const LOGIN: &str = "mutation($input: LoginInput!) { login(input: $input) {
    accessToken userErrors { code } } }";

async fn attempt(client: &Client<'_>, email: &str, password: &str) -> Answer {
    let input = json!({ "email": email, "password": password });
    client.ask(LOGIN, &json!({ "input": input })).await
}

/// `fine`, the code of what is wrong with the input, or `RATE_LIMITED`.
fn verdict(answer: &Answer) -> String {
    let json = answer.json();
    if let Some(error) = json["errors"].get(0) {
        assert_eq!((answer.status.as_u16(), &json["data"]), (200, &Value::Null));
        let wait = error["extensions"]["retryAfter"].as_u64().unwrap();
        assert!((1..=900).contains(&wait), "{json}");
        return error["extensions"]["code"].as_str().unwrap().to_owned();
    }
    let wrong = &json["data"]["login"]["userErrors"][0]["code"];
    wrong.as_str().unwrap_or("fine").to_owned()
}

async fn tries(client: &Client<'_>, email: &str, passwords: &[&str]) -> Vec<String> {
    let mut verdicts = Vec::new();
    for password in passwords {
        verdicts.push(verdict(&attempt(client, email, password).await));
    }
    verdicts
}

const WRONG: &str = "wrong password";
const INVALID: &str = "INVALID_CREDENTIALS";
const LIMITED: &str = "RATE_LIMITED";

#[tokio::test]
async fn an_account_takes_so_many_wrong_passwords_whether_it_is_there_or_not() {
    let server = TestServer::with(&[("INSULA_AUTH_LOGIN_FAILURES", "3")]).await;
    for (client, known, other) in [
        (
            server.tenant("python"),
            "owner@python.test",
            "staff@python.test",
        ),
        (server.shared(), demo::OPERATOR, "viewer@insula.test"),
    ] {
        // The right one comes too late, and nobody hashes it.
        let passwords = [WRONG, WRONG, WRONG, WRONG, demo::PASSWORD];
        let expected = [INVALID, INVALID, INVALID, LIMITED, LIMITED];
        for email in [known, "nobody@python.test"] {
            let before = server.state.hasher.runs();
            assert_eq!(tries(&client, email, &passwords).await, expected, "{email}");
            assert_eq!(server.state.hasher.runs() - before, 3, "{email}");
        }
        let capitals = tries(&client, &known.to_uppercase(), &[demo::PASSWORD]).await;
        assert_eq!(capitals, [LIMITED]);
        assert_eq!(tries(&client, other, &[demo::PASSWORD]).await, ["fine"]);
    }
    // Each tenant counts for itself.
    let elsewhere = tries(&server.tenant("ruby"), "owner@python.test", &[WRONG]).await;
    assert_eq!(elsewhere, [INVALID]);
}

#[tokio::test]
async fn a_right_password_makes_up_for_wrong_ones() {
    let server = TestServer::with(&[("INSULA_AUTH_LOGIN_FAILURES", "3")]).await;
    let python = server.tenant("python");
    for _ in 0..3 {
        let passwords = [WRONG, WRONG, demo::PASSWORD];
        let verdicts = tries(&python, "owner@python.test", &passwords).await;
        assert_eq!(verdicts, [INVALID, INVALID, "fine"]);
    }
}

/// The answers to a known and an unknown address are the same to the byte, limited or not.
#[tokio::test]
async fn a_refusal_is_the_same_for_everybody() {
    let server = TestServer::with(&[("INSULA_AUTH_LOGIN_FAILURES", "1")]).await;
    let python = server.tenant("python");
    for _ in 0..2 {
        let known = attempt(&python, "owner@python.test", WRONG).await;
        let unknown = attempt(&python, "nobody@python.test", WRONG).await;
        assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
        let names = |answer: &Answer| answer.headers.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&known), names(&unknown));
    }
}

#[tokio::test]
async fn an_address_may_try_so_often_and_a_trusted_proxy_says_which_it_is() {
    let settings = [
        ("INSULA_AUTH_LOGIN_RATE", "3"),
        ("INSULA_TENANCY_TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let server = TestServer::with(&settings).await;
    let from = |address: &str| server.tenant("python").header("x-forwarded-for", address);
    let here = from("198.51.100.7");
    for number in 0..3 {
        let email = format!("{number}@python.test");
        assert_eq!(tries(&here, &email, &[WRONG]).await, [INVALID]);
    }
    let owner = "owner@python.test";
    assert_eq!(tries(&here, owner, &[demo::PASSWORD]).await, [LIMITED]);
    let forged = from("203.0.113.1, 198.51.100.7");
    assert_eq!(tries(&forged, owner, &[demo::PASSWORD]).await, [LIMITED]);
    let other = from("198.51.100.8");
    assert_eq!(tries(&other, owner, &[demo::PASSWORD]).await, ["fine"]);
    let elsewhere = server
        .tenant("ruby")
        .header("x-forwarded-for", "198.51.100.7");
    assert_eq!(
        tries(&elsewhere, "owner@ruby.test", &[demo::PASSWORD]).await,
        ["fine"]
    );

    let trusting_nobody = TestServer::with(&settings[..1]).await;
    for (number, expected) in [INVALID, INVALID, INVALID, LIMITED].into_iter().enumerate() {
        let address = format!("198.51.100.{number}");
        let client = trusting_nobody
            .tenant("python")
            .header("x-forwarded-for", &address);
        let email = format!("{number}@python.test");
        assert_eq!(tries(&client, &email, &[WRONG]).await, [expected]);
    }
}

#[tokio::test]
async fn a_tenant_may_try_ten_times_as_often_as_an_address() {
    let settings = [
        ("INSULA_AUTH_LOGIN_RATE", "1"),
        ("INSULA_TENANCY_TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let server = TestServer::with(&settings).await;
    let mut verdicts = Vec::new();
    for number in 0..11 {
        let address = format!("198.51.100.{number}");
        let client = server.tenant("python").header("x-forwarded-for", &address);
        let email = format!("{number}@python.test");
        verdicts.extend(tries(&client, &email, &[WRONG]).await);
    }
    // The last one may have waited long enough for one more.
    assert_eq!(verdicts[..10], [INVALID; 10]);
    assert_eq!(verdicts[10], LIMITED);
    let ruby = server
        .tenant("ruby")
        .header("x-forwarded-for", "198.51.100.1");
    assert_eq!(
        tries(&ruby, "owner@ruby.test", &[demo::PASSWORD]).await,
        ["fine"]
    );
}

#[tokio::test]
async fn refreshes_and_new_passwords_are_counted_too() {
    let settings = [
        ("INSULA_AUTH_REFRESH_RATE", "2"),
        ("INSULA_AUTH_LOGIN_FAILURES", "2"),
    ];
    let server = TestServer::with(&settings).await;
    let python = server.tenant("python");
    let (access, refresh) = login(&python, "owner@python.test").await;
    let text =
        "mutation($input: RefreshTokenInput!) { refreshToken(input: $input) { accessToken } }";
    let input = json!({ "input": { "refreshToken": refresh } });
    for _ in 0..2 {
        python
            .ask(text, &input)
            .await
            .at("refreshToken.accessToken");
    }
    python.ask(text, &input).await.assert_denied(LIMITED);

    let here = python.bearing(&access);
    let text = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) {
        user { id } userErrors { code } } }";
    let change = |current: &str| json!({ "input": { "currentPassword": current, "newPassword": "battery staple" } });
    for _ in 0..2 {
        let answer = here.ask(text, &change(WRONG)).await;
        assert_eq!(answer.at("changePassword.userErrors.0.code"), INVALID);
    }
    let before = server.state.hasher.runs();
    here.ask(text, &change(demo::PASSWORD))
        .await
        .assert_denied(LIMITED);
    assert_eq!(server.state.hasher.runs(), before);
    // Somebody else goes on.
    let staff = login(&server.tenant("python"), "staff@python.test").await.0;
    let staff = server.tenant("python").bearing(&staff);
    let answer = staff.ask(text, &change(demo::PASSWORD)).await;
    assert_eq!(answer.at("changePassword.userErrors"), json!([]));
}

/// What takes time is counted, and is the same whoever it is: one password is hashed.
#[tokio::test]
async fn everybody_who_may_not_log_in_costs_one_hash() {
    let server = TestServer::start().await;
    let python = server.tenant("python");
    let disable = "UPDATE \"user\" SET disabled_at = now() WHERE email = 'staff@python.test'";
    server.sql("python").run(disable).await;
    for email in [
        "owner@python.test",
        "nobody@python.test",
        "staff@python.test",
        "",
    ] {
        let before = server.state.hasher.runs();
        assert_eq!(tries(&python, email, &[WRONG]).await, [INVALID], "{email}");
        assert_eq!(server.state.hasher.runs() - before, 1, "{email}");
    }
    let before = server.state.hasher.runs();
    assert_eq!(
        tries(&python, "owner@python.test", &[demo::PASSWORD]).await,
        ["fine"]
    );
    assert_eq!(server.state.hasher.runs() - before, 1);
}
