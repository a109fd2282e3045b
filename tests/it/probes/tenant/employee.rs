//! Employees.

use api::graphql::Kind;
use serde_json::json;

use crate::probes::declare::{MANAGER, Probes, STAFF};

pub(super) fn probes() -> Probes {
    let new = json!({
        "name": "$new", "departmentId": "$Department", "managerId": "$SpareEmployee",
    });
    let change = json!({
        "id": "$Employee", "name": "$new", "departmentId": "$SpareDepartment", "managerId": "$SpareEmployee",
    });
    let of = |field: &str, word: &str| json!({ "filter": { field: { "eq": word } } });
    let among = |field: &str, word: &str| json!({ "filter": { field: { "in": [word] } } });
    let relations = "name department { name } reports { nodes { name } }";
    Probes::default()
        .rows(
            Kind::Employee,
            "INSERT INTO employee (id, number, name, department_id, manager_id, created_at)
             VALUES ('$Employee', '$slug', '$label', '$Department', NULL, now()),
                    ('$SpareEmployee', 'spare-$slug', '$label, spare', '$Department', '$Employee', now())",
        )
        .node(Kind::Employee, STAFF, "name")
        .query("employee", STAFF, json!({ "id": "$Employee" }), relations)
        .query("employees", STAFF, json!({ "last": 20 }), "nodes { name department { name } manager { name } }")
        .or(of("department", "$Department"))
        .or(among("department", "$Department"))
        .or(of("manager", "$Employee"))
        .or(among("manager", "$Employee"))
        .mutation("createEmployee", MANAGER, new, "employee { name }")
        .shows("$new")
        .mutation("updateEmployee", MANAGER, change, "employee { name }")
        .shows("$new")
        .mutation("deleteEmployee", MANAGER, json!({ "id": "$SpareEmployee" }), "deletedId")
}
