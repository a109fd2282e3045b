//! Whose the schemas are, and who else may enter them.

use sqlx::PgConnection;

use super::{Danger, literal, rows, things};
use crate::db::Database;
use crate::logins::{Isolation, Role};
use crate::schema::{NO_SCHEMA, TENANTS};

/// The first few tables and the like in `public`, apart from those that extensions brought along.
const IN_PUBLIC: &str = "
    SELECT c.relname
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
    ORDER BY c.relname LIMIT 10";

pub(super) async fn check(
    database: &Database,
    connection: &mut PgConnection,
) -> Result<Vec<Danger>, sqlx::Error> {
    let mut dangers = Vec::new();
    dangers.extend(in_public(connection).await?);
    dangers.extend(nowhere(connection).await?);
    dangers.extend(owners(connection).await?);
    if database.isolation() == Isolation::Role {
        dangers.extend(guests(database, connection).await?);
        dangers.extend(things::check(database, connection).await?);
    }
    Ok(dangers)
}

async fn in_public(connection: &mut PgConnection) -> Result<Option<Danger>, sqlx::Error> {
    let names = rows(connection, IN_PUBLIC.to_owned()).await?;
    let names = names.concat().join(", ");
    Ok((!names.is_empty()).then(|| Danger {
        code: "public-not-empty",
        subject: "schema public".to_owned(),
        problem: format!("it holds {names}, which no tenant's scope sees"),
        remedy: "find out who made them; move them to where they belong, or drop them".to_owned(),
    }))
}

/// The schema that no connection's default path finds must not be there.
async fn nowhere(connection: &mut PgConnection) -> Result<Option<Danger>, sqlx::Error> {
    let sql = format!("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = '{NO_SCHEMA}'");
    let found = !rows(connection, sql).await?.is_empty();
    Ok(found.then(|| Danger {
        code: "default-path",
        subject: format!("schema {NO_SCHEMA}"),
        problem: "this schema exists, so connections outside any scope see what is in it"
            .to_owned(),
        remedy: format!("look at what it holds, then: DROP SCHEMA {NO_SCHEMA} CASCADE"),
    }))
}

/// Tenants' schemas whose owner isn't that of the shared realm: he may do there what he likes.
async fn owners(connection: &mut PgConnection) -> Result<Vec<Danger>, sqlx::Error> {
    let sql = format!(
        "SELECT n.nspname, pg_catalog.pg_get_userbyid(n.nspowner), \
                pg_catalog.pg_get_userbyid(s.nspowner) \
         FROM pg_catalog.pg_namespace n, pg_catalog.pg_namespace s \
         WHERE s.nspname = 'shared' AND n.nspname {TENANTS} AND n.nspowner <> s.nspowner \
         ORDER BY 1 LIMIT 10"
    );
    let danger = |row: &Vec<String>| Danger {
        code: "schema-owner",
        subject: format!("schema {}", row[0]),
        problem: format!(
            "it belongs to {}, and the shared realm to {}",
            row[1], row[2]
        ),
        remedy: format!("ALTER SCHEMA \"{}\" OWNER TO \"{}\"", row[0], row[2]),
    };
    Ok(rows(connection, sql).await?.iter().map(danger).collect())
}

/// Those among whom a request can be, who may enter a schema that isn't theirs, or change it.
async fn guests(
    database: &Database,
    connection: &mut PgConnection,
) -> Result<Vec<Danger>, sqlx::Error> {
    let logins = &database.doors.logins;
    let name = |role| literal(&logins.role(role));
    let (directory, shared) = (name(Role::Directory), name(Role::Shared));
    let family = super::logins::family(logins);
    let sql = format!(
        "SELECT n.nspname, coalesce(g.rolname, 'PUBLIC'), a.privilege_type
         FROM pg_catalog.pg_namespace n
         CROSS JOIN pg_catalog.aclexplode(n.nspacl) a
         LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
         WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
             WHERE d.classid = 'pg_catalog.pg_namespace'::regclass AND d.objid = n.oid
             AND d.deptype = 'e')
         AND a.grantee <> n.nspowner
         AND (a.grantee = 0 OR g.rolname {TENANTS} OR g.rolname IN ({directory}, {shared})
             OR g.rolname {family})
         AND NOT (a.privilege_type = 'USAGE' AND a.grantee <> 0 AND (
             g.rolname = n.nspname
             OR n.nspname = 'shared' AND g.rolname IN ({directory}, {shared})))
         ORDER BY 1, 2 LIMIT 10"
    );
    let danger = |row: &Vec<String>| {
        let quoted = |who: &str| match who {
            "PUBLIC" => who.to_owned(),
            who => format!("\"{who}\""),
        };
        let (schema, who, what) = (&row[0], &row[1], &row[2]);
        Danger {
            code: "role-rights",
            subject: format!("schema {schema}"),
            problem: format!("{who} has {what} on it, and a request may become {who}"),
            remedy: format!("REVOKE {what} ON SCHEMA \"{schema}\" FROM {}", quoted(who)),
        }
    };
    Ok(rows(connection, sql).await?.iter().map(danger).collect())
}
