//! The two GraphQL APIs. Neither needs a database to be built or printed.

pub mod complete;
mod connection;
mod context;
mod cursor;
mod engine;
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
mod sdl;
mod session;
pub mod shared;
pub mod tenant;
pub mod weigh;

pub use context::{ContextExt, Origin, Realm, Request};
pub use engine::{Ended, Engine};
pub use error::{Fault, Result};
pub use index::SchemaIndex;
pub use sdl::{shared_sdl, tenant_sdl};
