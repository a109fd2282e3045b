//! The audit trail.

use api::graphql::Kind;
use serde_json::json;

use crate::probes::declare::{Probes, VIEWER};

pub(super) fn probes() -> Probes {
    Probes::default()
        .rows(
            Kind::AuditEvent,
            "INSERT INTO audit_event (id, happened_at, actor_kind, actor_name, action, outcome, count, detail)
             VALUES ('$AuditEvent', now(), 'console', '$label', 'tenant.suspend', 'done', 1, '{}')",
        )
        .node(Kind::AuditEvent, VIEWER, "actorName")
        // The attempts themselves are told there too.
        .query(
            "auditEvents",
            VIEWER,
            json!({ "filter": { "actorName": { "eq": "$label" } } }),
            "nodes { actorName }",
        )
}
