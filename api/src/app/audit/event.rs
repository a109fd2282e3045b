//! One thing to tell.

use std::error::Error as StdError;

use chrono::{DateTime, Utc};
use entity::shared::audit_event::{ActiveModel, ActorKind, Entity, Outcome};
use entity::shared::{account, tenant};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set};
use serde_json::{Map, Value, json};
use tenancy::{Access, Tenant};
use uuid::Uuid;

use super::{Action, Actor, Crossings};
use crate::app::error::{Error, Refusal, Result};
use crate::app::{reason, tenants};
use crate::state::State;

/// The most characters of a text: what strangers send may be of any length.
const MOST: usize = 200;

/// What somebody does or tries, until it is known what comes of it.
#[derive(Debug, Clone)]
pub struct Event {
    pub(super) actor: Actor,
    pub(super) action: Action,
    pub(super) tenant: Option<Uuid>,
    pub(super) slug: Option<String>,
    pub(super) detail: Map<String, Value>,
}

impl Event {
    pub fn new(actor: Actor, action: Action) -> Self {
        Self {
            actor,
            action,
            tenant: None,
            slug: None,
            detail: Map::new(),
        }
    }

    /// About the tenant of this slug, if there is one.
    #[must_use]
    pub fn at(mut self, slug: &str) -> Self {
        self.slug = Some(harmless(slug));
        self
    }

    /// About this tenant.
    #[must_use]
    pub fn of(mut self, tenant: &Tenant) -> Self {
        self.tenant = Some(tenant.id.as_uuid());
        self.at(tenant.slug.as_str())
    }

    /// With something more to tell, which must not be a secret.
    #[must_use]
    pub fn with(mut self, what: &str, value: impl Into<Value>) -> Self {
        let value = match value.into() {
            Value::String(text) => Value::String(harmless(&text)),
            other => other,
        };
        self.detail.insert(what.to_owned(), value);
        self
    }

    /// Tells that it was done, in the transaction that does it.
    pub async fn done(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        self.write(db, Outcome::Done, (1, Utc::now())).await
    }

    /// Does the work of the act, and tells what came of it unless it was done: that is told already, by
    /// the transaction that did it.
    pub async fn watch<T>(
        &self,
        state: &State,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let mut interrupted = Interrupted {
            crossings: &state.crossings,
            event: Some(self),
        };
        let result = work.await;
        interrupted.event = None;
        if let Err(error) = &result {
            self.not_done(state, verdict(error)).await;
        }
        result
    }

    /// Tells that it failed at the door.
    pub async fn failed(&self, state: &State, error: &tenancy::Error) {
        self.not_done(state, verdict_of_tenancy(error)).await;
    }

    /// In a transaction of its own: that of the act comes to nothing.
    async fn not_done(&self, state: &State, (outcome, why): (Outcome, Value)) {
        let db = state.operator.shared(Access::Write);
        let event = self.clone().with("why", why);
        let written = event.write(&db, outcome, (1, Utc::now())).await;
        let kept = match written {
            Ok(()) => db.commit().await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = kept {
            // The database is away, or was never migrated. The act's own failure is what counts.
            let (action, error) = (self.action.code(), reason::of(&error));
            tracing::warn!(action, error, "the audit trail could not be written");
        }
    }

    pub(super) async fn write(
        &self,
        db: &impl ConnectionTrait,
        outcome: Outcome,
        (count, happened_at): (i32, DateTime<Utc>),
    ) -> Result<(), DbErr> {
        let (tenant, slug) = self.tenant(db).await?;
        let origin = self.actor.origin();
        let short = |text: &Option<String>| text.as_deref().map(harmless);
        let row = ActiveModel {
            happened_at: Set(happened_at),
            actor_kind: Set(self.actor.kind()),
            actor_id: Set(self.actor.id()),
            actor_name: Set(self.actor_name(db).await?),
            action: Set(self.action.code().to_owned()),
            tenant_id: Set(tenant),
            tenant_slug: Set(slug),
            source: Set(short(&origin.source)),
            user_agent: Set(short(&origin.user_agent)),
            request_id: Set(short(&origin.request_id)),
            outcome: Set(outcome),
            count: Set(count),
            detail: Set(Value::Object(self.detail.clone())),
            ..Default::default()
        };
        Entity::insert(row).exec_without_returning(db).await?;
        Ok(())
    }

    /// The tenant that the slug means at this moment.
    async fn tenant(
        &self,
        db: &impl ConnectionTrait,
    ) -> Result<(Option<Uuid>, Option<String>), DbErr> {
        let Some(slug) = self.slug.clone().filter(|_| self.tenant.is_none()) else {
            return Ok((self.tenant, self.slug.clone()));
        };
        let Ok(parsed) = slug.parse::<tenancy::Slug>() else {
            return Ok((None, Some(slug)));
        };
        let found = tenants::living(db, tenant::Column::Slug.eq(parsed.as_str())).await?;
        Ok((found.map(|row| row.id), Some(parsed.to_string())))
    }

    /// An operator's address. Whose user somebody is in a tenant is the tenant's business.
    async fn actor_name(&self, db: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
        let operator = self
            .actor
            .id()
            .filter(|_| self.actor.kind() == ActorKind::Operator);
        let Some(id) = operator else {
            return Ok(self.actor.name().map(harmless));
        };
        let account = account::Entity::find()
            .filter(account::Column::Id.eq(id))
            .one(db)
            .await?;
        Ok(account.map(|account| account.email))
    }
}

/// An act that nobody waits for any more: its request ran out of time, or its client went away. If that
/// was while it committed, it may have been done and told all the same.
struct Interrupted<'a> {
    crossings: &'a Crossings,
    event: Option<&'a Event>,
}

impl Drop for Interrupted<'_> {
    fn drop(&mut self) {
        if let Some(event) = self.event.take() {
            let event = event.clone().with("why", vec!["INTERRUPTED"]);
            self.crossings.tell_as(event, Outcome::Failed);
        }
    }
}

/// What kind of end it was, and its code. What the database said may quote what it was given.
fn verdict(error: &Error) -> (Outcome, Value) {
    match error {
        Error::Refused(refusals) => {
            let word = |one: &Refusal| format!("{} {}", one.code.as_str(), one.field.join("."));
            let words: Vec<_> = refusals
                .iter()
                .map(word)
                .map(|word| harmless(word.trim_end()))
                .collect();
            (Outcome::Refused, json!(words))
        }
        Error::Denied(denied) => (Outcome::Refused, json!([denied.permission])),
        Error::Tenancy(error) => verdict_of_tenancy(error),
        error => failure(error, error.is_unavailable()),
    }
}

fn verdict_of_tenancy(error: &tenancy::Error) -> (Outcome, Value) {
    match error {
        tenancy::Error::Unfit(_) => (Outcome::Refused, json!(["UNFIT"])),
        error => failure(error, error.is_unavailable()),
    }
}

fn failure(error: &(dyn StdError + 'static), unavailable: bool) -> (Outcome, Value) {
    let word = match reason::sqlstate(error) {
        Some(code) => format!("SQLSTATE {code}"),
        None if unavailable => "DATABASE_UNAVAILABLE".to_owned(),
        None => "INTERNAL".to_owned(),
    };
    (Outcome::Failed, json!([word]))
}

/// A text that PostgreSQL takes, of a length that somebody reads.
pub(super) fn harmless(text: &str) -> String {
    let mut letters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = letters.by_ref().take(MOST).collect();
    if letters.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Code;

    #[test]
    fn what_strangers_send_is_cut_and_bared_of_what_no_column_holds() {
        assert_eq!(harmless("a\0b\nc"), "a b c");
        assert_eq!(harmless(&"é".repeat(MOST)), "é".repeat(MOST));
        assert_eq!(harmless(&"é".repeat(MOST + 1)).chars().count(), MOST + 1);
    }

    #[test]
    fn of_a_failure_only_its_code_is_told() {
        let secret = Error::Internal("s3cret".to_owned());
        assert_eq!(verdict(&secret), (Outcome::Failed, json!(["INTERNAL"])));
        let refused = Refusal::new(Code::Taken, &["slug"], "s3cret");
        assert_eq!(
            verdict(&refused.into()),
            (Outcome::Refused, json!(["TAKEN slug"]))
        );
    }
}
