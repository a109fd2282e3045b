//! Claims about the whole: a real server on a real PostgreSQL, asked over HTTP.

/// The slides that the product implements, played word for word.
mod slides;
