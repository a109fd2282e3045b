//! The shared realm: the registry of tenants, the operators, and what was done.

pub mod account;
pub mod audit_event;
pub mod domain;
pub mod session;
pub mod tenant;
