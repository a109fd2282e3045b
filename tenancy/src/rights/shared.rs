//! What the roles may do in the shared realm, and what nobody may.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};

use super::ask;
use crate::logins::{Isolation, Logins, Role};
use crate::schema::quote;

/// Tables of the shared realm that aren't just read and written by whoever is in there.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tables {
    /// Read before it is known whose request it is.
    pub(crate) readable: &'static [&'static str],
    /// Added to and never changed.
    pub(crate) append_only: &'static [&'static str],
}

/// Grants the shared realm's tables to its roles, these rights and no others, whatever they had.
pub(crate) async fn grant_shared(
    transaction: &DatabaseTransaction,
    logins: &Logins,
    tables: Tables,
) -> Result<(), DbErr> {
    let (directory, shared) = (logins.role(Role::Directory), logins.role(Role::Shared));
    if logins.grants_nothing() {
        return Ok(());
    }
    let database: String = ask(transaction, "SELECT current_database()::text", vec![]).await?;
    let (directory, shared) = (quote(&directory), quote(&shared));
    let mut statements = vec![
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned(),
        format!(
            "REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC",
            quote(&database)
        ),
        format!("REVOKE ALL ON ALL TABLES IN SCHEMA shared FROM {directory}, {shared}"),
        format!("GRANT USAGE ON SCHEMA shared TO {directory}, {shared}"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shared TO {shared}"),
        format!("REVOKE INSERT, UPDATE, DELETE ON shared.schema_migration FROM {shared}"),
        format!("GRANT SELECT ON shared.schema_migration TO {directory}"),
    ];
    if logins.isolation == Isolation::Role {
        // What it had as long as there were no roles.
        let login = quote(&logins.login(1));
        statements.push(format!(
            "REVOKE ALL ON ALL TABLES IN SCHEMA shared FROM {login}"
        ));
        statements.push(format!("REVOKE ALL ON SCHEMA shared FROM {login}"));
    }
    let readable = tables.readable.iter().map(|table| quote(table));
    statements
        .extend(readable.map(|table| format!("GRANT SELECT ON shared.{table} TO {directory}")));
    let append_only = tables.append_only.iter().map(|table| quote(table));
    statements.extend(
        append_only.map(|table| format!("REVOKE UPDATE, DELETE ON shared.{table} FROM {shared}")),
    );
    transaction
        .execute_unprepared(&statements.join("; "))
        .await?;
    Ok(())
}
