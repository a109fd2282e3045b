//! The launcher on a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod crash; // either side is killed
mod folder; // who may enter, and who may not
mod life; // start, stop, find
mod programs; // which programs are used
mod support;
mod temporary; // nothing is left behind
