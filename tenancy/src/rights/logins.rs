//! The serving logins and the roles that belong to no tenant. They are the cluster's.

use sea_orm::{ConnectionTrait, Value};

use super::ask;
use crate::error::{Error, is_race};
use crate::logins::{Isolation, LOOKUP, Logins, Role};
use crate::schema::{NO_SCHEMA, quote};
use crate::{Access, Operator};

/// How often to begin again when somebody changes the same roles, perhaps from another database of
/// the cluster: no lock of ours reaches that far.
const ATTEMPTS: usize = 10;

/// Makes what is missing of the first serving login and of the roles that belong to no tenant.
pub(crate) async fn make_roles(operator: &Operator) -> Result<(), Error> {
    let logins = &operator.logins;
    make_login(operator, 1).await?;
    if logins.isolation == Isolation::Path {
        return Ok(());
    }
    make_login(operator, LOOKUP).await?;
    let mut further = 2;
    while is_there(operator, further).await? {
        // For its password.
        make_login(operator, further).await?;
        further += 1;
    }
    let (login, lookup) = (quote(&logins.login(1)), quote(&logins.login(LOOKUP)));
    for role in Role::ALL {
        let name = logins.role(role);
        let quoted = quote(&name);
        let create = format!("CREATE ROLE {quoted} NOLOGIN");
        unless(operator, THERE, vec![name.as_str().into()], &create).await?;
        let member = match role {
            Role::Fleet => "CURRENT_USER",
            Role::Directory => &lookup,
            Role::Shared => &login,
        };
        let grant = format!("GRANT {quoted} TO {member}");
        let values = vec![quoted.as_str().into(), member.into()];
        unless(operator, MEMBER, values, &grant).await?;
    }
    Ok(())
}

const THERE: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)";

/// Whether the second role may become the first by a grant of its own. From version 16 on who makes
/// a role is a member of it who may only hand it on.
const MEMBER: &str = "
    SELECT EXISTS (
        SELECT FROM pg_catalog.pg_auth_members m
        WHERE roleid = $1::text::regrole
        AND member = CASE $2::text
            WHEN 'CURRENT_USER' THEN quote_ident(current_user) ELSE $2 END::regrole
        AND coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)
    )";

/// Makes the serving login that a tenant is to have, unless it was made before. It takes a
/// connection of its own, so the caller may hold none.
pub(crate) async fn make_further_login(operator: &Operator, number: u16) -> Result<(), Error> {
    if operator.logins.isolation == Isolation::Path
        || number <= 1
        || is_there(operator, number).await?
    {
        return Ok(());
    }
    make_login(operator, number).await
}

async fn is_there(operator: &Operator, number: u16) -> Result<bool, Error> {
    let db = operator.shared(Access::Read);
    let there = ask(&db, THERE, vec![operator.logins.login(number).into()]).await?;
    db.end().await;
    Ok(there)
}

/// Makes the serving login of this number, if it isn't there; and sets its password, if that is
/// ours and isn't taken.
async fn make_login(operator: &Operator, number: u16) -> Result<(), Error> {
    let logins = &operator.logins;
    let name = logins.login(number);
    let values = vec![name.as_str().into()];
    let made = unless(operator, THERE, values, &create(logins, &name)).await?;
    if made || !logins.owns(number) || operator.lets_in(number).await? {
        return Ok(());
    }
    let set = format!("ALTER ROLE {} {}", quote(&name), password(logins));
    unless(operator, "SELECT false", vec![], &set).await?;
    Ok(())
}

fn create(logins: &Logins, name: &str) -> String {
    let (quoted, password) = (quote(name), password(logins));
    let modest = "NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION";
    format!(
        "CREATE ROLE {quoted} LOGIN {modest} {password}; \
         ALTER ROLE {quoted} SET search_path = {NO_SCHEMA}"
    )
}

/// Hashed here, since PostgreSQL may log the statement.
fn password(logins: &Logins) -> String {
    let hash = |password: &str| postgres_protocol::password::scram_sha_256(password.as_bytes());
    let password = logins.password().map(hash);
    password.map_or_else(
        || "PASSWORD NULL".to_owned(),
        |hash| format!("PASSWORD '{hash}'"),
    )
}

/// Runs a statement unless this question is answered by yes; again if that collided with somebody
/// else's. Answers whether it ran.
async fn unless(
    operator: &Operator,
    question: &str,
    values: Vec<Value>,
    statement: &str,
) -> Result<bool, Error> {
    let mut attempts = ATTEMPTS;
    loop {
        let transaction = operator.structure().await?;
        if ask(&transaction, question, values.clone()).await? {
            return Ok(false);
        }
        let done = match transaction.execute_unprepared(statement).await {
            Ok(_) => transaction.commit().await,
            Err(error) => Err(error),
        };
        attempts -= 1;
        match done {
            Err(error) if is_race(&error) && attempts > 0 => {}
            done => return Ok(done.map(|()| true)?),
        }
    }
}
