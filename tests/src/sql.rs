//! Looking past the server: into one schema, with the operators' login.

use std::sync::Arc;

use api::state::State;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;
use tenancy::{Access, Operator, SHARED_SCHEMA, Scoped, Tenant};

/// One schema of a server's database.
pub struct Sql {
    operator: Operator,
    tenant: Option<Tenant>,
}

impl Sql {
    pub fn of_tenant(state: &Arc<State>, tenant: &Tenant) -> Self {
        Self {
            operator: state.operator.clone(),
            tenant: Some(tenant.clone()),
        }
    }

    pub fn of_shared(state: &Arc<State>) -> Self {
        Self {
            operator: state.operator.clone(),
            tenant: None,
        }
    }

    /// The schema's name.
    pub fn schema(&self) -> &str {
        let tenant = self.tenant.as_ref();
        tenant.map_or(SHARED_SCHEMA, |tenant| tenant.schema.as_str())
    }

    /// Runs a statement and keeps what it did.
    pub async fn run(&self, statement: &str) {
        match &self.tenant {
            Some(tenant) => execute(&self.operator.tenant(tenant, Access::Write), statement).await,
            None => execute(&self.operator.shared(Access::Write), statement).await,
        }
    }

    /// Runs a statement in a transaction that goes on until the answer is dropped.
    pub async fn held(&self, statement: &str) -> Box<dyn Send> {
        if let Some(tenant) = &self.tenant {
            let db = self.operator.tenant(tenant, Access::Write);
            hold(&db, statement).await;
            return Box::new(db);
        }
        let db = self.operator.shared(Access::Write);
        hold(&db, statement).await;
        Box::new(db)
    }

    /// The rows of a query, each as a JSON object.
    pub async fn rows(&self, query: &str) -> Vec<Value> {
        match &self.tenant {
            Some(tenant) => fetch(&self.operator.tenant(tenant, Access::Read), query).await,
            None => fetch(&self.operator.shared(Access::Read), query).await,
        }
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> u64 {
        let rows = self.rows(&format!("SELECT count(*) FROM {table}")).await;
        rows[0]["count"].as_u64().expect("a number")
    }
}

async fn hold<R: Send + Sync>(db: &Scoped<R>, statement: &str) {
    let statement = Statement::from_string(db.get_database_backend(), statement);
    db.execute_raw(statement).await.expect("the statement runs");
}

async fn execute<R: Send + Sync>(db: &Scoped<R>, statement: &str) {
    let query = Statement::from_string(db.get_database_backend(), statement);
    let done = db.execute_raw(query).await;
    done.unwrap_or_else(|error| panic!("{error} in {statement}"));
    db.commit().await.expect("what was done is kept");
}

async fn fetch(db: &impl ConnectionTrait, query: &str) -> Vec<Value> {
    let wrapped = format!("SELECT to_jsonb(q) AS row FROM ({query}) q");
    let statement = Statement::from_string(db.get_database_backend(), wrapped);
    let rows = db.query_all_raw(statement).await;
    let rows = rows.unwrap_or_else(|error| panic!("{error} in {query}"));
    rows.iter()
        .map(|row| row.try_get("", "row").expect("a JSON object"))
        .collect()
}
