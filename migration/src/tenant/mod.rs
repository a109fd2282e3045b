//! The history of a tenant's schema: its users, its staff and its sales.

use sea_orm_migration::{MigrationTrait, MigratorTrait};

mod m20261123_000001_users;
mod m20261123_000002_staff;
mod m20261123_000003_sales;

/// Names of the migrations that servers of the version before can't live with.
///
/// A tenant that is ahead of a server is served by it all the same, unless it is ahead by one of
/// these. Leave it empty when it can be helped: expand first, contract a release later.
pub const BREAKING: &[&str] = &[];

/// All migrations of a tenant, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_users::Migration),
            Box::new(m20261123_000002_staff::Migration),
            Box::new(m20261123_000003_sales::Migration),
        ]
    }
}
