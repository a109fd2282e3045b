//! What the roles may do in the shared realm, and what nobody may.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};

use super::ask;
use crate::logins::{Logins, Role};
use crate::schema::quote;

/// Tables of the shared realm that aren't just read and written by whoever is in there.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tables {
    /// Read before it is known whose request it is.
    pub(crate) readable: &'static [&'static str],
    /// Added to and never changed.
    pub(crate) append_only: &'static [&'static str],
}

const GRANTED: &str = "
    SELECT has_table_privilege($1, 'shared.schema_migration', 'SELECT')
    AND has_table_privilege($2, 'shared.schema_migration', 'SELECT')
    AND has_schema_privilege($1, 'shared', 'USAGE')
    AND has_schema_privilege($2, 'shared', 'USAGE')";

/// Grants the shared realm's tables to its roles, if some of them are new or nothing was granted.
pub(crate) async fn grant_shared(
    transaction: &DatabaseTransaction,
    logins: &Logins,
    tables: Tables,
    are_new: bool,
) -> Result<(), DbErr> {
    let (directory, shared) = (logins.role(Role::Directory), logins.role(Role::Shared));
    let names = vec![directory.as_str().into(), shared.as_str().into()];
    if logins.grants_nothing() || !are_new && ask(transaction, GRANTED, names).await? {
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
        format!("GRANT USAGE ON SCHEMA shared TO {directory}, {shared}"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shared TO {shared}"),
        format!("REVOKE INSERT, UPDATE, DELETE ON shared.schema_migration FROM {shared}"),
        format!("GRANT SELECT ON shared.schema_migration TO {directory}"),
    ];
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
