//! The library on a real PostgreSQL. Each test has a database of its own.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

/// What makes it unsafe to serve.
mod audit;
/// A scope's last statement, kept in the same flight.
mod commit_with;
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
/// A scope's first statement, in one flight with its beginning.
mod first;
/// Announcements of the product's own.
mod follower;
/// A connection that goes from one who leaves to one who waits.
mod handed;
/// Migrations and their ledger.
mod history;
/// Statements that are kept prepared, and what migrations do to them.
mod kept;
/// Many tenants at once.
mod many;
/// Everything at once, against a model.
mod model;
/// Savepoints.
mod nested;
/// Who gets which connection, and how many there are.
mod pool;
/// What a pooler in transaction mode shares among its clients.
mod pooler;
/// From names to a realm.
mod resolve;
/// What PostgreSQL refuses, whatever the statement says.
mod rights;
/// Rows as they arrive.
mod streams;
/// What tests share.
mod support;
/// Scopes that ask for one thing, in one flight.
mod together;
/// Statements that somebody typed.
mod typed;
