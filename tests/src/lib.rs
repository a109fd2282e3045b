//! The harness of the integration tests.
//!
//! Read in this order:
//!
//! 1. [`template`]: a database with the shared realm, the two demo shops and a user of each role,
//!    made once per run.
//! 2. [`server`]: a test's own server, on a copy of that database.
//! 3. [`client`]: asking it, as somebody and at a tenant, and looking at what it answers.
//! 4. [`sql`]: looking past the server into a schema, or preparing one.
//! 5. [`raw`]: requests that no client library would send.
//! 6. [`patience`]: waiting for what comes true soon.
//! 7. [`twins`]: rows of equal ids in two tenants.
//! 8. [`agreement`]: what entities and migrations each say of the tables.
//! 9. [`inside`]: words that no client should read in an error.
//! 10. [`fuzz`]: claims about any bytes.
//! 11. [`debian`]: getting what a fresh machine lacks.

#![expect(
    clippy::missing_panics_doc,
    reason = "a harness panics: that is how a test fails"
)]

pub mod agreement;
pub mod client;
pub mod debian;
pub mod fuzz;
pub mod inside;
pub mod patience;
pub mod raw;
pub mod server;
pub mod sql;
pub mod template;
pub mod twins;

pub use client::{Answer, Client};
pub use patience::eventually;
pub use server::TestServer;
pub use sql::Sql;
