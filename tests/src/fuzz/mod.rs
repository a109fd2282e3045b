//! What is asked of any bytes at all: the claims that fuzzers try to break.
//!
//! Each function takes bytes as they come and panics where a claim doesn't hold. `fuzz/` runs them for as long as one likes; a test
//! runs them over the seeds of `fuzz/seeds/` and over what it makes up itself, so that neither can rot.

mod document;
mod domain;
mod entrance;

pub use self::document::document;
pub use self::domain::domain;
pub use self::entrance::{Reached, Sent, entrance};

/// A claim about any bytes.
pub type Target = fn(&[u8]);

/// The names under which `fuzz/` has them.
pub const TARGETS: [(&str, Target); 3] = [
    ("domain", domain),
    ("entrance", entrance),
    ("document", document),
];
