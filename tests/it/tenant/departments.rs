//! Departments.

use serde_json::{Value, json};
use tests::TestServer;

use super::id_of;

const FIELDS: &str = "department { id name }";

#[tokio::test]
async fn a_department_is_made_renamed_and_deleted() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();

    let made = manager
        .mutate("createDepartment", &json!({ "name": "Bakery" }), FIELDS)
        .await;
    let id = made.at("department.id");
    let renamed = json!({ "id": id, "name": "Bread" });
    let renamed = manager.mutate("updateDepartment", &renamed, FIELDS).await;
    assert_eq!(
        renamed.at("department"),
        json!({ "id": id, "name": "Bread" })
    );
    let unchanged = manager
        .mutate("updateDepartment", &json!({ "id": id }), FIELDS)
        .await;
    assert_eq!(unchanged.at("department.name"), "Bread");

    let read = "query($id: ID!) { department(id: $id) { name employees { nodes { name } } } }";
    let found = manager.ask(read, &json!({ "id": id })).await;
    assert_eq!(
        found.at("department"),
        json!({ "name": "Bread", "employees": { "nodes": [] } })
    );

    let gone = manager
        .mutate("deleteDepartment", &json!({ "id": id }), "deletedId")
        .await;
    assert_eq!(gone.at("deletedId"), id);
    let missing = manager.ask(read, &json!({ "id": id })).await;
    assert_eq!(missing.at("department"), Value::Null);
    for (name, input) in [
        ("deleteDepartment", json!({ "id": id })),
        ("updateDepartment", json!({ "id": id, "name": "Back" })),
    ] {
        let again = manager.mutate(name, &input, "__typename").await;
        assert_eq!(again.0["userErrors"][0]["code"], "NOT_FOUND", "{name}");
    }
}

#[tokio::test]
async fn two_departments_of_one_name_or_one_without_are_refused() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    for (name, wrong) in [
        ("Produce", "TAKEN name"),
        ("", "REQUIRED name"),
        ("   ", "REQUIRED name"),
        ("a\u{0}b", "INVALID name"),
        (&"x".repeat(201), "TOO_LONG name"),
    ] {
        let refused = manager
            .mutate("createDepartment", &json!({ "name": name }), FIELDS)
            .await;
        assert_eq!(refused.wrong(), [wrong], "{name:?}");
    }
    let produce = id_of(&manager, "departments", "Produce").await;
    let taken = json!({ "id": produce, "name": "Checkout" });
    let refused = manager.mutate("updateDepartment", &taken, FIELDS).await;
    assert_eq!(refused.wrong(), ["TAKEN name"]);
    assert_eq!(server.sql("python").count("department").await, 2);
    // A name of the longest, in letters of several bytes, is fine.
    let long = json!({ "name": "ü".repeat(200) });
    manager
        .mutate("createDepartment", &long, FIELDS)
        .await
        .at("");
}

#[tokio::test]
async fn a_department_with_employees_stays() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    let produce = json!({ "id": id_of(&manager, "departments", "Produce").await });

    let refused = manager
        .mutate("deleteDepartment", &produce, "deletedId")
        .await;
    assert_eq!(refused.wrong(), ["IN_USE id"]);

    let cobra = id_of(&manager, "employees", "Cobra").await;
    let moved = json!({ "id": cobra, "departmentId": null });
    manager
        .mutate("updateEmployee", &moved, "employee { id }")
        .await
        .at("employee");
    let gone = manager
        .mutate("deleteDepartment", &produce, "deletedId")
        .await;
    assert_eq!(gone.at("deletedId"), produce["id"]);
}
