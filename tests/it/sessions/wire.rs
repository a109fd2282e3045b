//! What clients see of sessions.

use api::auth::Caller;
use api::graphql::Engine;
use async_graphql::Request;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tenancy::Access;

use super::stage::{PASSWORD, Realm, Stage, secret};

in_both_realms! {
    a_login_is_answered_whole_or_with_one_error,
    the_second_of_two_tabs_gets_no_refresh_token,
    nobody_can_log_out_or_change_a_password,
    a_session_stays_though_the_rest_of_the_operation_fails,
    somebody_who_is_signed_in_logs_out_and_changes_the_password,
}

const LOGIN: &str = "mutation($input: LoginInput!) { login(input: $input) {
    accessToken refreshToken expiresAt user { id } userErrors { code message field } } }";
const REFRESH: &str = "mutation($input: RefreshTokenInput!) { refreshToken(input: $input) {
    accessToken refreshToken expiresAt user { id } userErrors { code field } } }";

async fn ask<A: Realm>(stage: &Stage<A>, caller: Caller, text: &str, input: Value) -> Value {
    let variables = async_graphql::Variables::from_json(json!({ "input": input }));
    let operation = Request::new("").variables(variables);
    let realm = (A::admitted(&stage.tenant), caller.into());
    let engine = Engine::new(&stage.state.config.graphql);
    let document = engine.documents(&realm.0).read(text).unwrap();
    let asked = (operation, document);
    let answer = engine.execute(&stage.state, realm, asked, Access::Write);
    serde_json::to_value(answer.await.unwrap()).unwrap()
}

async fn ask_anonymously<A: Realm>(stage: &Stage<A>, text: &str, input: Value) -> Value {
    ask(stage, Caller::Anonymous, text, input).await
}

async fn a_login_is_answered_whole_or_with_one_error<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let right = json!({ "email": A::OWNER, "password": PASSWORD });
    let answer = ask_anonymously(&stage, LOGIN, right).await;
    let login = &answer["data"]["login"];
    assert_eq!(login["userErrors"], json!([]), "{answer}");
    assert_eq!(login["accessToken"].as_str().unwrap().split('.').count(), 3);
    assert!(login["refreshToken"].as_str().unwrap().starts_with("rt_"));
    assert!(login["expiresAt"].as_str().unwrap().ends_with('Z'));
    assert!(login["user"]["id"].is_string());

    let wrong = json!({ "email": A::OWNER, "password": "wrong password" });
    let answer = ask_anonymously(&stage, LOGIN, wrong).await;
    let message = "the e-mail address or the password is wrong";
    let error = json!({ "code": "INVALID_CREDENTIALS", "message": message, "field": null });
    let expected = json!({ "data": { "login": {
        "accessToken": null, "refreshToken": null, "expiresAt": null, "user": null,
        "userErrors": [error],
    } } });
    assert_eq!(answer, expected);
}

async fn the_second_of_two_tabs_gets_no_refresh_token<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let token = json!({ "refreshToken": secret(&stage.login().await) });
    let first = ask_anonymously(&stage, REFRESH, token.clone()).await;
    let second = ask_anonymously(&stage, REFRESH, token.clone()).await;
    for (answer, has_next) in [(first, true), (second, false)] {
        let refresh = &answer["data"]["refreshToken"];
        assert_eq!(refresh["userErrors"], json!([]), "{answer}");
        assert!(refresh["accessToken"].is_string() && refresh["user"]["id"].is_string());
        assert_eq!(refresh["refreshToken"].is_string(), has_next, "{answer}");
    }
    stage.pass(TimeDelta::seconds(11)).await;
    let third = ask_anonymously(&stage, REFRESH, token).await;
    let errors = &third["data"]["refreshToken"]["userErrors"];
    let error = json!({ "code": "INVALID_CREDENTIALS", "field": ["refreshToken"] });
    assert_eq!(*errors, json!([error]), "{third}");
    assert_eq!(stage.alive().await, 0, "a refusal undoes nothing");
}

const LOGOUT: &str = "mutation($input: LogoutInput!) { logout(input: $input) {
    endedSessions userErrors { code } } }";
const CHANGE: &str = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) {
    user { id } userErrors { code field } } }";

async fn nobody_can_log_out_or_change_a_password<A: Realm>() {
    let stage = Stage::<A>::new().await;
    stage.login().await;
    let passwords = json!({ "currentPassword": PASSWORD, "newPassword": "battery staple" });
    for (text, input) in [(LOGOUT, json!({})), (CHANGE, passwords)] {
        let answer = ask_anonymously(&stage, text, input).await;
        assert_eq!(answer["data"], Value::Null);
        let code = &answer["errors"][0]["extensions"]["code"];
        assert_eq!(code, "UNAUTHENTICATED", "{answer}");
    }
    assert_eq!(stage.alive().await, 1);
}

async fn a_session_stays_though_the_rest_of_the_operation_fails<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let text = "mutation($input: LoginInput!) { login(input: $input) { accessToken }
        logout(input: {}) { endedSessions } }";
    let right = json!({ "email": A::OWNER, "password": PASSWORD });
    let answer = ask_anonymously(&stage, text, right).await;
    assert_eq!(answer["data"], Value::Null, "{answer}");
    assert_eq!(stage.alive().await, 1);
}

async fn somebody_who_is_signed_in_logs_out_and_changes_the_password<A: Realm>() {
    let stage = Stage::<A>::new().await;
    let [here, _] = [stage.login().await, stage.login().await];
    let caller = Caller::Known(stage.principal(&here));
    let wrong = json!({ "currentPassword": "wrong password", "newPassword": "battery staple" });
    let answer = ask(&stage, caller, CHANGE, wrong).await;
    let error = json!({ "code": "INVALID_CREDENTIALS", "field": ["currentPassword"] });
    let refused = json!({ "user": null, "userErrors": [error] });
    assert_eq!(answer["data"]["changePassword"], refused);

    let right = json!({ "currentPassword": PASSWORD, "newPassword": "battery staple" });
    let answer = ask(&stage, caller, CHANGE, right).await;
    let changed = &answer["data"]["changePassword"];
    assert!(changed["user"]["id"].is_string(), "{answer}");
    assert_eq!(stage.alive().await, 1);

    for (input, ended) in [
        (json!({ "everywhere": null }), 1),
        (json!({ "everywhere": true }), 0),
    ] {
        let answer = ask(&stage, caller, LOGOUT, input).await;
        let expected = json!({ "logout": { "endedSessions": ended, "userErrors": [] } });
        assert_eq!(answer["data"], expected);
    }
}
