//! Access tokens whose sessions have ended: no process takes one for longer than a second.

use api::app::demo;
use api::auth::TenantRole;
use serde_json::json;
use tests::{Answer, Client, TestServer, eventually};

use super::{ME, login};

/// Two processes before one database, and somebody else who stays.
struct Fleet {
    here: TestServer,
    there: TestServer,
}

impl Fleet {
    async fn start() -> Self {
        let here = TestServer::start().await;
        let there = here.another().await;
        Self { here, there }
    }

    /// Both processes believe in this token, and have asked for its session.
    async fn assert_good(&self, token: &str) {
        for server in [&self.here, &self.there] {
            let me = server.tenant("python").bearing(token).query(ME).await;
            assert!(me.at("me.email").is_string());
        }
    }

    /// Both refuse it, within a second.
    async fn assert_ended(&self, token: &str) {
        for server in [&self.here, &self.there] {
            let client = server.tenant("python").bearing(token);
            refused(&client).await;
        }
    }
}

async fn refused(client: &Client<'_>) {
    let is_refused = |answer: &Answer| answer.status == 401;
    let answer = eventually(async || client.query(ME).await, is_refused).await;
    answer.assert_refused(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_logged_out_token_is_refused_at_every_process() {
    let fleet = Fleet::start().await;
    let python = fleet.here.tenant("python");
    let [one, two, three, other] = [
        login(&python, "owner@python.test").await.0,
        login(&python, "owner@python.test").await.0,
        login(&python, "owner@python.test").await.0,
        login(&python, "staff@python.test").await.0,
    ];
    for token in [&one, &two, &three, &other] {
        fleet.assert_good(token).await;
    }
    let here = python.clone().bearing(&one);
    let logged_out = here.mutate("logout", &json!({}), "endedSessions").await;
    assert_eq!(logged_out.at("endedSessions"), 1);
    // Where it happened not even that second passes.
    here.query(ME).await.assert_refused(401, "UNAUTHENTICATED");
    fleet.assert_ended(&one).await;
    fleet.assert_good(&two).await;

    let everywhere = json!({ "everywhere": true });
    let here = python.bearing(&two);
    let logged_out = here.mutate("logout", &everywhere, "endedSessions").await;
    logged_out.at("endedSessions");
    fleet.assert_ended(&two).await;
    fleet.assert_ended(&three).await;
    fleet.assert_good(&other).await;
}

#[tokio::test]
async fn a_new_password_ends_the_tokens_of_all_other_sessions() {
    let fleet = Fleet::start().await;
    let python = fleet.here.tenant("python");
    let [this, another, other] = [
        login(&python, "owner@python.test").await.0,
        login(&python, "owner@python.test").await.0,
        login(&python, "staff@python.test").await.0,
    ];
    fleet.assert_good(&another).await;
    let input = json!({ "currentPassword": demo::PASSWORD, "newPassword": "battery staple" });
    let here = python.bearing(&this);
    let changed = here.mutate("changePassword", &input, "user { id }").await;
    changed.at("user");
    fleet.assert_ended(&another).await;
    fleet.assert_good(&this).await;
    fleet.assert_good(&other).await;
}

#[tokio::test]
async fn a_stolen_refresh_token_ends_the_access_tokens_too() {
    let fleet = Fleet::start().await;
    let python = fleet.there.tenant("python");
    let (access, stolen) = login(&python, "owner@python.test").await;
    let (other, _) = login(&python, "owner@python.test").await;
    let refresh = async |token: &str| {
        let input = json!({ "refreshToken": token });
        python
            .mutate("refreshToken", &input, "accessToken refreshToken")
            .await
    };
    let next = refresh(&stolen).await;
    let newer = next.at("accessToken").as_str().unwrap().to_owned();
    refresh(next.at("refreshToken").as_str().unwrap())
        .await
        .at("accessToken");
    for token in [&access, &newer] {
        fleet.assert_good(token).await;
    }
    assert_eq!(
        refresh(&stolen).await.wrong(),
        ["INVALID_CREDENTIALS refreshToken"]
    );
    for token in [&access, &newer] {
        fleet.assert_ended(token).await;
    }
    fleet.assert_good(&other).await;
}

#[tokio::test]
async fn whoever_is_disabled_deleted_or_gets_another_role_is_out() {
    let fleet = Fleet::start().await;
    let python = fleet.here.tenant("python");
    let owner = fleet.there.tenant("python").as_owner();
    let changes = [
        ("updateUser", json!({ "disabled": true })),
        ("updateUser", json!({ "role": "STAFF" })),
        ("deleteUser", json!({})),
    ];
    for (mutation, mut input) in changes {
        let somebody = fleet.here.hire("python", TenantRole::Manager).await;
        let token = fleet.here.token(&somebody);
        let (other, _) = login(&python, "staff@python.test").await;
        fleet.assert_good(&token).await;
        fleet.assert_good(&other).await;
        let id = python.clone().bearing(&token).query("{ me { id } }").await;
        input["id"] = id.at("me.id");

        // What comes to nothing ends nothing.
        let fails = format!(
            "mutation($input: {}Input!) {{ {mutation}(input: $input) {{ userErrors {{ code }} }}
                createUser(input: {{ email: \"a@b\", name: \"N\", role: STAFF, password: \"long enough\" }}) {{ user {{ id }} }} }}",
            mutation[..1].to_uppercase() + &mutation[1..]
        );
        let failed = owner.ask(&fails, &json!({ "input": input })).await;
        assert!(failed.json()["data"].is_null(), "{}", failed.text);
        fleet.assert_good(&token).await;

        let done = owner.mutate(mutation, &input, "__typename").await;
        done.at("__typename");
        fleet.assert_ended(&token).await;
        fleet.assert_good(&other).await;
    }
}

#[tokio::test]
async fn an_operator_whose_account_is_shut_is_out_at_once() {
    let fleet = Fleet::start().await;
    let operator = fleet
        .here
        .people()
        .operator(api::auth::OperatorRole::Operator);
    let token = fleet.here.token(&operator);
    let clients = [&fleet.here, &fleet.there].map(|server| server.shared().bearing(&token));
    let look = "{ tenants { nodes { slug } } }";
    for client in &clients {
        client.query(look).await.at("tenants.nodes");
    }
    let sql = fleet.here.shared_sql();
    for (shut, open) in [
        ("disabled_at = now()", "disabled_at = NULL"),
        ("role = 'viewer'", "role = 'operator'"),
    ] {
        let change = |set| format!("UPDATE account SET {set} WHERE id = '{}'", operator.user());
        sql.run(&change(shut)).await;
        for client in &clients {
            client
                .query(look)
                .await
                .assert_refused(401, "UNAUTHENTICATED");
        }
        sql.run(&change(open)).await;
        for client in &clients {
            client.query(look).await.at("tenants.nodes");
        }
    }
    fleet
        .there
        .shared()
        .as_viewer()
        .query(look)
        .await
        .at("tenants.nodes");
}

const LISTENERS: &str = "SELECT pid FROM pg_stat_activity
    WHERE query LIKE 'LISTEN%' AND datname = current_database() AND pid <> pg_backend_pid()";

/// What is announced while nobody hears it is found out all the same.
#[tokio::test]
async fn what_a_process_did_not_hear_it_asks() {
    let fleet = Fleet::start().await;
    let python = fleet.here.tenant("python");
    let [ended, other] = [
        login(&python, "owner@python.test").await.0,
        login(&python, "owner@python.test").await.0,
    ];
    fleet.assert_good(&ended).await;
    fleet.assert_good(&other).await;
    let sql = fleet.here.shared_sql();
    let both = |rows: &Vec<serde_json::Value>| rows.len() == 2;
    eventually(async || sql.rows(LISTENERS).await, both).await;
    let principal = fleet.here.state.tokens.verify(
        &ended,
        api::auth::Audience::Tenant(fleet.here.people().tenant("python").id.as_uuid()),
        chrono::Utc::now(),
    );
    let session = principal.unwrap().session();

    // Without a word, as if the words were lost on the way.
    let end = format!("UPDATE session SET revoked_at = now() WHERE id = '{session}'");
    fleet.here.sql("python").run(&end).await;
    fleet.assert_good(&ended).await;

    for row in sql.rows(LISTENERS).await {
        sql.run(&format!("SELECT pg_terminate_backend({})", row["pid"]))
            .await;
    }
    fleet.assert_ended(&ended).await;
    fleet.assert_good(&other).await;
}

/// A process that was not there when it was announced.
#[tokio::test]
async fn a_process_that_comes_later_knows_it_too() {
    let here = TestServer::start().await;
    let python = here.tenant("python");
    let [ended, other] = [
        login(&python, "owner@python.test").await.0,
        login(&python, "owner@python.test").await.0,
    ];
    let logout = python.clone().bearing(&ended);
    logout
        .mutate("logout", &json!({}), "endedSessions")
        .await
        .at("endedSessions");
    let there = here.another().await;
    let client = there.tenant("python");
    client
        .clone()
        .bearing(&ended)
        .query(ME)
        .await
        .assert_refused(401, "UNAUTHENTICATED");
    client.bearing(&other).query(ME).await.at("me.email");
}

#[tokio::test]
async fn a_tenant_that_is_made_anew_under_its_slug_takes_no_old_token() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    let input = json!({ "slug": "perl", "name": "Supermarket Perl" });
    operator
        .mutate("createTenant", &input, "tenant { slug }")
        .await
        .at("tenant.slug");
    let before = server.hire("perl", TenantRole::Owner).await;
    let perl = server.tenant("perl").as_principal(&before);
    perl.query(ME).await.at("me.email");

    let sql = server.shared_sql();
    sql.run("UPDATE tenant SET status = 'dropped' WHERE slug = 'perl'")
        .await;
    sql.run("DELETE FROM domain WHERE host = 'perl.localhost'")
        .await;
    operator
        .mutate("createTenant", &input, "tenant { slug }")
        .await
        .at("tenant.slug");
    server.state.directory.forget_all();

    perl.query(ME).await.assert_refused(401, "UNAUTHENTICATED");
    let after = server.hire("perl", TenantRole::Owner).await;
    server
        .tenant("perl")
        .as_principal(&after)
        .query(ME)
        .await
        .at("me.email");
}
