//! The server: the only composition root.

pub mod config;
pub mod http;
