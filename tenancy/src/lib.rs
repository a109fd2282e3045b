//! A schema per tenant on PostgreSQL.

#![deny(missing_docs)]

mod catalog;
mod db;
mod directory;
mod domain;
pub mod error;
pub mod fleet;
mod gate;
mod history;
pub mod resolve;
mod schema;
mod slug;
mod status;
mod tenant;

#[cfg(feature = "axum")]
pub mod axum;
#[cfg(feature = "testing")]
pub mod testing;

pub use catalog::Catalog;
pub use db::{
    Access, Answer, Column, Database, Nested, Operator, OperatorDb, OperatorRealm, PoolOptions,
    RowStream, Scoped, SharedDb, SharedRealm, StructureLock, TenantDb, TenantRealm,
    create_database,
};
pub use directory::{Change, Directory, announce};
pub use domain::{Domain, DomainError};
pub use error::Error;
pub use gate::{Admitted, Gate, Refused};
pub use history::{History, Versions};
pub use schema::{NO_SCHEMA, SHARED_SCHEMA, SchemaName, SchemaNameError};
pub use slug::{Slug, SlugError};
pub use status::{Status, StatusError};
pub use tenant::{ActiveTenant, Closed, Tenant, TenantId};
