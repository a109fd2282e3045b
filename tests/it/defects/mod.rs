//! Defects of others, replayed: what went wrong elsewhere doesn't here. `docs/isolation-defects.md` tells each in a clause, and names these tests
//! and those elsewhere that show it already.

/// A tenant's beginning and end.
mod life;
/// Names that people choose.
mod names;
/// The registry and its ledger.
mod registry;
/// Entering and leaving tenants.
mod scopes;
