use tests::TestServer;
use tokio::runtime::Runtime;

use super::{Noun, Realm, compare, servers};

const REALM: Realm = Realm {
    nouns: NOUNS,
    plurals: &[("tenants", 0), ("auditEvents", 2)],
    singles: &[
        ("tenant(by: { id: @ })", 0),
        ("tenant(by: { slug: \"shop-3\" })", 0),
        ("tenant(by: { domain: \"shop-4.example\" })", 0),
        ("me", 3),
    ],
};

const NOUNS: &[Noun] = &[
    Noun {
        name: "Tenant",
        leaves: &[
            "id",
            "uuid",
            "slug",
            "name",
            "street",
            "city",
            "status",
            "failure",
            "schemaName",
            "settings",
            "created",
        ],
        one: &[],
        all: &[("domains", 1)],
        pages: &[],
        filters: &[
            "{}",
            "{ slug: { startsWith: \"shop-1\" } }",
            "{ name: { in: [\"Shop 1\", \"Shop 2\"] }, city: { isNull: false } }",
            "{ city: { eq: \"Bern\" } }",
            "{ status: [FAILED, SUSPENDED] }",
            "{ status: [] }",
            "{ name: { eq: \"\\u0000\" } }",
        ],
        orders: &["CREATED", "SLUG", "NAME"],
    },
    Noun {
        name: "Domain",
        leaves: &["id", "host", "isPrimary"],
        one: &[],
        all: &[],
        pages: &[],
        filters: &[],
        orders: &[],
    },
    Noun {
        name: "AuditEvent",
        leaves: &[
            "id",
            "happenedAt",
            "actorKind",
            "actorId",
            "actorName",
            "action",
            "tenantId",
            "tenantSlug",
            "source",
            "userAgent",
            "requestId",
            "outcome",
            "count",
            "detail",
        ],
        one: &[],
        all: &[],
        pages: &[],
        filters: &[
            "{}",
            "{ action: { startsWith: \"tenant.\" } }",
            "{ tenantSlug: { isNull: true } }",
            "{ actorKind: [CONSOLE, USER], outcome: [DONE] }",
            "{ outcome: [] }",
            "{ happenedAt: { gte: \"2026-01-01T00:00:00Z\" } }",
            "{ happenedAt: { gte: \"yesterday\" } }",
        ],
        orders: &["WRITTEN", "HAPPENED_AT"],
    },
    Noun {
        name: "Account",
        leaves: &["id", "email", "name", "role", "created"],
        one: &[],
        all: &[],
        pages: &[],
        filters: &[],
        orders: &[],
    },
];

/// Tenants of every status, with and without domains; and events.
async fn furnish(server: &TestServer) {
    let sql = server.shared_sql();
    for statement in [
        "INSERT INTO tenant (id, slug, name, city, schema_name, status, failure, settings, created_at, updated_at)
         SELECT gen_random_uuid(), 'shop-' || n, 'Shop ' || n % 4, CASE WHEN n % 3 > 0 THEN 'Bern' END, 't_' || n,
             (ARRAY['provisioning', 'suspended', 'failed', 'maintenance', 'dropping', 'dropped'])[1 + n % 6],
             CASE WHEN n % 6 = 2 THEN 'no room' END, jsonb_build_object('n', n), now() - n * interval '1.000001 s', now()
         FROM generate_series(1, 20) n",
        "INSERT INTO domain (id, tenant_id, host, is_primary, created_at)
         SELECT gen_random_uuid(), id, CASE WHEN n > 1 THEN n || '.' ELSE '' END || slug || '.example', n = 1, now()
         FROM tenant, generate_series(1, 3) n WHERE slug LIKE 'shop-%' AND slug NOT LIKE '%2'",
        "INSERT INTO audit_event (id, happened_at, actor_kind, actor_name, action, tenant_slug, outcome, count, detail)
         SELECT gen_random_uuid(), now() - n % 7 * interval '1 s', (ARRAY['console', 'user', 'anonymous'])[1 + n % 3],
             CASE WHEN n % 2 > 0 THEN 'Somebody' END, (ARRAY['tenant.suspend', 'sql'])[1 + n % 2],
             CASE WHEN n % 5 > 0 THEN 'shop-' || n END, (ARRAY['done', 'refused', 'failed'])[1 + n % 3], n, jsonb_build_object('n', n)
         FROM generate_series(1, 25) n",
    ] {
        sql.run(statement).await;
    }
}

#[test]
fn any_document_of_operators_is_answered_alike_both_ways() {
    let runtime = Runtime::new().unwrap();
    let (server, other) = runtime.block_on(servers());
    runtime.block_on(furnish(&server));
    let clients = [
        (server.shared().as_operator(), other.shared().as_operator()),
        (server.shared().as_viewer(), other.shared().as_viewer()),
        (server.shared(), other.shared()),
    ];
    compare(&REALM, &runtime, &clients, 300);
}
