//! What the serving logins are, what they may without a role, and whom they may become.

use sqlx::PgConnection;

use super::{Danger, literal, rows};
use crate::db::Database;
use crate::logins::{Logins, Role};
use crate::schema::TENANTS;

/// What nobody has who serves: the column of `pg_roles`, its word in SQL, why.
const ATTRIBUTES: [(&str, &str, &str); 6] = [
    (
        "rolsuper",
        "NOSUPERUSER",
        "is a superuser, for whom there are no walls",
    ),
    (
        "rolcreaterole",
        "NOCREATEROLE",
        "may make roles, and itself one of them",
    ),
    (
        "rolinherit",
        "NOINHERIT",
        "inherits the rights of every tenant, without having entered one",
    ),
    (
        "rolbypassrls",
        "NOBYPASSRLS",
        "passes by the policies of rows",
    ),
    ("rolcreatedb", "NOCREATEDB", "may make databases"),
    (
        "rolreplication",
        "NOREPLICATION",
        "may replicate, and so read everything",
    ),
];

/// The serving logins: the first has the family's name, the others a number behind it.
pub(super) fn family(logins: &Logins) -> String {
    let name = literal(&logins.login(1));
    format!(
        "= ANY (SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = {name} \
             OR starts_with(rolname, {name} || '_') \
             AND substr(rolname, length({name}) + 2) ~ '^([0-9]+|lookup)$')"
    )
}

/// The numbers of the serving logins that enter tenants.
pub(super) async fn numbers(
    logins: &Logins,
    connection: &mut PgConnection,
) -> Result<Vec<u16>, sqlx::Error> {
    let family = family(logins);
    let start = logins.login(1).len() + 1;
    let sql = format!("SELECT rolname FROM pg_catalog.pg_roles WHERE rolname {family}");
    let names = rows(connection, sql).await?.concat();
    let numbers = names
        .iter()
        .filter_map(|name| name.get(start..)?.parse().ok());
    Ok(numbers.chain([1]).collect())
}

pub(super) async fn check(
    database: &Database,
    connection: &mut PgConnection,
) -> Result<Vec<Danger>, sqlx::Error> {
    let logins = &database.doors.logins;
    let mut dangers = attributes(logins, connection).await?;
    dangers.extend(own_rights(logins, connection).await?);
    dangers.extend(memberships(logins, connection).await?);
    dangers.extend(roles(logins, connection).await?);
    Ok(dangers)
}

async fn attributes(
    logins: &Logins,
    connection: &mut PgConnection,
) -> Result<Vec<Danger>, sqlx::Error> {
    let columns = ATTRIBUTES.map(|(column, ..)| column).join(", ");
    let family = family(logins);
    let sql = format!(
        "SELECT rolname, {columns} FROM pg_catalog.pg_roles WHERE rolname {family} ORDER BY 1"
    );
    let mut dangers = Vec::new();
    for row in rows(connection, sql).await? {
        let (login, has) = (&row[0], &row[1..]);
        for (_, (_, word, why)) in has.iter().zip(ATTRIBUTES).filter(|(has, _)| *has == "t") {
            dangers.push(Danger {
                code: "login-attributes",
                subject: format!("login {login}"),
                problem: format!("it {why}"),
                remedy: format!("ALTER ROLE \"{login}\" {word}, or serve by another login"),
            });
        }
    }
    Ok(dangers)
}

/// What the logins may where no role is set.
async fn own_rights(
    logins: &Logins,
    connection: &mut PgConnection,
) -> Result<Vec<Danger>, sqlx::Error> {
    let family = family(logins);
    let sql = format!(
        "SELECT r.rolname, current_database(),
             has_database_privilege(r.oid, current_database(), 'TEMPORARY'),
             has_database_privilege(r.oid, current_database(), 'CREATE'),
             has_schema_privilege(r.oid, 'public', 'CREATE')
         FROM pg_catalog.pg_roles r
         WHERE r.rolname {family} AND NOT r.rolsuper ORDER BY 1"
    );
    let mut dangers = Vec::new();
    for row in rows(connection, sql).await? {
        let (login, database) = (&row[0], &row[1]);
        let rights = [
            (
                "TEMPORARY",
                format!("DATABASE \"{database}\""),
                "make temporary tables, which stay on the connection",
            ),
            ("CREATE", format!("DATABASE \"{database}\""), "make schemas"),
            (
                "CREATE",
                "SCHEMA public".to_owned(),
                "make tables in public",
            ),
        ];
        for (_, (right, place, what)) in row[2..].iter().zip(rights).filter(|(has, _)| *has == "t")
        {
            dangers.push(Danger {
                code: "login-rights",
                subject: format!("login {login}"),
                problem: format!("it may {what}"),
                remedy: format!(
                    "REVOKE {right} ON {place} FROM PUBLIC; REVOKE {right} ON {place} FROM \"{login}\""
                ),
            });
        }
    }
    Ok(dangers)
}

/// Whom the logins may become, by however many steps, that is no tenant.
async fn memberships(
    logins: &Logins,
    connection: &mut PgConnection,
) -> Result<Vec<Danger>, sqlx::Error> {
    let name = |role| literal(&logins.role(role));
    let (directory, shared) = (name(Role::Directory), name(Role::Shared));
    let family = family(logins);
    let sql = format!(
        "WITH RECURSIVE reach AS (
             SELECT l.oid AS login, m.roleid
             FROM pg_catalog.pg_auth_members m
             JOIN pg_catalog.pg_roles l ON l.oid = m.member
             WHERE l.rolname {family}
             UNION
             SELECT reach.login, m.roleid
             FROM reach JOIN pg_catalog.pg_auth_members m ON m.member = reach.roleid
         )
         SELECT l.rolname, r.rolname
         FROM reach
         JOIN pg_catalog.pg_roles l ON l.oid = reach.login
         JOIN pg_catalog.pg_roles r ON r.oid = reach.roleid
         WHERE NOT r.rolname {TENANTS} AND r.rolname NOT IN ({directory}, {shared})
         UNION
         SELECT t.rolname, r.rolname
         FROM pg_catalog.pg_auth_members m
         JOIN pg_catalog.pg_roles t ON t.oid = m.member
         JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
         WHERE m.member IN (SELECT roleid FROM reach)
         ORDER BY 1, 2 LIMIT 10"
    );
    let danger = |row: &Vec<String>| Danger {
        code: "login-membership",
        subject: format!("role {}", row[0]),
        problem: format!("it may become {}, or has its rights", row[1]),
        remedy: format!("REVOKE \"{}\" FROM \"{}\"", row[1], row[0]),
    };
    Ok(rows(connection, sql).await?.iter().map(danger).collect())
}

/// Roles that a login may become and that are more than they should be. Whom they may become in turn,
/// the login may too.
async fn roles(logins: &Logins, connection: &mut PgConnection) -> Result<Vec<Danger>, sqlx::Error> {
    let family = family(logins);
    let sql = format!(
        "SELECT DISTINCT r.rolname
         FROM pg_catalog.pg_roles r
         JOIN pg_catalog.pg_auth_members m ON m.roleid = r.oid
         JOIN pg_catalog.pg_roles l ON l.oid = m.member
         WHERE l.rolname {family}
         AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication)
         ORDER BY 1 LIMIT 10"
    );
    let danger = |row: &Vec<String>| Danger {
        code: "role-rights",
        subject: format!("role {}", row[0]),
        problem: "it has attributes that nobody needs who serves".to_owned(),
        remedy: format!(
            "ALTER ROLE \"{}\" NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS NOREPLICATION",
            row[0]
        ),
    };
    Ok(rows(connection, sql).await?.iter().map(danger).collect())
}
