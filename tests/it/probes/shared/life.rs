//! The life of tenants.

use serde_json::json;

use crate::probes::declare::{OPERATOR, Probes};

pub(super) fn probes() -> Probes {
    let new = json!({ "slug": "$new", "name": "$new" });
    let added = json!({ "slug": "$slug", "domain": "$new.example" });
    let spare = json!({ "slug": "$slug", "domain": "spare.$slug.example" });
    Probes::default()
        .mutation("createTenant", OPERATOR, new, "tenant { slug }")
        .shows("$new")
        .mutation(
            "suspendTenant",
            OPERATOR,
            json!({ "slug": "$slug" }),
            "tenant { slug status }",
        )
        .shows("SUSPENDED")
        .mutation(
            "resumeTenant",
            OPERATOR,
            json!({ "slug": "spare-$slug" }),
            "tenant { slug status }",
        )
        .shows("ACTIVE")
        .mutation("addDomain", OPERATOR, added, "domain { host }")
        .shows("$new.example")
        .mutation("removeDomain", OPERATOR, spare.clone(), "deletedId")
        .mutation(
            "setPrimaryDomain",
            OPERATOR,
            spare,
            "domain { host isPrimary }",
        )
        .shows("true")
}
