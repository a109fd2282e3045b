//! The two GraphQL APIs. Neither needs a database to be built or printed.

mod ahead;
pub mod complete;
mod connection;
mod context;
mod cursor;
pub mod documents;
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
mod unexecuted;
pub mod weigh;

pub use ahead::{Mode, Shapes};
pub use context::{ContextExt, Realm, Request};
pub use engine::{Ended, Engine};
pub use error::{Fault, Result};
pub use ids::{GlobalId, Kind};
pub use index::SchemaIndex;
pub use sdl::{shared_sdl, tenant_sdl};
