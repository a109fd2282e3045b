//! Tables, columns and constraints with the names that the house gives them.
//!
//! PostgreSQL would invent names too, but Citus wants them said, error handling matches on them,
//! and a later migration has to drop or replace them by name. The names are part of released
//! migrations: these functions may grow, their results may not change.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{decimal_len, timestamp_with_time_zone, uuid};
use sea_orm_migration::sea_query::Check;

/// A table whose rows are known by a UUID that the application makes: `id`, with `<table>_pkey`.
///
/// The database gives no default for it, so that no row is born with another kind of key.
pub(crate) fn keyed_table(table: &'static str) -> TableCreateStatement {
    Table::create()
        .table(table)
        .col(uuid("id"))
        .primary_key(&mut primary_key(table, "id"))
        .take()
}

/// `<table>_pkey`
pub(crate) fn primary_key(table: &str, column: &'static str) -> IndexCreateStatement {
    Index::create()
        .name(format!("{table}_pkey"))
        .col(column)
        .primary()
        .take()
}

/// `<table>_<columns>_key`
pub(crate) fn unique(table: &str, columns: &[&'static str]) -> IndexCreateStatement {
    let name = format!("{table}_{}_key", columns.join("_"));
    columns.iter().fold(
        Index::create().name(name).unique().take(),
        |mut key, column| key.col(*column).take(),
    )
}

/// `<table>_<columns>_idx`: a statement of its own, unlike the constraints.
pub(crate) fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let name = format!("{table}_{}_idx", columns.join("_"));
    columns.iter().fold(
        Index::create().name(name).table(table).take(),
        |mut index, column| index.col(*column).take(),
    )
}

/// `<table>_<column>_fkey` to the key of another table; what is still referred to can't be deleted,
/// unless the caller says so.
pub(crate) fn foreign_key(
    table: &'static str,
    column: &'static str,
    to: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_{column}_fkey"))
        .from(table, column)
        .to(to, "id")
        .on_delete(ForeignKeyAction::Restrict)
        .take()
}

/// `<table>_<column>_check`: one of a few words.
///
/// A text with a check and not an enum type: connections remember the number of a type by its name,
/// and every tenant's type would have another number under the same name.
pub(crate) fn one_of(table: &str, column: &'static str, words: &[&'static str]) -> Check {
    Check::named(
        format!("{table}_{column}_check"),
        Expr::col(column).is_in(words.iter().copied()),
    )
}

/// When the row was made.
pub(crate) fn created_at() -> ColumnDef {
    moment("created_at")
}

/// A timestamp that is the transaction's time unless the application gives another.
pub(crate) fn moment(column: &'static str) -> ColumnDef {
    timestamp_with_time_zone(column)
        .default(Expr::current_timestamp())
        .take()
}

/// An amount of money: fifteen digits before the point, four behind it.
pub(crate) fn money(column: &'static str) -> ColumnDef {
    decimal_len(column, 19, 4)
}
