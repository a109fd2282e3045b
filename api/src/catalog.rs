//! The registry, as `tenancy` asks for it.

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use tenancy::{Catalog, Database, Domain, Error, Tenant, TenantId};

/// A tenant's columns, and what its schema is at.
const TENANT: &str = "
    SELECT t.id, t.slug, t.schema_name, t.serving_login, t.status, v.version, v.breaking
    FROM shared.tenant t
    LEFT JOIN LATERAL (
        SELECT max(m.version) AS version, max(m.version) FILTER (WHERE m.breaking) AS breaking
        FROM shared.schema_migration m WHERE m.schema_name = t.schema_name
    ) v ON true";

/// The book of tenants in the shared schema.
#[derive(Clone)]
pub struct Registry {
    database: Database,
}

impl Registry {
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    async fn ask(&self, rest: &str, values: Vec<Value>) -> Result<Vec<Tenant>, Error> {
        let db = self.database.directory();
        let sql = format!("{TENANT} {rest}");
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        let rows = db.query_all_raw(statement).await?;
        rows.iter().map(read).collect()
    }
}

impl Catalog for Registry {
    async fn by_domain(&self, domain: &Domain) -> Result<Option<Tenant>, Error> {
        let rest = "JOIN shared.domain d ON d.tenant_id = t.id WHERE d.host = $1";
        Ok(self.ask(rest, vec![domain.as_str().into()]).await?.pop())
    }

    async fn all(&self) -> Result<Vec<Tenant>, Error> {
        self.ask("WHERE t.status <> 'dropped' ORDER BY t.id", vec![])
            .await
    }

    async fn by_id(&self, id: TenantId) -> Result<Option<Tenant>, Error> {
        Ok(self
            .ask("WHERE t.id = $1", vec![id.as_uuid().into()])
            .await?
            .pop())
    }
}

fn read(row: &QueryResult) -> Result<Tenant, Error> {
    let id: uuid::Uuid = row.try_get("", "id")?;
    let text = |column: &str| row.try_get::<String>("", column);
    let damaged = |what: &str| Error::Registry(format!("the {what} of tenant {id} is not one"));
    Ok(Tenant {
        id: id.into(),
        slug: text("slug")?.parse().map_err(|_| damaged("slug"))?,
        schema: text("schema_name")?
            .parse()
            .map_err(|_| damaged("schema name"))?,
        login: row
            .try_get::<i32>("", "serving_login")?
            .try_into()
            .map_err(|_| damaged("login"))?,
        status: text("status")?.parse().map_err(|_| damaged("status"))?,
        version: row.try_get("", "version")?,
        breaking: row.try_get("", "breaking")?,
    })
}
