//! The history of the shared realm: the registry of tenants, the operators, and what was done.

use sea_orm_migration::{MigrationTrait, MigratorTrait};

mod m20261123_000001_registry;
mod m20261123_000002_accounts;
mod m20261123_000003_serving_login;
mod m20261123_000005_audit;

/// Names of the migrations that servers of the version before can't live with.
///
/// Leave it empty when it can be helped: expand first, contract a release later.
pub const BREAKING: &[&str] = &[];

/// The tables that are read before it is known whose request it is.
pub const READABLE: &[&str] = &["tenant", "domain"];

/// Tables whose rows are written once and never changed or deleted: whoever serves may read them and
/// add to them, and nothing else.
pub const APPEND_ONLY: &[&str] = &["audit_event"];

/// All migrations of the shared realm, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_registry::Migration),
            Box::new(m20261123_000002_accounts::Migration),
            Box::new(m20261123_000003_serving_login::Migration),
            Box::new(m20261123_000005_audit::Migration),
        ]
    }
}
