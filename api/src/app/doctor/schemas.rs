//! The schemas, compared with the registry and with what this program expects in them.

use std::collections::BTreeSet;

use entity::shared::tenant;
use entity::tenant as entities;
use sea_orm::EntityName;
use tenancy::{Access, History, SHARED_SCHEMA, SchemaName, Versions};

use super::Finding;
use super::database::listed;
use super::facts::{Applied, Facts, ledger};
use crate::app::error::Result;
use crate::app::{fleet, tenants};
use crate::state::State;

/// The remedy for a program that is older than a schema.
const NEWER: &str = "use the newer version of this program";

/// The shared realm's own version; findings that are fixable say that it is behind.
pub(super) async fn check_shared(state: &State) -> Result<Vec<Finding>> {
    let db = state.operator.shared(Access::Read);
    let versions = Versions::all(&db).await?;
    let history = &state.histories.shared;
    let pending = history.pending(&versions, SHARED_SCHEMA).len();
    let mut findings = Vec::new();
    if pending > 0 {
        let problem = format!("it is {} behind this program", migrations(pending));
        findings.push(
            Finding::new("shared-behind", "shared realm", problem).fixed_by("insula migrate"),
        );
    }
    if versions.latest(SHARED_SCHEMA).is_some() {
        let ledger = ledger(&db, Some(SHARED_SCHEMA)).await?;
        let applied = ledger.get(SHARED_SCHEMA).map(Vec::as_slice);
        let applied = applied.unwrap_or_default();
        findings.extend(
            ahead(history, applied)
                .map(|problem| Finding::new("ahead", "shared realm", problem).remedy(NEWER)),
        );
    }
    db.end().await;
    Ok(findings)
}

pub(super) fn check(state: &State, facts: &Facts) -> Vec<Finding> {
    let mut findings = without_tenant(facts);
    let whole = |tenant: &&tenant::Model| fleet::is_whole(tenants::status_of(tenant.status));
    for tenant in facts.tenants.iter().filter(whole) {
        findings.extend(of_tenant(state, facts, tenant));
    }
    findings
}

/// Schemas that no tenant has: of a creation or a removal that went wrong.
fn without_tenant(facts: &Facts) -> Vec<Finding> {
    let known: BTreeSet<_> = facts
        .tenants
        .iter()
        .map(|tenant| &tenant.schema_name)
        .collect();
    let stray = facts
        .schemas
        .iter()
        .filter(|(name, _)| name.parse::<SchemaName>().is_ok() && !known.contains(name));
    stray
        .map(|(name, tables)| {
            let problem = format!("no tenant has it; it holds {} tables", tables.len());
            Finding::new("schema-without-tenant", format!("schema {name}"), problem).remedy(
                format!(
                    "look at what it holds and back it up, then: insula sql --shared 'DROP SCHEMA \"{name}\" CASCADE'"
                ),
            )
        })
        .collect()
}

fn of_tenant(state: &State, facts: &Facts, tenant: &tenant::Model) -> Vec<Finding> {
    let history = &state.histories.tenant;
    let applied = facts.ledger.get(&tenant.schema_name).map(Vec::as_slice);
    let applied = applied.unwrap_or_default();
    let Some(tables) = facts.schemas.get(&tenant.schema_name) else {
        let problem = format!("its schema {} is not there", tenant.schema_name);
        let finding = Finding::about(tenant, "schema-missing", problem)
            .remedy("restore the schema from a backup; until then its requests fail");
        return vec![finding];
    };
    let mut findings: Vec<_> = ahead(history, applied)
        .map(|problem| Finding::about(tenant, "ahead", problem).remedy(NEWER))
        .into_iter()
        .collect();
    let has = |name: &str| applied.iter().any(|applied| applied.version == name);
    let pending = history.names().filter(|name| !has(name)).count();
    if pending > 0 {
        findings.push(behind(tenant, pending));
    } else {
        findings.extend(missing_tables(tenant, tables));
        findings.extend(ungranted(facts, tenant));
    }
    findings
}

/// A schema that was made or restored without its role, so that no request gets in.
fn ungranted(facts: &Facts, tenant: &tenant::Model) -> Option<Finding> {
    let problem = "the serving login has no rights to enter its schema";
    let finding = Finding::about(tenant, "tenant-ungranted", problem)
        .fixed_by(format!("insula migrate --tenant {}", tenant.slug));
    let lacks = facts.ungranted.contains(&tenant.schema_name);
    lacks.then_some(finding)
}

fn behind(tenant: &tenant::Model, pending: usize) -> Finding {
    let why = tenant.failure.as_ref();
    let why = why.map_or_else(String::new, |why| format!("; the last try failed: {why}"));
    let problem = format!(
        "its schema is {} behind this program{why}",
        migrations(pending)
    );
    Finding::about(tenant, "tenant-behind", problem)
        .fixed_by(format!("insula migrate --tenant {}", tenant.slug))
}

/// What is to be said of migrations that this program doesn't know: it is older than what has been at work here.
fn ahead(history: &History, applied: &[Applied]) -> Option<String> {
    let known: BTreeSet<_> = history.names().collect();
    let unknown: Vec<_> = applied
        .iter()
        .filter(|applied| !known.contains(applied.version.as_str()))
        .collect();
    if unknown.is_empty() {
        return None;
    }
    let breaks = unknown.iter().any(|applied| applied.breaking);
    let names: Vec<_> = unknown
        .iter()
        .map(|applied| applied.version.clone())
        .collect();
    let effect = if breaks {
        ", and can't be served by it"
    } else {
        ""
    };
    Some(format!(
        "it has migrations that this program doesn't know{effect}: {}",
        listed(&names)
    ))
}

/// Tables that its version should have.
fn missing_tables(tenant: &tenant::Model, tables: &BTreeSet<String>) -> Option<Finding> {
    let expected = [
        entities::user::Entity.table_name(),
        entities::session::Entity.table_name(),
        entities::department::Entity.table_name(),
        entities::employee::Entity.table_name(),
        entities::customer::Entity.table_name(),
        entities::invoice::Entity.table_name(),
        entities::invoice_line::Entity.table_name(),
        entities::number_series::Entity.table_name(),
    ];
    let missing: Vec<_> = expected
        .into_iter()
        .filter(|&table| !tables.contains(table))
        .map(str::to_owned)
        .collect();
    let problem = format!(
        "its schema lacks tables that its version should have: {}",
        listed(&missing)
    );
    let finding = Finding::about(tenant, "table-missing", problem)
        .remedy("restore the tables from a backup; somebody removed them by hand");
    (!missing.is_empty()).then_some(finding)
}

fn migrations(count: usize) -> String {
    match count {
        1 => "1 migration".to_owned(),
        count => format!("{count} migrations"),
    }
}
