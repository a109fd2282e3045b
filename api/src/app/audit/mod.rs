//! The audit trail: who did what to which tenant, from where, and what came of it.
//!
//! Read in this order:
//!
//! 1. [`actor`]: who acts, and from where; [`By`] is the proof of a permission that knows who has it.
//! 2. [`action`]: everything that is told, with its code.
//! 3. [`event`]: one thing to tell. What was done is written by the transaction that did it, whole or
//!    not at all; what was refused or failed, by a transaction of its own.
//! 4. [`crossings`]: what strangers try, and operators' signing in. It comes as often as they like, so it
//!    is queued, counted and bounded, and neither takes the other's place.
//! 5. [`read`]: the trail as it is read.
//!
//! Nothing here changes or deletes a row, and the serving login may not. No secret goes in: texts of
//! statements are bared of their constants, and of failures only the code is kept.

pub mod action;
pub mod actor;
pub mod crossings;
pub mod event;
mod lane;
pub mod read;
pub mod statement;
mod tally;

pub use action::Action;
pub use actor::{Actor, By, Origin};
pub use crossings::Crossings;
pub use event::Event;
