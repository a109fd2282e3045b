//! The audit trail: who did what to which tenant, from where.

/// What operators do, over HTTP and at a terminal.
mod acts;
/// What strangers try.
mod crossings;
/// Whole or not at all, and never changed.
mod promises;
/// The trail as it is read.
mod reading;
