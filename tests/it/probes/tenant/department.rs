//! Departments.

use api::graphql::Kind;
use serde_json::json;

use crate::probes::declare::{MANAGER, Probes, STAFF};

pub(super) fn probes() -> Probes {
    let change = json!({ "id": "$Department", "name": "$new" });
    // The first has employees, who would keep it from being deleted.
    let delete = json!({ "id": "$SpareDepartment" });
    Probes::default()
        .rows(
            Kind::Department,
            "INSERT INTO department (id, name, created_at)
             VALUES ('$Department', '$label', now()), ('$SpareDepartment', '$label, spare', now())",
        )
        .node(Kind::Department, STAFF, "name")
        .query(
            "department",
            STAFF,
            json!({ "id": "$Department" }),
            "name employees { nodes { name } }",
        )
        .query(
            "departments",
            STAFF,
            json!({ "last": 20 }),
            "nodes { name }",
        )
        .mutation(
            "createDepartment",
            MANAGER,
            json!({ "name": "$new" }),
            "department { name }",
        )
        .shows("$new")
        .mutation("updateDepartment", MANAGER, change, "department { name }")
        .shows("$new")
        .mutation("deleteDepartment", MANAGER, delete, "deletedId")
}
