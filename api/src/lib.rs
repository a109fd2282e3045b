//! The server.

pub mod auth;
