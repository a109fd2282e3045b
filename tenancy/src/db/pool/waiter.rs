//! One who waits for a connection, or for what somebody else is answered who takes their question along.

use std::sync::Arc;

use sqlx::postgres::PgRow;
use tokio::sync::oneshot::{Receiver, Sender, channel};

use super::{Lease, Prepared};
use crate::db::flight::Rider;
use crate::db::question::Question;

/// What came of waiting.
pub(in crate::db) enum Served {
    Lease(Lease),
    /// The answer to the question.
    Rows(Vec<PgRow>),
}

pub(super) struct Waiter {
    reply: Sender<Served>,
    /// All that is to be asked, if it may be asked by somebody else.
    question: Option<Arc<Question>>,
}

/// Where one waits who was taken along.
pub(in crate::db) struct Reply(Sender<Served>);

impl Waiter {
    pub(super) fn new(question: Option<Arc<Question>>) -> (Self, Receiver<Served>) {
        let (reply, served) = channel();
        (Self { reply, question }, served)
    }

    pub(super) fn serve(self, lease: Lease) {
        // Whoever has just been cancelled drops it, and so it goes to the one after.
        let _ = self.reply.send(Served::Lease(lease));
    }

    /// Whether somebody may take this one along on a connection with these statements.
    pub(super) fn rides(&self, prepared: &Prepared) -> bool {
        let question = self.question.as_ref();
        question.is_some_and(|question| question.quick(prepared).is_some())
    }

    /// One who was taken along.
    pub(super) fn aboard(self, prepared: &Prepared) -> Option<Rider> {
        let question = self.question?;
        let name = question.quick(prepared)?;
        Some(Rider::new(question, name, Reply(self.reply)))
    }
}

impl Reply {
    pub(in crate::db) fn answer(self, rows: Vec<PgRow>) {
        // Whoever was cancelled meanwhile doesn't need them.
        let _ = self.0.send(Served::Rows(rows));
    }
}
