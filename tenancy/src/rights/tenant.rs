//! A tenant's role, and what it may do in its schema.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};

use crate::error::Error;
use crate::logins::{Isolation, Logins, Role};
use crate::schema::quote;
use crate::{Operator, Tenant};

/// What there is of a tenant's rights.
struct Facts {
    /// Its role.
    role: bool,
    /// That its serving login may become it.
    member: bool,
    /// Its way into the schema.
    usage: bool,
    /// What kind of role it needs: Citus connects to its machines as the role.
    kind: String,
}

const FACTS: &str = "
    SELECT
        EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1) AS role,
        EXISTS (
            SELECT FROM pg_catalog.pg_auth_members m
            JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
            JOIN pg_catalog.pg_roles l ON l.oid = m.member
            WHERE r.rolname = $1 AND l.rolname = $2
            AND coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)
        ) AS member,
        EXISTS (
            SELECT FROM pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) a
            JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
            WHERE n.nspname = $3 AND r.rolname = $1 AND a.privilege_type = 'USAGE'
        ) AS usage,
        CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus')
            THEN 'LOGIN' ELSE 'NOLOGIN' END AS kind";

/// Makes a tenant's role and grants it the tenant's rows, as far as that wasn't done. A schema
/// that is new has no tables yet: whatever is made in it later is granted when it is made.
pub(crate) async fn grant_tenant(
    operator: &Operator,
    transaction: &DatabaseTransaction,
    tenant: &Tenant,
    is_new: bool,
) -> Result<(), Error> {
    let logins = &operator.logins;
    if logins.grants_nothing() {
        return Ok(());
    }
    let facts = Facts::of(transaction, logins, tenant).await?;
    let mut statements = Vec::new();
    if logins.isolation == Isolation::Role {
        let role = tenant.schema.quoted();
        if !facts.role {
            statements.push(format!("CREATE ROLE {role} {} NOINHERIT", facts.kind));
        }
        if !facts.member {
            let login = quote(&logins.login(tenant.login));
            statements.push(format!("GRANT {role} TO {login}"));
        }
    }
    if !facts.usage {
        statements.extend(grants(logins, tenant, is_new));
        if !is_new && logins.isolation == Isolation::Role {
            statements.extend(taken_back(logins, tenant));
        }
    }
    if !statements.is_empty() {
        transaction
            .execute_unprepared(&statements.join("; "))
            .await?;
    }
    Ok(())
}

fn grants(logins: &Logins, tenant: &Tenant, is_new: bool) -> Vec<String> {
    let mut grants = vec![(
        quote(&logins.grantee(&tenant.schema)),
        "SELECT, INSERT, UPDATE, DELETE",
    )];
    if logins.isolation == Isolation::Role {
        grants.push((quote(&logins.role(Role::Fleet)), "SELECT"));
    }
    let schema = tenant.schema.quoted();
    let statements = |(who, what): &(String, &str)| {
        let enter = format!("GRANT USAGE ON SCHEMA {schema} TO {who}");
        let later =
            format!("ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT {what} ON TABLES TO {who}");
        // Goes through the whole catalogue, which takes time where there are many tenants.
        let now = format!("GRANT {what} ON ALL TABLES IN SCHEMA {schema} TO {who}");
        [Some(enter), Some(later), (!is_new).then_some(now)]
    };
    grants.iter().flat_map(statements).flatten().collect()
}

/// What the serving login had of its own as long as there were no roles.
fn taken_back(logins: &Logins, tenant: &Tenant) -> [String; 3] {
    let (schema, login) = (tenant.schema.quoted(), quote(&logins.login(1)));
    [
        format!("REVOKE ALL ON SCHEMA {schema} FROM {login}"),
        format!("REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {login}"),
        format!("ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} REVOKE ALL ON TABLES FROM {login}"),
    ]
}

impl Facts {
    async fn of(
        transaction: &DatabaseTransaction,
        logins: &Logins,
        tenant: &Tenant,
    ) -> Result<Self, DbErr> {
        let values = vec![
            logins.grantee(&tenant.schema).into(),
            logins.login(tenant.login).into(),
            tenant.schema.as_str().into(),
        ];
        let backend = transaction.get_database_backend();
        let query = Statement::from_sql_and_values(backend, FACTS, values);
        let row = transaction.query_one_raw(query).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound(tenant.schema.to_string()))?;
        Ok(Self {
            role: row.try_get("", "role")?,
            member: row.try_get("", "member")?,
            usage: row.try_get("", "usage")?,
            kind: row.try_get("", "kind")?,
        })
    }
}
