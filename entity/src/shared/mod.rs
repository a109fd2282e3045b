//! The shared realm: the registry of tenants, and the operators.

pub mod account;
pub mod domain;
pub mod session;
pub mod tenant;
