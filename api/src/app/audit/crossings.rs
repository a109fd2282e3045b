//! What strangers try, and what operators do that no transaction tells, each in a lane of its own: however
//! much strangers try, an operator's login is told.

use entity::shared::audit_event::{ActorKind, Outcome};
use tenancy::Database;
use tokio::task::JoinHandle;

use super::Event;
use super::lane::Lane;
use super::tally::Whose;

/// The way into the trail for what comes from outside. One per process.
#[derive(Debug)]
pub struct Crossings {
    strangers: Lane,
    operators: Lane,
}

impl Default for Crossings {
    fn default() -> Self {
        Self {
            strangers: Lane::new(Whose::Strangers),
            operators: Lane::new(Whose::Operators),
        }
    }
}

impl Crossings {
    /// Tells of a crossing, which was refused. Never waits and never fails.
    pub fn tell(&self, event: Event) {
        self.tell_as(event, Outcome::Refused);
    }

    /// Tells of what comes from outside as often as crossings do, with its outcome.
    pub fn tell_as(&self, event: Event, outcome: Outcome) {
        self.lane(&event).tell(event, outcome);
    }

    /// Starts to write down what is told, until the task is aborted. Only the first call does.
    pub fn write_down(&self, database: Database) -> JoinHandle<()> {
        let strangers = self.strangers.writing(database.clone());
        let operators = self.operators.writing(database);
        tokio::spawn(async move {
            tokio::join!(strangers, operators);
        })
    }

    /// Waits until everything that was told so far is written down.
    pub async fn flush(&self) {
        tokio::join!(self.strangers.flush(), self.operators.flush());
    }

    /// A crossing is a stranger's, whoever's token it was tried with: the token may be stolen.
    fn lane(&self, event: &Event) -> &Lane {
        match event.actor.kind() {
            ActorKind::Operator | ActorKind::Console if !event.action.is_crossing() => {
                &self.operators
            }
            _ => &self.strangers,
        }
    }
}
