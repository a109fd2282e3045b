//! A schema per tenant on PostgreSQL.

mod slug;
mod domain;
mod schema;
mod status;
mod tenant;
mod catalog;
mod directory;
pub mod resolve;
mod gate;
mod db;
mod history;
pub mod fleet;
pub mod error;

#[cfg(feature = "axum")]
pub mod axum;
#[cfg(feature = "testing")]
pub mod testing;

pub use catalog::Catalog;
pub use db::{
    Access, Database, Nested, Operator, OperatorDb, OperatorRealm, PoolOptions, RowStream, Scoped,
    SharedDb, SharedRealm, StructureLock, TenantDb, TenantRealm, create_database,
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
