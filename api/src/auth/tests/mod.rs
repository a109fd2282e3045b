//! The attacks on tokens, and what needs files, time or a runtime.
//!
//! The keys in `keys/` were generated for these tests and are used nowhere else; `ed25519.pem` is
//! the example of RFC 8037, whose thumbprint is known.

mod forge;
mod key_files;
mod passwords;
mod token_attacks;
mod token_claims;

use std::path::PathBuf;

fn key_file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/auth/tests/keys");
    folder.join(name)
}
