//! The two GraphQL APIs. Neither needs a database to be built or printed.

mod context;
mod cursor;
mod engine;
mod error;
mod filter;
mod ids;
mod input;
mod noun;
mod order;
mod page;
mod payload;
mod related;
mod scalars;
pub mod session;
pub mod shared;
pub mod tenant;

pub use context::{ContextExt, Realm, Request};
pub use engine::{Ended, Engine};
pub use error::{Fault, Result};
pub use page::PageLimits;
