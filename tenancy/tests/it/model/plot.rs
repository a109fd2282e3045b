use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbErr, QueryResult};
use tenancy::{ActiveTenant, Tenant, TenantDb, TenantId};
use uuid::Uuid;

use crate::support::statement;

/// What a tenant's rows must be.
pub(super) type Rows = BTreeMap<Uuid, String>;

/// A place with an address, where one tenant lives after another.
#[derive(Default)]
pub(super) struct Plot {
    /// The domain that leads here.
    pub(super) domain: String,
    pub(super) tenant: Option<Tenant>,
    pub(super) rows: Rows,
    /// A key to who lived here before, which somebody kept.
    pub(super) stale: Option<ActiveTenant>,
    /// What was done here, for whoever must understand a failure.
    story: Vec<String>,
    /// How often each kind of thing was done.
    pub(super) tally: BTreeMap<String, usize>,
}

impl Plot {
    pub(super) fn at(domain: String) -> Self {
        Self {
            domain,
            ..Self::default()
        }
    }

    pub(super) fn note(&mut self, what: impl Into<String>) {
        let what = what.into();
        let kind = what.trim_end_matches(|c: char| !c.is_alphabetic());
        let kind = kind.split(':').next().unwrap_or_default();
        *self.tally.entry(kind.to_owned()).or_default() += 1;
        self.story.push(what);
    }

    /// The end of what was done here.
    pub(super) fn story(&self) -> String {
        let from = self.story.len().saturating_sub(20);
        format!("{}: {}", self.domain, self.story[from..].join(", "))
    }

    /// Fails unless these are the rows that the tenant must have, each bearing its stamp.
    pub(super) fn assert_rows(&self, seen: &Rows, expected: &Rows) {
        let id = self.tenant.as_ref().expect("somebody lives here").id;
        for name in seen.values() {
            let own = name.starts_with(&stamp(id));
            assert!(own, "A ROW OF ANOTHER TENANT: {name} at {}", self.story());
        }
        assert_eq!(seen, expected, "{}", self.story());
    }
}

/// What begins the name of each of a tenant's rows.
pub(super) fn stamp(id: TenantId) -> String {
    format!("{id} ")
}

const ALL: &str = "SELECT id, name FROM employee";

/// All the rows that a scope sees.
pub(super) async fn rows(db: &impl ConnectionTrait) -> Result<Rows, DbErr> {
    let rows = db.query_all_raw(statement(ALL)).await?;
    rows.iter().map(pair).collect()
}

/// The same, with its beginning if it hasn't begun.
pub(super) async fn begin_with_rows(db: &TenantDb) -> Result<Rows, DbErr> {
    let rows = db.begin_with(statement(ALL)).await?;
    rows.iter().map(pair).collect()
}

/// The same, of a scope that asks for nothing else.
pub(super) async fn only_rows(db: &TenantDb) -> Result<Rows, DbErr> {
    let rows = db.ask_only(statement(ALL)).await?;
    rows.iter().map(pair).collect()
}

fn pair(row: &QueryResult) -> Result<(Uuid, String), DbErr> {
    Ok((row.try_get("", "id")?, row.try_get("", "name")?))
}
