//! Into a tenant and out again, on one backend: nothing of the tenant may be left.

use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::{Danger, rows};
use crate::ActiveTenant;
use crate::db::door::{Door, Place};
use crate::db::{Access, Database};
use crate::error::is_lost;
use crate::logins::Role;
use crate::schema::{NO_SCHEMA, quote};

/// What tells one state of a connection from another.
const STATE: &str = "SELECT pg_backend_pid(), current_user, session_user, \
                     current_setting('search_path')";

/// How often to ask for the backend that the tenant was entered on: a pooler may give others.
const ATTEMPTS: usize = 50;

pub(super) async fn check(
    database: &Database,
    probe: Option<&ActiveTenant>,
    connection: &mut PgConnection,
) -> Result<Vec<Danger>, sqlx::Error> {
    let probe = probe.map(|tenant| (tenant, tenant.schema.quoted()));
    let place = match &probe {
        Some((tenant, schema)) => database.within(tenant, schema),
        None => database.within_shared(Role::Shared),
    };
    through(database.doors.to(&place), &place, connection).await
}

/// Enters this place by this door's words, and leaves it.
pub(super) async fn through(
    door: &Door,
    place: &Place<'_>,
    connection: &mut PgConnection,
) -> Result<Vec<Danger>, sqlx::Error> {
    let begin = door.begin(place, Access::Write);
    if let Err(error) = connection.execute(AssertSqlSafe(begin)).await {
        return match error {
            error if says(&error, "statement pooling mode") => Ok(vec![statement_mode()]),
            error if is_lost(&error) => Err(error),
            error => Ok(vec![closed(place, &error)]),
        };
    }
    let (inside, again) = (state(connection).await?, state(connection).await?);
    connection.execute("ROLLBACK").await?;
    if inside.pid != again.pid {
        return Ok(vec![statement_mode()]);
    }
    let mut dangers = Vec::new();
    let path = format!("{}, pg_temp", place.schema);
    let role = place.role.as_ref();
    if role.is_some_and(|role| *role != quote(&inside.user))
        || inside.path.replace('"', "") != path.replace('"', "")
    {
        let seen = format!("it works as {} with the path {}", inside.user, inside.path);
        dangers.push(passage("a scope isn't what it should be", &seen));
    }
    for _ in 0..ATTEMPTS {
        let outside = state(connection).await?;
        if outside.pid == inside.pid {
            dangers.extend(left(&outside));
            break;
        }
    }
    Ok(dangers)
}

/// What is wrong with a connection on which no scope was entered.
pub(super) async fn left_on(connection: &mut PgConnection) -> Result<Vec<Danger>, sqlx::Error> {
    Ok(left(&state(connection).await?))
}

struct State {
    pid: String,
    user: String,
    login: String,
    path: String,
}

async fn state(connection: &mut PgConnection) -> Result<State, sqlx::Error> {
    let mut row = rows(connection, STATE.to_owned()).await?.pop();
    let mut next = |at: usize| {
        let value = row.as_mut().and_then(|row| row.get_mut(at));
        value.map(std::mem::take).unwrap_or_default()
    };
    Ok(State {
        pid: next(0),
        user: next(1),
        login: next(2),
        path: next(3),
    })
}

/// What is left where no scope is.
fn left(outside: &State) -> Vec<Danger> {
    let State {
        user, login, path, ..
    } = outside;
    let mut dangers = Vec::new();
    if user != login {
        dangers.push(passage("a tenant's role is left", user));
    }
    if path != NO_SCHEMA {
        dangers.push(Danger {
            code: "default-path",
            subject: format!("login {login}"),
            problem: format!(
                "a connection outside any scope has the path {path}, and sees what is there"
            ),
            remedy: format!("ALTER ROLE \"{login}\" SET search_path = {NO_SCHEMA}"),
        });
    }
    dangers
}

fn passage(problem: &str, seen: &str) -> Danger {
    Danger {
        code: "passage",
        subject: "the serving connections".to_owned(),
        problem: format!("{problem}: {seen}"),
        remedy: "connect to PostgreSQL directly, or by a pooler in transaction mode".to_owned(),
    }
}

/// Whether a pooler refuses what is only said to PostgreSQL itself.
pub(super) fn is_pooler(error: &sqlx::Error) -> bool {
    says(error, "unsupported startup parameter")
}

/// A pooler's refusals have no codes of their own.
fn says(error: &sqlx::Error, words: &str) -> bool {
    let error = error.as_database_error();
    error.is_some_and(|error| error.message().contains(words))
}

pub(super) fn pooler() -> Danger {
    Danger {
        code: "pooler",
        subject: "the serving connections".to_owned(),
        problem: "a pooler stands in between, and takes no start-up options".to_owned(),
        remedy: "say that there is one (`pooled`), so that everything is said in each transaction"
            .to_owned(),
    }
}

fn statement_mode() -> Danger {
    Danger {
        code: "pooler-mode",
        subject: "the serving connections".to_owned(),
        problem: "a pooler in statement mode stands in between, which knows no transactions"
            .to_owned(),
        remedy: "set pool_mode = transaction for this database".to_owned(),
    }
}

fn closed(place: &Place<'_>, error: &sqlx::Error) -> Danger {
    Danger {
        code: "scope-refused",
        subject: format!("schema {}", place.schema.replace('"', "")),
        problem: format!("its scope can't be entered: {error}"),
        remedy: "migrate, which makes the roles and grants what is missing".to_owned(),
    }
}
