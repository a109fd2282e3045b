//! The entities say what the migrations did.

use tenancy::Access;
use tests::{TestServer, agreement};

#[tokio::test]
async fn m01_the_shared_tables_are_those_of_the_shared_entities() {
    let server = TestServer::start().await;
    let db = server.state.operator.shared(Access::Read);
    let mut tables = agreement::of_schema(&db, "shared").await.unwrap();
    assert!(tables.remove("schema_migration").is_some(), "the ledger");
    assert_eq!(tables, agreement::of_shared_entities());
    let oddities = agreement::oddities(&db, "shared").await.unwrap();
    assert_eq!(oddities, [""; 0]);
}

#[tokio::test]
async fn m02_m03_a_tenants_tables_are_those_of_the_tenant_entities() {
    let server = TestServer::start().await;
    for slug in ["python", "ruby"] {
        let tenant = server.people().tenant(slug);
        let db = server.state.operator.tenant(tenant, Access::Read);
        let schema = tenant.schema.as_str();
        let tables = agreement::of_schema(&db, schema).await.unwrap();
        assert_eq!(tables, agreement::of_tenant_entities());
        let oddities = agreement::oddities(&db, schema).await.unwrap();
        assert_eq!(oddities, [""; 0]);
    }
}

#[tokio::test]
async fn nothing_lies_outside_of_the_shared_realm_and_the_tenants() {
    let server = TestServer::start().await;
    let shared = server.shared_sql();
    let strays = shared.rows(
        "SELECT c.oid::regclass::text AS name FROM pg_class c
         WHERE c.relnamespace::regnamespace::text NOT LIKE ALL ('{pg\\_%,information\\_schema,shared,t\\_%}')",
    ).await;
    assert_eq!(strays, [serde_json::Value::Null; 0]);
}

#[tokio::test]
async fn f05_no_shared_table_refers_into_a_tenant_and_no_tenant_into_another() {
    let server = TestServer::start().await;
    let shared = server.shared_sql();
    let crossing = shared
        .rows(
            "SELECT k.conname FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid
         WHERE k.contype = 'f' AND f.relnamespace <> k.connamespace
         AND f.relnamespace <> 'shared'::regnamespace",
        )
        .await;
    assert_eq!(crossing, [serde_json::Value::Null; 0]);
}
