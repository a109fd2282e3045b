//! Who may touch what: the logins and roles of a database, and what they are granted.
//!
//! The operators' login owns every schema and table. The serving logins own nothing and inherit
//! nothing; they may only become the roles that are made here. So a connection on which no role was
//! set may touch nothing, and one with a tenant's role that tenant's rows.

mod logins;
mod shared;
mod tenant;

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbErr, Statement, TryGetable, Value};

pub(crate) use logins::{make_further_login, make_roles};
pub(crate) use shared::{Tables, grant_shared};
pub(crate) use tenant::grant_tenant;

use crate::error::Error;
use crate::logins::Isolation;
use crate::schema::TENANTS;
use crate::{Access, Operator};

/// Tenants' schemas that can't be entered as they should be, by what was granted.
fn ungranted() -> String {
    format!(
        "
    SELECT n.nspname::text AS name
    FROM pg_catalog.pg_namespace n
    LEFT JOIN pg_catalog.pg_roles r ON r.rolname = CASE WHEN $2 THEN n.nspname ELSE $1 END
    WHERE n.nspname {TENANTS} AND (
        NOT EXISTS (
            SELECT FROM pg_catalog.aclexplode(n.nspacl) a
            WHERE a.grantee = r.oid AND a.privilege_type = 'USAGE'
        )
        OR $2 AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_auth_members m
            JOIN pg_catalog.pg_roles l ON l.oid = m.member
            WHERE m.roleid = r.oid AND (l.rolname = $1
                OR starts_with(l.rolname, $1 || '_') AND substr(l.rolname, length($1) + 2) ~ '^[0-9]+$')
        )
    )"
    )
}

impl Operator {
    /// The tenants' schemas that the serving logins can't enter, because they were made before
    /// there were roles, say, or come from a backup. Migrating such a tenant grants what is missing.
    pub async fn ungranted(&self) -> Result<BTreeSet<String>, Error> {
        if self.logins.grants_nothing() {
            return Ok(BTreeSet::new());
        }
        let db = self.shared(Access::Read);
        let by_roles = self.logins.isolation == Isolation::Role;
        let values = vec![self.logins.login(1).into(), by_roles.into()];
        let query = Statement::from_sql_and_values(db.get_database_backend(), ungranted(), values);
        let rows = db.query_all_raw(query).await?;
        let names = rows.iter().map(|row| row.try_get("", "name"));
        Ok(names.collect::<Result<_, _>>()?)
    }
}

/// The first column of the only row.
async fn ask<T: TryGetable>(
    db: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<T, DbErr> {
    let query = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let row = db.query_one_raw(query).await?;
    let none = || DbErr::RecordNotFound(sql.to_owned());
    row.ok_or_else(none)?.try_get_by_index(0)
}
