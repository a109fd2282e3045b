//! What a lane tells, counted: of equal ones a minute has at most two rows, and of all of them a bounded
//! number.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::shared::audit_event::Outcome;
use sea_orm::{ConnectionTrait, DbErr};

use super::{Action, Actor, Event};
use crate::auth::Caller;

/// How many different ones are told in a minute.
const KINDS: usize = 60;

/// Whose doings are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// All strangers share what is told in a minute: there may be as many of them as they like.
    Strangers,
    /// Each operator has as much: none can hide what another does.
    Operators,
}

/// What is to be written: an event, and how often it happened until when.
#[derive(Debug)]
pub(super) struct Row {
    event: Event,
    outcome: Outcome,
    pub(super) count: u64,
    last: DateTime<Utc>,
}

impl Row {
    pub(super) async fn write(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        let count = i32::try_from(self.count).unwrap_or(i32::MAX);
        self.event.write(db, self.outcome, (count, self.last)).await
    }
}

/// What came in this minute.
#[derive(Debug)]
pub(super) struct Tally {
    whose: Whose,
    /// What came again since its first row was written, by what makes it equal.
    repeated: HashMap<String, Row>,
    lost: u64,
}

impl Tally {
    pub(super) fn new(whose: Whose) -> Self {
        Self {
            whose,
            repeated: HashMap::new(),
            lost: 0,
        }
    }

    /// Counts an event. The first of its kind is to be written at once.
    pub(super) fn count(
        &mut self,
        event: &Event,
        outcome: Outcome,
        now: DateTime<Utc>,
    ) -> Option<Row> {
        let key = key(event, outcome);
        if let Some(row) = self.repeated.get_mut(&key) {
            row.count += 1;
            row.last = now;
            return None;
        }
        if self.kinds(&event.actor) >= KINDS {
            self.lost += 1;
            return None;
        }
        let row = |count| Row {
            event: event.clone(),
            outcome,
            count,
            last: now,
        };
        self.repeated.insert(key, row(0));
        Some(row(1))
    }

    /// How many kinds were told already of what this one has a share of.
    fn kinds(&self, actor: &Actor) -> usize {
        match self.whose {
            Whose::Strangers => self.repeated.len(),
            Whose::Operators => {
                let told = self.repeated.values().map(|row| row.event.actor.id());
                told.filter(|id| *id == actor.id()).count()
            }
        }
    }

    /// Notes that so many were not even counted.
    pub(super) fn lose(&mut self, many: u64) {
        self.lost += many;
    }

    /// Ends the minute: what came more than once, and how many can't be told one by one.
    pub(super) fn end(&mut self, now: DateTime<Utc>) -> Vec<Row> {
        let repeated = std::mem::take(&mut self.repeated).into_values();
        let mut rows: Vec<_> = repeated.filter(|row| row.count > 0).collect();
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            let nobody = Actor::from(Caller::Anonymous);
            let action = match self.whose {
                Whose::Strangers => Action::CrossingDropped,
                Whose::Operators => Action::ActDropped,
            };
            rows.push(Row {
                event: Event::new(nobody, action).with("dropped", lost),
                outcome: Outcome::Refused,
                count: 1,
                last: now,
            });
        }
        rows
    }
}

/// Everything but the request itself.
fn key(event: &Event, outcome: Outcome) -> String {
    let actor = &event.actor;
    format!(
        "{:?} {outcome:?} {:?} {:?} {:?} {:?} {:?}",
        event.action,
        actor.caller(),
        actor.origin().source,
        event.tenant,
        event.slug,
        event.detail
    )
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::app::audit::Origin;
    use crate::auth::{OperatorRole, Principal};

    fn from(source: usize) -> Event {
        let origin = Origin {
            source: Some(source.to_string()),
            request_id: Some(rand::random::<u64>().to_string()),
            ..Origin::default()
        };
        Event::new(
            Actor::new(Caller::Anonymous, origin),
            Action::CrossingHeader,
        )
    }

    #[test]
    fn equal_ones_are_two_rows_a_minute() {
        let mut tally = Tally::new(Whose::Strangers);
        let now = Utc::now();
        let first: Vec<_> = (0..1000)
            .filter_map(|_| tally.count(&from(1), Outcome::Refused, now))
            .collect();
        assert_eq!(first.len(), 1);
        assert!(tally.count(&from(2), Outcome::Refused, now).is_some());
        let rest = tally.end(now);
        assert_eq!(rest.iter().map(|row| row.count).collect::<Vec<_>>(), [999]);
        assert!(tally.end(now).is_empty());
        assert!(tally.count(&from(1), Outcome::Refused, now).is_some());
    }

    #[test]
    fn many_different_ones_are_bounded_and_what_is_left_out_is_counted() {
        let mut tally = Tally::new(Whose::Strangers);
        let now = Utc::now();
        let first = (0..10_000)
            .filter_map(|n| tally.count(&from(n), Outcome::Refused, now))
            .count();
        assert_eq!(first, KINDS);
        tally.lose(5);
        let rest = tally.end(now);
        assert_eq!(rest.len(), 1);
        assert_eq!(rest[0].event.action, Action::CrossingDropped);
        assert_eq!(rest[0].event.detail["dropped"], 10_000 - KINDS + 5);
    }

    #[test]
    fn an_operator_can_not_hide_what_another_does() {
        let mut tally = Tally::new(Whose::Operators);
        let now = Utc::now();
        let mut tell = |who: Uuid, what: usize| {
            let who = Principal::operator(who, Uuid::nil(), OperatorRole::Viewer);
            let event = Event::new(Caller::Known(who).into(), Action::PermissionDenied);
            tally.count(&event.with("field", what), Outcome::Refused, now)
        };
        let (busy, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let told = (0..100).filter_map(|what| tell(busy, what)).count();
        assert_eq!(told, KINDS);
        assert!(tell(other, 0).is_some());
        assert_eq!(tally.end(now)[0].event.action, Action::ActDropped);
    }
}
