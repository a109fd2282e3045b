//! What lies in the schemas that a request may enter: who owns it, and with whose rights it works.

use sqlx::PgConnection;

use super::{Danger, literal, rows};
use crate::db::Database;
use crate::logins::{Logins, Role};
use crate::schema::TENANTS;

/// The schemas of which requests may use something.
fn entered() -> String {
    format!("(n.nspname {TENANTS} OR n.nspname IN ('shared', 'public'))")
}

/// Everybody who a request can be.
fn served(logins: &Logins) -> String {
    let name = |role| literal(&logins.role(role));
    let (directory, shared) = (name(Role::Directory), name(Role::Shared));
    let family = super::logins::family(logins);
    format!("(r.rolname {TENANTS} OR r.rolname IN ({directory}, {shared}) OR r.rolname {family})")
}

pub(super) async fn check(
    database: &Database,
    connection: &mut PgConnection,
) -> Result<Vec<Danger>, sqlx::Error> {
    let mut dangers = owned(&database.doors.logins, connection).await?;
    dangers.extend(definers(connection).await?);
    dangers.extend(views(connection).await?);
    Ok(dangers)
}

/// Who owns something may do with it what he likes, and grant it to anybody.
async fn owned(logins: &Logins, connection: &mut PgConnection) -> Result<Vec<Danger>, sqlx::Error> {
    let (entered, served) = (entered(), served(logins));
    let sql = format!(
        "SELECT 'SCHEMA', quote_ident(n.nspname), r.rolname
         FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
         WHERE {entered} AND {served}
         UNION ALL
         SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
                quote_ident(n.nspname) || '.' || quote_ident(c.relname), r.rolname
         FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {entered} AND {served}
         UNION ALL
         SELECT 'ROUTINE', p.oid::regprocedure::text, r.rolname
         FROM pg_catalog.pg_proc p
         JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
         JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
         WHERE {entered} AND {served}
         LIMIT 10"
    );
    let operator = logins.operator.get_username();
    let danger = |row: &Vec<String>| {
        let (kind, name, owner) = (&row[0], &row[1], &row[2]);
        Danger {
            code: "owner",
            subject: format!("{} {name}", kind.to_lowercase()),
            problem: format!("it belongs to {owner}, and a request may become {owner}"),
            remedy: format!("ALTER {kind} {name} OWNER TO \"{operator}\""),
        }
    };
    Ok(rows(connection, sql).await?.iter().map(danger).collect())
}

/// Functions that work with the rights of their owner, whoever calls them.
async fn definers(connection: &mut PgConnection) -> Result<Vec<Danger>, sqlx::Error> {
    let entered = entered();
    let sql = format!(
        "SELECT p.oid::regprocedure::text
         FROM pg_catalog.pg_proc p
         JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
         WHERE p.prosecdef AND {entered}
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
             WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
             AND d.deptype = 'e')
         ORDER BY 1 LIMIT 10"
    );
    let danger = |row: &Vec<String>| Danger {
        code: "definer",
        subject: format!("function {}", row[0]),
        problem: "it works with the rights of its owner, whoever calls it".to_owned(),
        remedy: format!("ALTER ROUTINE {} SECURITY INVOKER", row[0]),
    };
    Ok(rows(connection, sql).await?.iter().map(danger).collect())
}

/// Views that read with the rights of their owner, whoever asks them.
async fn views(connection: &mut PgConnection) -> Result<Vec<Danger>, sqlx::Error> {
    let entered = entered();
    let sql = format!(
        "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
         FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'v' AND {entered} AND n.nspname <> 'public'
         AND NOT coalesce(c.reloptions::text, '') ~ 'security_invoker=(true|on|1|yes)'
         ORDER BY 1 LIMIT 10"
    );
    let danger = |row: &Vec<String>| Danger {
        code: "definer",
        subject: format!("view {}", row[0]),
        problem: "it reads with the rights of its owner, whoever asks it".to_owned(),
        remedy: format!("ALTER VIEW {} SET (security_invoker = true)", row[0]),
    };
    Ok(rows(connection, sql).await?.iter().map(danger).collect())
}
