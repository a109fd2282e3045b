//! What the whole promises, on a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod sessions; // signing in, in both realms
