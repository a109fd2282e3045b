//! Employees.

use serde_json::{Value, json};
use tests::{Client, TestServer};

use super::id_of;

const FIELDS: &str =
    "employee { number name email title hiredOn department { name } manager { name } }";

async fn create(client: &Client<'_>, input: Value) -> Value {
    let payload = client
        .mutate("createEmployee", &input, "employee { id number }")
        .await;
    payload.at("employee")
}

#[tokio::test]
async fn an_employee_is_entered_changed_field_by_field_and_deleted() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    let full = json!({
        "number": "K-7", "name": "Krait", "email": "krait@python.test", "title": "Baker",
        "hiredOn": "2024-02-29",
        "departmentId": id_of(&manager, "departments", "Produce").await,
        "managerId": id_of(&manager, "employees", "Cobra").await,
    });
    let made = manager
        .mutate(
            "createEmployee",
            &full,
            &format!("{FIELDS} more: employee {{ id created }}"),
        )
        .await;
    let mut expected = json!({
        "number": "K-7", "name": "Krait", "email": "krait@python.test", "title": "Baker",
        "hiredOn": "2024-02-29",
        "department": { "name": "Produce" }, "manager": { "name": "Cobra" },
    });
    assert_eq!(made.at("employee"), expected);
    let id = made.at("more.id");

    // Each change alone: the others stay. Null clears.
    for (field, value, shows, shown) in [
        ("name", json!("Sea krait"), "name", json!("Sea krait")),
        ("number", json!("K-8"), "number", json!("K-8")),
        ("email", Value::Null, "email", Value::Null),
        ("title", json!("Head"), "title", json!("Head")),
        ("hiredOn", Value::Null, "hiredOn", Value::Null),
        ("departmentId", Value::Null, "department", Value::Null),
        (
            "managerId",
            id_of(&manager, "employees", "Viper").await,
            "manager",
            json!({ "name": "Viper" }),
        ),
    ] {
        let change = json!({ "id": id, field: value });
        let changed = manager.mutate("updateEmployee", &change, FIELDS).await;
        expected[shows] = shown;
        assert_eq!(changed.at("employee"), expected, "{field}");
    }

    let gone = manager
        .mutate("deleteEmployee", &json!({ "id": id }), "deletedId")
        .await;
    assert_eq!(gone.at("deletedId"), id);
    let read = "query($id: ID!) { employee(id: $id) { name } }";
    let missing = manager.ask(read, &json!({ "id": id })).await;
    assert_eq!(missing.at("employee"), Value::Null);
    let again = manager
        .mutate("deleteEmployee", &json!({ "id": id }), "deletedId")
        .await;
    assert_eq!(again.wrong(), ["NOT_FOUND id"]);
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    let wrong = json!({
        "number": "x".repeat(51), "name": " ", "email": "nobody", "title": "a\u{0}b",
        "hiredOn": "2026-02-30", "departmentId": "nonsense",
        "managerId": id_of(&manager, "departments", "Produce").await,
    });
    let refused = manager.mutate("createEmployee", &wrong, FIELDS).await;
    assert_eq!(
        refused.wrong(),
        [
            "TOO_LONG number",
            "REQUIRED name",
            "INVALID email",
            "INVALID title",
            "NOT_FOUND departmentId",
            "NOT_FOUND managerId",
            "INVALID hiredOn",
        ]
    );
    assert_eq!(server.sql("python").count("employee").await, 2);
}

#[tokio::test]
async fn days_that_do_not_exist_are_refused_and_those_that_do_are_kept() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    for day in [
        "2026-02-29",
        "2026-13-01",
        "2026-1-1",
        "31.01.2026",
        "",
        "today",
    ] {
        let input = json!({ "name": "N", "hiredOn": day });
        let refused = manager.mutate("createEmployee", &input, FIELDS).await;
        assert_eq!(refused.wrong(), ["INVALID hiredOn"], "{day}");
    }
    for day in ["2024-02-29", "0001-01-01", "9999-12-31"] {
        let input = json!({ "name": "N", "hiredOn": day });
        let kept = manager.mutate("createEmployee", &input, FIELDS).await;
        assert_eq!(kept.at("employee.hiredOn"), day);
    }
}

#[tokio::test]
async fn numbers_are_drawn_and_go_on_after_one_that_was_given() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    for (given, number) in [
        (None, "3"),
        (Some("10"), "10"),
        (None, "11"),
        (Some("5"), "5"),
        (Some("A-20"), "A-20"),
        (Some("-30"), "-30"),
        (None, "12"),
        // Longer than any series gets: a bar code, say. It must not spoil what comes after.
        (Some("9223372036854775806"), "9223372036854775806"),
        (Some("9223372036854775807"), "9223372036854775807"),
        (Some("99999999999999999999999"), "99999999999999999999999"),
        (None, "13"),
        (None, "14"),
    ] {
        let made = create(&manager, json!({ "name": "N", "number": given })).await;
        assert_eq!(made["number"], number, "{given:?}");
    }
    let taken = json!({ "name": "N", "number": "10" });
    let refused = manager.mutate("createEmployee", &taken, FIELDS).await;
    assert_eq!(refused.wrong(), ["TAKEN number"]);
    let viper = id_of(&manager, "employees", "Viper").await;
    let renumbered = json!({ "id": viper, "number": "40" });
    manager
        .mutate("updateEmployee", &renumbered, FIELDS)
        .await
        .at("employee");
    assert_eq!(
        create(&manager, json!({ "name": "N" })).await["number"],
        "41"
    );
}

#[tokio::test]
async fn two_who_draw_a_number_at_once_get_two() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    let input = json!({ "name": "N" });
    let all = futures::future::join_all((0..8).map(|_| create(&manager, input.clone()))).await;
    let mut numbers: Vec<i64> = all
        .iter()
        .map(|made| made["number"].as_str().unwrap().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (3..11).collect::<Vec<_>>());
}

#[tokio::test]
async fn whoever_manages_others_stays_and_nobody_manages_themselves() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    let cobra = id_of(&manager, "employees", "Cobra").await;
    let viper = id_of(&manager, "employees", "Viper").await;

    let refused = manager
        .mutate("deleteEmployee", &json!({ "id": cobra }), "deletedId")
        .await;
    assert_eq!(refused.wrong(), ["IN_USE id"]);
    let narcissus = json!({ "id": cobra, "managerId": cobra });
    let refused = manager.mutate("updateEmployee", &narcissus, FIELDS).await;
    assert_eq!(refused.wrong(), ["INVALID managerId"]);

    let reports = "{ employees(filter: { name: { eq: \"Cobra\" } }) { nodes { reports { nodes { name } } } } }";
    let found = manager.query(reports).await;
    assert_eq!(
        found.at("employees.nodes.0.reports.nodes.name"),
        json!(["Viper"])
    );
    let freed = json!({ "id": viper, "managerId": null });
    manager
        .mutate("updateEmployee", &freed, FIELDS)
        .await
        .at("employee");
    let gone = manager
        .mutate("deleteEmployee", &json!({ "id": cobra }), "deletedId")
        .await;
    assert_eq!(gone.at("deletedId"), cobra);
}

#[tokio::test]
async fn names_in_any_script_and_with_any_quotes_come_back_as_they_were() {
    let server = TestServer::start().await;
    let manager = server.tenant("python").as_manager();
    for name in [
        "O'Brien",
        "\"; DROP TABLE employee; --",
        "Zoë 蛇 🐍",
        "a\\b",
        "50 %_",
        "line\nbreak",
        "${jndi}",
        "'; SELECT pg_sleep(10) --",
    ] {
        let made = manager
            .mutate(
                "createEmployee",
                &json!({ "name": name }),
                "employee { name }",
            )
            .await;
        assert_eq!(made.at("employee.name"), name);
        id_of(&manager, "employees", name).await;
    }
}
