//! The two GraphQL APIs. Neither needs a database to be built or printed.

pub mod complete;
mod context;
mod cursor;
mod error;
mod filter;
mod ids;
mod index;
mod input;
mod noun;
mod order;
mod page;
mod payload;
mod related;
mod scalars;
pub mod tenant;
pub mod weigh;

pub use context::{ContextExt, Realm, Request};
pub use error::{Fault, Result, chain, finish};
pub use index::SchemaIndex;
pub use page::PageLimits;
