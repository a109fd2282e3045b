//! No secret is logged, answered or written down: each kind is planted, used in every way that goes wrong,
//! and then looked for in everything that anybody could see.

use api::app::{doctor, exploring, fleet, statements};
use api::auth::permission::ViewFleet;
use api::auth::{Password, TenantRole};
use api::cli::Failure;
use api::config::{Config, Overrides, Profile};
use api::state::State;
use serde_json::{Value, json};
use tenancy::TenantRealm;
use tests::{Client, Logs, TestServer, console, server};

/// Everything, of every library.
const EVERYTHING: &str = "trace";
/// What shows that the log is kept at all.
const HARMLESS: &str = "harmless-planted-word";

const PASSWORD: &str = "planted-password-b7c1";
const NEW_PASSWORD: &str = "planted-new-password-e2d9";
const WRONG_PASSWORD: &str = "planted-wrong-password-a4f0";
const DATABASE_PASSWORD: &str = "planted-database-password-c8e3";
const JWT_SECRET: &str = "planted-jwt-secret-which-is-as-long-as-it-needs-to-be";
const CONSTANT: &str = "planted-constant-d5b6";

/// What to look for, and everything in which it must not be.
struct Hunt {
    secrets: Vec<String>,
    seen: Vec<(&'static str, String)>,
}

impl Hunt {
    fn saw(&mut self, place: &'static str, text: impl std::fmt::Debug) {
        self.seen.push((place, format!("{text:?}")));
    }

    fn assert_nothing_found(&self) {
        for secret in &self.secrets {
            assert!(secret.len() >= 16, "{secret} could be anywhere by chance");
            // As it is, and as bytes are printed.
            let bytes: Vec<_> = secret
                .bytes()
                .take(12)
                .map(|byte| byte.to_string())
                .collect();
            for form in [secret.clone(), bytes.join(", ")] {
                for (place, text) in &self.seen {
                    let Some(at) = text.find(&form) else {
                        continue;
                    };
                    let around: String = text
                        .chars()
                        .skip(at.saturating_sub(300))
                        .take(500)
                        .collect();
                    panic!("{form} is in {place}: {around}");
                }
            }
        }
    }
}

#[tokio::test]
async fn no_planted_secret_is_logged_answered_or_written_down() {
    let logs = Logs::keep(EVERYTHING);
    let server = TestServer::with(&[("INSULA_JWT_SECRET", JWT_SECRET)]).await;
    let known = [
        PASSWORD,
        NEW_PASSWORD,
        WRONG_PASSWORD,
        DATABASE_PASSWORD,
        JWT_SECRET,
        CONSTANT,
        server::SECRET,
    ];
    let mut hunt = Hunt {
        secrets: known.map(str::to_owned).to_vec(),
        seen: Vec::new(),
    };
    let url = reqwest::Url::parse(&server.database).unwrap();
    let password = url.password().expect("the tests' database asks for one");
    hunt.secrets.push(password.to_owned());

    sign_in_and_out(&server, &mut hunt).await;
    ask_badly(&server, &mut hunt).await;
    operate(&server, &mut hunt).await;
    lose_the_database(&server, &mut hunt).await;
    misconfigure(&mut hunt);
    print_everything(&server.state, &mut hunt);

    server.state.crossings.flush().await;
    hunt.saw(
        "the audit trail",
        server.shared_sql().rows("SELECT * FROM audit_event").await,
    );
    let text = logs.text();
    assert!(text.contains(HARMLESS), "nothing is kept");
    for target in ["sqlx", "hyper"] {
        assert!(
            text.contains(target),
            "{target} isn't kept at its most verbose"
        );
    }
    hunt.seen.push(("the log", text));
    hunt.assert_nothing_found();
}

#[tokio::test]
async fn a_hunt_finds_what_is_there() {
    let hunt = |text: &str| {
        let hunt = Hunt {
            secrets: vec![PASSWORD.to_owned()],
            seen: vec![("here", text.to_owned())],
        };
        std::panic::catch_unwind(|| hunt.assert_nothing_found()).is_err()
    };
    assert!(hunt(&format!("a {PASSWORD} b")));
    assert!(hunt(&format!("{:?}", format!("x{PASSWORD}").as_bytes())));
    assert!(!hunt("nothing"));
}

/// Answers that hold tokens are theirs who asked; what they hold is hunted from then on.
async fn sign_in_and_out(server: &TestServer, hunt: &mut Hunt) {
    let python = server.tenant("python").header("x-request-id", HARMLESS);
    let newcomer =
        json!({ "email": "new@python.test", "name": "New", "role": "STAFF", "password": PASSWORD });
    let made = python
        .clone()
        .as_owner()
        .mutate("createUser", &newcomer, "user { email }")
        .await;
    hunt.saw("an answer", made.at("user"));
    for (email, password) in [
        ("new@python.test", WRONG_PASSWORD),
        ("nobody@python.test", WRONG_PASSWORD),
        ("new@python.test", "short"),
    ] {
        let input = json!({ "email": email, "password": password });
        hunt.saw(
            "a refused login",
            python.mutate("login", &input, "accessToken").await,
        );
    }
    let input = json!({ "email": "new@python.test", "password": PASSWORD });
    let mut tokens = python
        .mutate("login", &input, "accessToken refreshToken")
        .await;
    let stale = tokens.at("refreshToken");
    for _ in 0..3 {
        let refresh = kept(hunt, &tokens.at("refreshToken"));
        kept(hunt, &tokens.at("accessToken"));
        let input = json!({ "refreshToken": refresh });
        tokens = python
            .mutate("refreshToken", &input, "accessToken refreshToken")
            .await;
    }
    let access = kept(hunt, &tokens.at("accessToken"));
    kept(hunt, &tokens.at("refreshToken"));
    let me = python.clone().bearing(&access);
    for current in [WRONG_PASSWORD, PASSWORD] {
        let input = json!({ "currentPassword": current, "newPassword": NEW_PASSWORD });
        hunt.saw(
            "a change of password",
            me.mutate("changePassword", &input, "user { email }").await,
        );
    }
    for (client, token) in [
        (server.tenant("ruby"), access.clone()),
        (server.shared(), access.clone()),
        (python.clone(), format!("{access}x")),
        (python.clone(), access.replace('.', "..")),
    ] {
        let refused = client.bearing(&token).query("{ me { email } }").await;
        refused.assert_refused(401, "UNAUTHENTICATED");
        hunt.saw("a refused token", refused);
    }
    let stale = json!({ "refreshToken": stale });
    hunt.saw(
        "a stolen token",
        python.mutate("refreshToken", &stale, "accessToken").await,
    );
    // It ended the session that it was stolen from.
    let ended = me.query("{ me { email } }").await;
    ended.assert_refused(401, "UNAUTHENTICATED");
    hunt.saw("a token of an ended session", ended);
    let input = json!({ "email": "new@python.test", "password": NEW_PASSWORD });
    let again = python.mutate("login", &input, "accessToken").await;
    let me = python.bearing(&kept(hunt, &again.at("accessToken")));
    hunt.saw(
        "an answer",
        me.mutate("logout", &json!({}), "endedSessions").await,
    );
}

/// A token that was given: from now on it is a secret like the others.
fn kept(hunt: &mut Hunt, token: &Value) -> String {
    let token = token.as_str().unwrap().to_owned();
    hunt.secrets.push(token.clone());
    token
}

/// Documents and bodies that are refused by every part that reads them.
async fn ask_badly(server: &TestServer, hunt: &mut Hunt) {
    let client = server.tenant("python").as_owner();
    let login = |password: &str| {
        format!(
            "mutation {{ login(input: {{ email: \"new@python.test\", password: {password} }}) {{ accessToken }} }}"
        )
    };
    let quoted = format!("\"{PASSWORD}\"");
    for document in [
        login(&quoted).replace("accessToken", "noSuchField"),
        login(&quoted).replace("})", "}"),
        login(&format!("{{ a: {quoted} }}")),
        login(&format!("[{quoted}]")),
        login(&quoted).replace("email:", "email: 1, mail:"),
        format!("{quoted} {}", login(&quoted)),
        format!(
            "mutation($p: String! = {quoted}) {{ login(input: {{ password: $p }}) {{ accessToken }} }}"
        ),
    ] {
        let answer = client.query(&document).await;
        assert!(!answer.codes().is_empty(), "{document}");
        hunt.saw("a refused document", &answer);
        hunt.saw("a refused link", client.get(&document).await);
    }
    let variables = "mutation($input: LoginInput!) { login(input: $input) { accessToken } }";
    for input in [
        json!({ "email": "new@python.test", "password": { "a": PASSWORD } }),
        json!({ "email": "new@python.test", "password": [PASSWORD], "more": PASSWORD }),
        json!({ "email": ["x"], "password": PASSWORD }),
        json!({ "password": PASSWORD }),
        json!(PASSWORD),
    ] {
        hunt.saw(
            "refused variables",
            client.ask(variables, &json!({ "input": input })).await,
        );
    }
    for body in [
        json!(PASSWORD),
        json!([PASSWORD]),
        json!({ "query": { "a": PASSWORD } }),
        json!({ "query": variables, "variables": PASSWORD }),
    ] {
        hunt.saw("a refused body", client.post(&body).await);
    }
    let cut = format!(
        "POST /graphql?password={PASSWORD} HTTP/1.1\r\nhost: python.localhost\r\nauthorization: Basic {PASSWORD}\r\ncookie: session={PASSWORD}\r\ncontent-type: application/json\r\ncontent-length: 90\r\nconnection: close\r\n\r\n{{\"query\":\"{{ a }}\",\"variables\":{{\"password\":\"{PASSWORD}\"}}, {:>20}",
        ""
    );
    hunt.saw("a broken body", server.raw(&cut).await);
    fail_inside(server, &client, hunt).await;
}

/// Statements that carry secrets, and fail.
async fn fail_inside(server: &TestServer, client: &Client<'_>, hunt: &mut Hunt) {
    let python = server.sql("python");
    python
        .run("ALTER TABLE \"user\" RENAME COLUMN name TO gone")
        .await;
    let newcomer = json!({ "email": "other@python.test", "name": "Other", "role": "STAFF", "password": PASSWORD });
    let document =
        "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }";
    let failed = client.ask(document, &json!({ "input": newcomer })).await;
    failed.assert_denied("INTERNAL");
    hunt.saw("a failure", failed);
    let input = json!({ "email": "new@python.test", "password": NEW_PASSWORD });
    let document = "mutation($input: LoginInput!) { login(input: $input) { accessToken } }";
    let failed = client.ask(document, &json!({ "input": input })).await;
    failed.assert_denied("INTERNAL");
    hunt.saw("a failure", failed);
    python
        .run("ALTER TABLE \"user\" RENAME COLUMN gone TO name")
        .await;
}

/// At a terminal. What fails there may quote what was typed there, and nothing else may.
async fn operate(server: &TestServer, hunt: &mut Hunt) {
    let (state, by) = (&server.state, console().by().unwrap());
    let python = server.people().tenant("python");
    for statement in [
        format!("UPDATE employee SET title = '{CONSTANT}'"),
        format!("UPDATE employee SET title = {CONSTANT:?}"),
        format!("SELECT 1 FROM employee WHERE id = '{CONSTANT}'"),
        format!("SELECT '{CONSTANT}"),
    ] {
        // Asked for, so that it can be told apart from what others see.
        let _ = statements::in_tenant(state, &by, python, &statement).await;
    }
    let known = state.directory.get(python.id).await.unwrap().unwrap();
    let entered = known.enter(state.histories.tenant.latest()).unwrap();
    let owner = server.people().user("python", TenantRole::Owner).user();
    let (realm, whose) = ((&entered, Some(python)), (owner, "owner@python.test"));
    let minted = exploring::mint::<TenantRealm>(state, &by, realm, whose)
        .await
        .unwrap();
    hunt.secrets.push(minted.token.clone());
    hunt.saw("a token for the log", &minted);
}

/// A password that PostgreSQL refuses, and a PostgreSQL that isn't there.
async fn lose_the_database(server: &TestServer, hunt: &mut Hunt) {
    let mut refused = reqwest::Url::parse(&server.database).unwrap();
    refused.set_password(Some(DATABASE_PASSWORD)).unwrap();
    let nowhere = format!("postgres://insula:{DATABASE_PASSWORD}@127.0.0.1:1/insula");
    for url in [refused.to_string(), nowhere] {
        let settings = [
            ("DATABASE_URL", url.as_str()),
            ("INSULA_DATABASE_ACQUIRE_TIMEOUT", "300 ms"),
        ];
        let lost = TestServer::on(&url, &settings).await;
        let answer = lost.tenant("python").query("{ tenant { name } }").await;
        assert!(answer.status.is_server_error(), "{}", answer.text);
        hunt.saw("an answer without a database", answer);
        hunt.saw("the readiness", lost.anybody().path("/readyz").await);
        let can = console().caller().can::<ViewFleet>().unwrap();
        hunt.saw(
            "the doctor's findings",
            doctor::examine(&lost.state, can).await,
        );
        let by = console().by().unwrap();
        let failed = statements::in_shared(&lost.state, &by, "SELECT 1")
            .await
            .unwrap_err();
        hunt.saw("an error", &failed);
        hunt.saw("a terminal", Failure::from(failed));
        hunt.saw("an error", fleet::status(&lost.state).await.unwrap_err());
        print_everything(&lost.state, hunt);
    }
}

/// Settings that can't be used, of which some are secrets.
fn misconfigure(hunt: &mut Hunt) {
    let database = format!("postgres://u:{DATABASE_PASSWORD}");
    for (variable, value) in [
        ("DATABASE_URL", format!("mysql://u:{DATABASE_PASSWORD}@h/d")),
        ("DATABASE_URL", format!("{database}/more@h/d")),
        ("DATABASE_URL", format!("{database}@h:nonsense/d")),
        ("DATABASE_URL", DATABASE_PASSWORD.to_owned()),
        (
            "INSULA_OPERATOR_DATABASE_URL",
            format!("host=h password={DATABASE_PASSWORD}"),
        ),
        ("INSULA_JWT_SECRET", JWT_SECRET[..31].to_owned()),
        ("INSULA_JWT_SECRET", JWT_SECRET.to_owned()),
    ] {
        let env = |name: &str| (name == variable).then(|| value.clone());
        let config = Config::load(Profile::Serve, &Overrides::default(), env);
        hunt.saw("the configuration's problems", &config);
        let error = config.expect_err("more is missing");
        hunt.saw("a terminal", Failure::from(error));
    }
    hunt.secrets.push(JWT_SECRET[..31].to_owned());
}

/// What a programmer would print.
fn print_everything(state: &State, hunt: &mut Hunt) {
    hunt.saw("the configuration", &state.config);
    hunt.saw("`config print`", state.config.table());
    hunt.saw("the keys", &state.tokens);
    hunt.saw("the keys", state.tokens.keys().jwks());
    hunt.saw("a password", Password::parse(PASSWORD.to_owned()));
}
