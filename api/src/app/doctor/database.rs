//! The database as a whole, before anything of ours.

use sea_orm::DbErr;
use tenancy::{Access, NO_SCHEMA, SharedDb};

use super::Finding;
use super::facts::rows;
use crate::app::error::{Error, Result};
use crate::app::reason;
use crate::state::State;

/// Tables and the like in `public`, apart from those that extensions brought along.
const IN_PUBLIC: &str = "
    SELECT c.relname::text AS name
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
    ORDER BY c.relname";

/// What a connection sees where no scope was entered.
const DEFAULT_PATH: &str =
    "SELECT reset_val AS path FROM pg_catalog.pg_settings WHERE name = 'search_path'";

const NOWHERE: &str =
    "SELECT nspname::text AS name FROM pg_catalog.pg_namespace WHERE nspname = 'unscoped'";

pub(super) fn unreachable(error: &Error) -> Finding {
    Finding::new("database-unreachable", "database", reason::of(error)).remedy(
        "start it, or correct DATABASE_URL and INSULA_OPERATOR_DATABASE_URL; `insula config print` shows them",
    )
}

pub(super) async fn check(state: &State) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let serving = state.database.shared(Access::Read);
    findings.extend(default_path(&serving, "the serving login").await?);
    serving.end().await;
    let operator = state.operator.shared(Access::Read);
    findings.extend(default_path(&operator, "the operators' login").await?);
    if !rows(&operator, NOWHERE).await?.is_empty() {
        let problem = "this schema exists, so connections outside any scope see what is in it";
        findings.push(
            Finding::new("default-path", format!("schema {NO_SCHEMA}"), problem).remedy(format!(
                "look at what it holds, then: insula sql --shared 'DROP SCHEMA {NO_SCHEMA} CASCADE'"
            )),
        );
    }
    findings.extend(in_public(&operator).await?);
    operator.end().await;
    Ok(findings)
}

async fn default_path(db: &SharedDb, login: &str) -> Result<Option<Finding>, DbErr> {
    let Some(row) = rows(db, DEFAULT_PATH).await?.pop() else {
        return Ok(None);
    };
    let path: String = row.try_get("", "path")?;
    let problem =
        format!("a connection outside any scope has the path {path}, and sees what is there");
    let remedy = format!("ALTER ROLE <login> SET search_path = {NO_SCHEMA}");
    Ok((path != NO_SCHEMA).then(|| Finding::new("default-path", login, problem).remedy(remedy)))
}

async fn in_public(db: &SharedDb) -> Result<Option<Finding>, DbErr> {
    let names = rows(db, IN_PUBLIC).await?;
    let names: Vec<String> = names
        .iter()
        .map(|row| row.try_get("", "name"))
        .collect::<Result<_, _>>()?;
    if names.is_empty() {
        return Ok(None);
    }
    let problem = format!("it holds {}, which no tenant's scope sees", listed(&names));
    Ok(Some(
        Finding::new("public-not-empty", "schema public", problem)
            .remedy("find out who made them; move them to where they belong, or drop them"),
    ))
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

    #[test]
    fn the_question_after_the_schema_of_no_scope_names_it() {
        assert!(NOWHERE.contains(&format!("'{NO_SCHEMA}'")));
    }
}
