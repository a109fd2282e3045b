//! Ordered migrations of a realm, and the ledger of what each schema has.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait, SchemaManager};

use crate::error::Error;
use crate::rights::{self, Tables};
use crate::schema::{SHARED_SCHEMA, quote};
use crate::{Operator, Tenant};

/// Where versions are kept: for every schema in one table, so that one query tells who is behind.
const LEDGER: &str = "
    CREATE SCHEMA IF NOT EXISTS shared;
    CREATE TABLE IF NOT EXISTS shared.schema_migration (
        schema_name text NOT NULL,
        version text NOT NULL,
        breaking boolean NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT schema_migration_pkey PRIMARY KEY (schema_name, version)
    )";

/// The migrations of a realm, oldest first.
pub struct History {
    migrations: Vec<Box<dyn MigrationTrait>>,
    breaking: &'static [&'static str],
    tables: Tables,
}

/// The versions of every schema: its name and the migrations that it has.
#[derive(Debug, Clone, Default)]
pub struct Versions(BTreeMap<String, BTreeSet<String>>);

impl History {
    /// The migrations of `M`, of which those named in `breaking` can't be lived with by older
    /// servers.
    ///
    /// # Panics
    ///
    /// If their names aren't in ascending order. Whether a schema is behind or ahead of a server is
    /// told from the names.
    pub fn of<M: MigratorTrait>(breaking: &'static [&'static str]) -> Self {
        let migrations = M::migrations();
        for pair in migrations.windows(2) {
            let (one, next) = (pair[0].name(), pair[1].name());
            assert!(one < next, "{next} comes after {one}: rename it or move it");
        }
        Self {
            migrations,
            breaking,
            tables: Tables::default(),
        }
    }

    /// The tables of the shared realm that are read before it is known whose request it is: by
    /// [`Database::directory`](crate::Database::directory), which reads no others.
    #[must_use]
    pub fn readable(mut self, tables: &'static [&'static str]) -> Self {
        self.tables.readable = tables;
        self
    }

    /// The tables of the shared realm whose rows nobody who serves may change or delete.
    #[must_use]
    pub fn append_only(mut self, tables: &'static [&'static str]) -> Self {
        self.tables.append_only = tables;
        self
    }

    /// The newest migration's name, empty where there is none.
    pub fn latest(&self) -> &str {
        self.migrations
            .last()
            .map_or("", |migration| migration.name())
    }

    /// Every migration's name, oldest first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.migrations.iter().map(|migration| migration.name())
    }

    /// The names of those that a schema lacks, oldest first.
    pub fn pending<'a>(&'a self, versions: &'a Versions, schema: &'a str) -> Vec<&'a str> {
        self.names()
            .filter(|name| !versions.has(schema, name))
            .collect()
    }

    /// Brings the shared realm to its newest version, and makes the logins and roles that serve;
    /// answers the names of what was applied.
    pub async fn migrate_shared(&self, operator: &Operator) -> Result<Vec<String>, Error> {
        operator.execute(LEDGER).await?;
        rights::make_roles(operator).await?;
        let transaction = operator.structure().await?;
        let versions = Versions::of(&transaction, SHARED_SCHEMA).await?;
        let applied = self
            .bring_up(&transaction, SHARED_SCHEMA, &versions)
            .await?;
        rights::grant_shared(&transaction, &operator.logins, self.tables).await?;
        transaction.commit().await?;
        Ok(applied)
    }

    /// Brings a tenant's schema to its newest version, making it first if it was never made, and
    /// grants what the serving logins lack to enter it. All of it is one transaction.
    pub async fn migrate_tenant(
        &self,
        operator: &Operator,
        tenant: &Tenant,
    ) -> Result<Vec<String>, Error> {
        let schema = tenant.schema.as_str();
        rights::make_further_login(operator, tenant.login).await?;
        let transaction = operator.structure().await?;
        let versions = Versions::of(&transaction, schema).await?;
        let is_new = versions.is_new(schema);
        if is_new {
            let create = format!("CREATE SCHEMA {}", tenant.schema.quoted());
            transaction.execute_unprepared(&create).await?;
        }
        rights::grant_tenant(operator, &transaction, tenant, is_new).await?;
        let applied = self.bring_up(&transaction, schema, &versions).await?;
        transaction.commit().await?;
        Ok(applied)
    }

    /// Applies what a schema lacks, and writes it down.
    async fn bring_up(
        &self,
        transaction: &DatabaseTransaction,
        schema: &str,
        versions: &Versions,
    ) -> Result<Vec<String>, Error> {
        let enter = format!("SET LOCAL search_path TO {}, pg_temp", quote(schema));
        transaction.execute_unprepared(&enter).await?;
        let applied = self.apply(transaction, schema, versions).await?;
        self.record(transaction, schema, &applied).await?;
        Ok(applied)
    }

    async fn apply(
        &self,
        transaction: &DatabaseTransaction,
        schema: &str,
        versions: &Versions,
    ) -> Result<Vec<String>, Error> {
        let manager = SchemaManager::new(transaction);
        let mut applied = Vec::new();
        for migration in &self.migrations {
            let name = migration.name();
            if versions.has(schema, name) {
                continue;
            }
            migration
                .up(&manager)
                .await
                .map_err(|source| Error::Migration {
                    schema: schema.to_owned(),
                    migration: name.to_owned(),
                    source,
                })?;
            applied.push(name.to_owned());
        }
        Ok(applied)
    }

    async fn record(
        &self,
        transaction: &DatabaseTransaction,
        schema: &str,
        applied: &[String],
    ) -> Result<(), DbErr> {
        if applied.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::new();
        let mut values = vec![schema.into()];
        for name in applied {
            let breaking = self.breaking.contains(&name.as_str());
            values.push(name.as_str().into());
            values.push(breaking.into());
            rows.push(format!("($1, ${}, ${})", values.len() - 1, values.len()));
        }
        let sql = format!(
            "INSERT INTO shared.schema_migration (schema_name, version, breaking) VALUES {}",
            rows.join(", ")
        );
        let backend = transaction.get_database_backend();
        transaction
            .execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
        Ok(())
    }
}

impl Versions {
    /// Every schema's versions, in one query. Empty where the shared realm was never made.
    pub async fn all(db: &impl ConnectionTrait) -> Result<Self, DbErr> {
        let exists = "SELECT to_regclass('shared.schema_migration') IS NOT NULL AS there";
        let exists = Statement::from_string(db.get_database_backend(), exists);
        let there = db.query_one_raw(exists).await?;
        if !there.map_or(Ok(false), |row| row.try_get("", "there"))? {
            return Ok(Self::default());
        }
        Self::read(db, "", vec![]).await
    }

    /// The versions of one schema.
    async fn of(db: &impl ConnectionTrait, schema: &str) -> Result<Self, DbErr> {
        Self::read(db, "WHERE schema_name = $1", vec![schema.into()]).await
    }

    async fn read(
        db: &impl ConnectionTrait,
        filter: &str,
        values: Vec<sea_orm::Value>,
    ) -> Result<Self, DbErr> {
        let sql = format!("SELECT schema_name, version FROM shared.schema_migration {filter}");
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        let mut versions = Self::default();
        for row in db.query_all_raw(statement).await? {
            let schema: String = row.try_get("", "schema_name")?;
            versions
                .0
                .entry(schema)
                .or_default()
                .insert(row.try_get("", "version")?);
        }
        Ok(versions)
    }

    /// Whether a schema has a migration.
    pub fn has(&self, schema: &str, name: &str) -> bool {
        self.0
            .get(schema)
            .is_some_and(|versions| versions.contains(name))
    }

    /// The newest migration that a schema has.
    pub fn latest(&self, schema: &str) -> Option<&str> {
        self.0.get(schema)?.last().map(String::as_str)
    }

    fn is_new(&self, schema: &str) -> bool {
        !self.0.contains_key(schema)
    }
}
