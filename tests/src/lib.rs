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
//! 8. [`trail`]: what the audit trail tells.
//! 9. [`logs`]: what would be logged.
//! 10. [`agreement`]: what entities and migrations each say of the tables.
//! 11. [`inside`]: words that no client should read in an error.
//! 12. [`fuzz`]: claims about any bytes.

#![expect(
    clippy::missing_panics_doc,
    reason = "a harness panics: that is how a test fails"
)]

pub mod agreement;
pub mod client;
pub mod debian;
pub mod fuzz;
pub mod inside;
pub mod logs;
pub mod patience;
pub mod raw;
pub mod server;
pub mod sql;
pub mod template;
pub mod trail;
pub mod twins;

use api::app::audit::{Actor, Origin};

pub use client::{Answer, Client};
pub use logs::Logs;
pub use patience::{at_last, eventually};
pub use server::TestServer;
pub use sql::Sql;
pub use trail::Trail;

/// Somebody at a terminal, who is told of as the tests' operator.
pub fn console() -> Actor {
    let origin = Origin {
        source: Some("workbench".to_owned()),
        ..Origin::default()
    };
    Actor::at_console("tester", origin)
}
