//! Users.

use api::graphql::Kind;
use serde_json::json;

use crate::probes::declare::{MANAGER, OWNER, Probes};

pub(super) fn probes() -> Probes {
    let newcomer = json!({
        "email": "$new@example.test", "name": "$new", "role": "STAFF", "password": "battery staple",
    });
    let change = json!({ "id": "$User", "name": "$new" });
    Probes::default()
        .rows(
            Kind::User,
            "INSERT INTO \"user\" (id, email, name, role, password_hash, created_at)
             VALUES ('$User', '$slug@$tenant.test', '$label', 'staff', 'none', now())",
        )
        .node(Kind::User, MANAGER, "name")
        .query("user", MANAGER, json!({ "id": "$User" }), "name")
        .query("users", MANAGER, json!({ "last": 20 }), "nodes { name }")
        .mutation("createUser", OWNER, newcomer, "user { name }")
        .shows("$new")
        .mutation("updateUser", OWNER, change, "user { name }")
        .shows("$new")
        .mutation("deleteUser", OWNER, json!({ "id": "$User" }), "deletedId")
}
