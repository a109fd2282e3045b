//! The library on a real PostgreSQL. Each test has a database of its own.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

/// What sqlx does without us.
mod control;
/// The memory of the registry.
mod directory;
/// One transaction per scope: begun late, in one round trip, in one schema.
mod door;
/// From an HTTP request to its tenant.
mod entrance;
/// What goes wrong inside a scope stays inside it: errors, panics, lost connections, cancellation.
mod faults;
/// Announcements of the product's own.
mod follower;
/// Migrations and their ledger.
mod history;
/// Many tenants at once.
mod many;
/// Savepoints.
mod nested;
/// From names to a realm.
mod resolve;
/// Rows as they arrive.
mod streams;
/// What tests share.
mod support;
/// Statements that somebody typed.
mod typed;
