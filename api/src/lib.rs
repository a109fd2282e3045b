//! The server: the only composition root.

#![expect(
    unreachable_pub,
    reason = "nobody links this crate but its binary and the tests: `pub` says what a room offers the others"
)]

pub mod app;
pub mod auth;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod graphql;
pub mod http;
pub mod state;

/// An error with everything that caused it, for the log.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        // Some libraries repeat their source in their own words.
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    text
}
