//! The server: the only composition root.

pub mod app;
pub mod auth;
pub mod catalog;
pub mod config;
pub mod graphql;
pub mod http;
pub mod state;
