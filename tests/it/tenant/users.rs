//! Users: who may sign in.

use serde_json::{Value, json};
use tests::{Client, TestServer};

use super::id_of;

const FIELDS: &str = "user { email name role disabled }";

fn newcomer(email: &str) -> Value {
    json!({ "email": email, "name": "New Comer", "role": "STAFF", "password": "long enough" })
}

async fn login(client: &Client<'_>, email: &str, password: &str) -> Value {
    let input = json!({ "email": email, "password": password });
    client.mutate("login", &input, "accessToken").await.0
}

#[tokio::test]
async fn a_user_is_made_logs_in_is_promoted_shut_out_and_deleted() {
    let server = TestServer::start().await;
    let python = server.tenant("python");
    let owner = python.clone().as_owner();

    let made = owner
        .mutate(
            "createUser",
            &newcomer("New@Python.Test"),
            &format!("{FIELDS} more: user {{ id }}"),
        )
        .await;
    assert_eq!(
        made.at("user"),
        json!({ "email": "new@python.test", "name": "New Comer", "role": "STAFF", "disabled": false })
    );
    let id = made.at("more.id");
    let token = login(&python, "NEW@python.test", "long enough").await["accessToken"].clone();
    let me = python.clone().bearing(token.as_str().unwrap());
    assert_eq!(me.query("{ me { role } }").await.at("me.role"), "STAFF");

    let promoted = json!({ "id": id, "role": "MANAGER", "name": "Old Comer" });
    let promoted = owner.mutate("updateUser", &promoted, FIELDS).await;
    assert_eq!(promoted.at("user.role"), "MANAGER");
    assert_eq!(promoted.at("user.name"), "Old Comer");
    let disabled = json!({ "id": id, "disabled": true });
    let disabled = owner.mutate("updateUser", &disabled, FIELDS).await;
    assert_eq!(disabled.at("user.disabled"), true);
    let refused = login(&python, "new@python.test", "long enough").await;
    assert_eq!(refused["userErrors"][0]["code"], "INVALID_CREDENTIALS");
    let enabled = json!({ "id": id, "disabled": false });
    owner
        .mutate("updateUser", &enabled, FIELDS)
        .await
        .at("user");
    assert!(login(&python, "new@python.test", "long enough").await["accessToken"].is_string());

    let gone = owner
        .mutate("deleteUser", &json!({ "id": id }), "deletedId")
        .await;
    assert_eq!(gone.at("deletedId"), id);
    let again = owner
        .mutate("deleteUser", &json!({ "id": id }), "deletedId")
        .await;
    assert_eq!(again.wrong(), ["NOT_FOUND id"]);
}

#[tokio::test]
async fn wrong_users_are_refused_and_an_address_counts_once_however_written() {
    let server = TestServer::start().await;
    let owner = server.tenant("python").as_owner();
    for (change, wrong) in [
        (json!({ "email": "OWNER@python.test" }), "TAKEN email"),
        (json!({ "email": "nobody" }), "INVALID email"),
        (json!({ "email": "a\u{0}@b" }), "INVALID email"),
        (json!({ "name": "" }), "REQUIRED name"),
        (json!({ "password": "short" }), "INVALID password"),
        (json!({ "password": "x".repeat(201) }), "TOO_LONG password"),
    ] {
        let mut input = newcomer("fresh@python.test");
        input
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let refused = owner.mutate("createUser", &input, FIELDS).await;
        assert_eq!(refused.wrong().len(), 1, "{change}");
        assert_eq!(
            refused.wrong()[0].split(' ').nth(1),
            wrong.split(' ').nth(1),
            "{change}"
        );
    }
    assert_eq!(server.sql("python").count("\"user\"").await, 3);
    // The same address at another tenant is somebody else.
    let ruby = server.tenant("ruby").as_owner();
    let made = ruby
        .mutate("createUser", &newcomer("owner@python.test"), FIELDS)
        .await;
    assert_eq!(made.at("user.email"), "owner@python.test");
}

#[tokio::test]
async fn the_last_owner_can_neither_go_nor_step_down() {
    let server = TestServer::start().await;
    let owner = server.tenant("python").as_owner();
    let id = id_of(&owner, "users", "Owner of Supermarket Python").await;
    let refused = [
        ("deleteUser", json!({ "id": id })),
        ("updateUser", json!({ "id": id, "role": "STAFF" })),
        ("updateUser", json!({ "id": id, "disabled": true })),
    ];
    for (name, input) in &refused {
        let payload = owner.mutate(name, input, "__typename").await;
        assert_eq!(
            payload.0["userErrors"][0]["code"], "NOT_ALLOWED",
            "{name} {input}"
        );
    }
    let mut second = newcomer("second@python.test");
    second["role"] = json!("OWNER");
    owner.mutate("createUser", &second, FIELDS).await.at("user");
    let stepped = owner.mutate("updateUser", &refused[1].1, FIELDS).await;
    assert_eq!(stepped.at("user.role"), "STAFF");
}
