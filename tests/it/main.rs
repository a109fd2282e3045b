//! Claims about the whole: a real server on a real PostgreSQL, asked over HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

/// Signing in, in both realms.
mod sessions;
/// The slides that the product implements, played word for word.
mod slides;
