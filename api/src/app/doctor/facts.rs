//! What the database holds at one moment.

use std::collections::{BTreeMap, BTreeSet};

use entity::shared::{domain, tenant};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use tenancy::{Access, SharedDb};
use uuid::Uuid;

use crate::app::error::Result;
use crate::app::{domains, tenants};
use crate::auth::Can;
use crate::auth::permission::ViewFleet;
use crate::state::State;

/// Read in one snapshot, so that a tenant that comes or goes meanwhile is no contradiction.
pub(super) struct Facts {
    /// Every tenant that isn't dropped.
    pub(super) tenants: Vec<tenant::Model>,
    pub(super) domains: BTreeMap<Uuid, Vec<domain::Model>>,
    /// The schemas with a tenant's kind of name, and the tables in each.
    pub(super) schemas: BTreeMap<String, BTreeSet<String>>,
    /// The migrations that each schema has.
    pub(super) ledger: BTreeMap<String, Vec<Applied>>,
    /// The schemas that the serving logins can't enter.
    pub(super) ungranted: BTreeSet<String>,
}

/// A migration that a schema has.
pub(super) struct Applied {
    pub(super) version: String,
    pub(super) breaking: bool,
}

impl Facts {
    pub(super) async fn read(state: &State, allowed: Can<ViewFleet>) -> Result<Self> {
        let db = state.operator.shared(Access::Read);
        let tenants = tenants::all(&db, allowed).await?;
        let mut by_tenant: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for domain in domains::all(&db, allowed).await? {
            by_tenant.entry(domain.tenant_id).or_default().push(domain);
        }
        let facts = Self {
            tenants,
            domains: by_tenant,
            schemas: schemas(&db).await?,
            ledger: ledger(&db, None).await?,
            ungranted: state.operator.ungranted().await?,
        };
        db.end().await;
        Ok(facts)
    }
}

async fn schemas(db: &SharedDb) -> Result<BTreeMap<String, BTreeSet<String>>, DbErr> {
    let sql = r"
        SELECT n.nspname::text AS schema, c.relname::text AS name
        FROM pg_catalog.pg_namespace n
        LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
        WHERE n.nspname LIKE 't\_%'";
    let mut schemas: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in rows(db, sql).await? {
        let tables = schemas.entry(row.try_get("", "schema")?).or_default();
        tables.extend(row.try_get::<Option<String>>("", "name")?);
    }
    Ok(schemas)
}

/// What the ledger has of every schema, or of one.
pub(super) async fn ledger(
    db: &SharedDb,
    schema: Option<&str>,
) -> Result<BTreeMap<String, Vec<Applied>>, DbErr> {
    let sql = "SELECT schema_name, version, breaking FROM shared.schema_migration \
               WHERE $1::text IS NULL OR schema_name = $1 ORDER BY version";
    let backend = db.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, [schema.into()]);
    let mut ledger: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in db.query_all_raw(statement).await? {
        let applied = Applied {
            version: row.try_get("", "version")?,
            breaking: row.try_get("", "breaking")?,
        };
        let schema: String = row.try_get("", "schema_name")?;
        ledger.entry(schema).or_default().push(applied);
    }
    Ok(ledger)
}

/// The rows of a plain question.
pub(super) async fn rows(
    db: &impl ConnectionTrait,
    sql: &'static str,
) -> Result<Vec<QueryResult>, DbErr> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    db.query_all_raw(statement).await
}
