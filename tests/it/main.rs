//! What the whole promises, on a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod sessions; // signing in, in both realms
//! Claims about the whole: a real server on a real PostgreSQL, asked over HTTP.

/// The slides that the product implements, played word for word.
mod slides;
