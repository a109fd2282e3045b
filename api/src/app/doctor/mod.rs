//! Everything that can be wrong between this program, the registry and the database.
//!
//! Only what is certain is told, each with what mends it. Nothing is changed here but by [`fix`].

mod database;
mod facts;
mod registry;
mod schemas;

pub use database::level;

use entity::shared::tenant;
use serde::Serialize;
use tenancy::Access;

use super::audit::{Action, By, Event};
use super::error::Result;
use super::fleet::{self, Listener, Report, Scope};
use crate::auth::Can;
use crate::auth::permission::{ManageFleet, ViewFleet};
use crate::state::State;
use facts::Facts;

/// How many tenants are migrated at once.
const JOBS: usize = 4;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of wrong, for scripts.
    pub code: &'static str,
    /// What it is about: a tenant, a schema, the database.
    pub subject: String,
    /// The tenant's slug, where it is about one.
    pub tenant: Option<String>,
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
    /// Whether [`fix`] does it.
    pub fixable: bool,
}

/// Looks at everything. A database that is away is a finding too.
pub async fn examine(state: &State, allowed: Can<ViewFleet>) -> Result<Vec<Finding>> {
    match look(state, allowed).await {
        Err(error) if error.is_unavailable() => Ok(vec![database::unreachable(&error)]),
        findings => findings,
    }
}

/// What makes it unsafe to serve tenants from this database.
pub async fn dangers(state: &State) -> Result<Vec<Finding>> {
    database::check(state, false).await
}

/// Does what is safe about these findings: brings up to date who is behind, and nobody else.
pub async fn fix(
    state: &State,
    by: &By<ManageFleet>,
    findings: &[Finding],
    listener: Listener<'_>,
) -> Result<Report> {
    let act = by.act(Action::DoctorFix);
    let fixing = Box::pin(fix_noted(state, (by, &act), findings, listener));
    act.watch(state, fixing).await
}

async fn fix_noted(
    state: &State,
    (by, act): (&By<ManageFleet>, &Event),
    findings: &[Finding],
    listener: Listener<'_>,
) -> Result<Report> {
    let fixable = || findings.iter().filter(|finding| finding.fixable);
    let tenants: Vec<_> = fixable().filter_map(|one| one.tenant.clone()).collect();
    let scope = Scope {
        shared_only: tenants.is_empty(),
        tenants,
        canary: None,
        jobs: JOBS,
    };
    let report = fleet::migrate(state, by, &scope, listener).await?;
    let codes: Vec<_> = fixable().map(|finding| finding.code).collect();
    let db = state.operator.shared(Access::Write);
    act.clone().with("findings", codes).done(&db).await?;
    db.commit().await?;
    Ok(report)
}

async fn look(state: &State, allowed: Can<ViewFleet>) -> Result<Vec<Finding>> {
    let shared = schemas::check_shared(state).await?;
    let is_behind = shared.iter().any(|finding| finding.fixable);
    let mut findings = database::check(state, is_behind).await?;
    findings.extend(shared);
    if is_behind {
        // Without today's registry there is nothing to compare with.
        return Ok(findings);
    }
    let facts = Facts::read(state, allowed).await?;
    findings.extend(registry::check(state, &facts).await?);
    findings.extend(schemas::check(state, &facts));
    Ok(findings)
}

impl Finding {
    fn new(code: &'static str, subject: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            code,
            subject: subject.into(),
            tenant: None,
            problem: problem.into(),
            remedy: String::new(),
            fixable: false,
        }
    }

    fn about(tenant: &tenant::Model, code: &'static str, problem: impl Into<String>) -> Self {
        Self {
            tenant: Some(tenant.slug.clone()),
            ..Self::new(code, format!("tenant {}", tenant.slug), problem)
        }
    }

    /// Whether it is the same kind of wrong at the same place.
    pub fn is_like(&self, other: &Self) -> bool {
        self.code == other.code && self.subject == other.subject
    }

    /// With what mends it.
    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// With the command that mends it, which [`fix`] does too.
    fn fixed_by(mut self, remedy: impl Into<String>) -> Self {
        self.fixable = true;
        self.remedy(remedy)
    }
}
