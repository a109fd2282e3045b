//! The database as a whole, before anything of ours.

use std::sync::Arc;

use entity::shared::tenant;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{Access, ActiveTenant, Danger, Isolation};

use super::Finding;
use crate::app::error::{Error, Result};
use crate::app::{reason, tenants};
use crate::state::State;

pub(super) fn unreachable(error: &Error) -> Finding {
    Finding::new("database-unreachable", "database", reason::of(error)).remedy(
        "start it, or correct DATABASE_URL and INSULA_OPERATOR_DATABASE_URL; `insula config print` shows them",
    )
}

/// What lets tenants out of their schemas, or could.
///
/// The way is tried with a tenant, unless the registry isn't yet what this program knows.
pub(super) async fn check(state: &State, is_behind: bool) -> Result<Vec<Finding>> {
    let tenant = if is_behind {
        None
    } else {
        somebody(state).await?
    };
    let dangers = state.database.audit(tenant.as_ref()).await?;
    Ok(dangers.into_iter().map(Finding::from).collect())
}

/// What keeps tenants apart here, in a few words.
pub fn level(state: &State) -> &'static str {
    match state.database.isolation() {
        Isolation::Role => "role",
        Isolation::Path => "path",
    }
}

/// The newest tenant that may be entered.
async fn somebody(state: &State) -> Result<Option<ActiveTenant>> {
    let db = state.operator.shared(Access::Read);
    let row = tenant::Entity::find()
        .filter(tenant::Column::Status.eq(tenant::Status::Active))
        .order_by_desc(tenant::Column::Id)
        .one(&db)
        .await?;
    db.end().await;
    let Some(row) = row else {
        return Ok(None);
    };
    let known = Arc::new(tenants::known(&row)?);
    // Its version doesn't matter: no table of it is touched.
    Ok(known.enter("").ok())
}

impl From<Danger> for Finding {
    fn from(danger: Danger) -> Self {
        let Danger {
            code,
            subject,
            problem,
            remedy,
        } = danger;
        Self::new(code, subject, problem).remedy(remedy)
    }
}

/// The first few of many.
pub(super) fn listed(names: &[String]) -> String {
    const MOST: usize = 5;
    match names.len().saturating_sub(MOST) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..MOST].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<_> = (1..=7).map(|n| n.to_string()).collect();
        assert_eq!(listed(&names[..5]), "1, 2, 3, 4, 5");
        assert_eq!(listed(&names), "1, 2, 3, 4, 5 and 2 more");
    }
}
