//! The current tenant.

use serde_json::json;

use crate::probes::declare::{EVERYBODY, Probes};

pub(super) fn probes() -> Probes {
    Probes::default()
        .query("tenant", EVERYBODY, json!({}), "slug name domains { host }")
        .shows("$tenant")
}
