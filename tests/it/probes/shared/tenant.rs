//! Tenants and their domains.

use api::graphql::Kind;
use serde_json::json;

use crate::probes::declare::{Probes, VIEWER};

pub(super) fn probes() -> Probes {
    Probes::default()
        .rows(
            Kind::Tenant,
            "INSERT INTO tenant (id, slug, name, schema_name, status, settings, created_at, updated_at)
             VALUES ('$Tenant', '$slug', '$label', '$TenantSchema', 'active', '{}', now(), now()),
                    ('$SpareTenant', 'spare-$slug', '$label, spare', '$SpareTenantSchema', 'suspended', '{}', now(), now())",
        )
        .rows(
            Kind::Domain,
            "INSERT INTO domain (id, tenant_id, host, is_primary, created_at)
             VALUES ('$Domain', '$Tenant', '$slug.example', true, now()),
                    ('$SpareDomain', '$Tenant', 'spare.$slug.example', false, now())",
        )
        .node(Kind::Tenant, VIEWER, "name")
        .node(Kind::Domain, VIEWER, "host")
        .shows("$slug.example")
        .query("tenant", VIEWER, json!({ "by": { "id": "$Tenant" } }), "name domains { host }")
        .or(json!({ "by": { "slug": "$slug" } }))
        .or(json!({ "by": { "domain": "$slug.example" } }))
        .query("tenants", VIEWER, json!({ "last": 20 }), "nodes { name }")
}
