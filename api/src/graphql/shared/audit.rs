//! The audit trail, as operators read it.

use async_graphql::{Enum, InputObject, Json};
use entity::shared::audit_event::{self, Column};
use sea_orm::ColumnTrait;
use sea_orm::sea_query::Condition;
use tenancy::SharedRealm;
use uuid::Uuid;

use crate::auth::permission::ViewAudit;
use crate::graphql::ahead::words;
use crate::graphql::connection::{Filter, connection};
use crate::graphql::filter::{Conditions, DateTimeFilter, StringFilter};
use crate::graphql::noun::noun;
use crate::graphql::order::{OrderDirection, order_by};
use crate::graphql::scalars::Moment;
use crate::graphql::{Request, Result};

noun! {
    /// Something that somebody did, or was refused. Nothing changes or deletes it.
    shared AuditEvent(audit_event) {
        /// Its global id.
        id,

        /// When it happened; of several equal ones, when the last did.
        happened_at: Moment,

        /// What kind of somebody it was.
        actor_kind: AuditActorKind,

        /// Whose account or user it was, `null` for a console and for nobody.
        actor_id: Option<Uuid>,

        /// An operator's e-mail address, or the machine's user at a console; `null` for a tenant's user.
        actor_name: Option<String>,

        /// What was done or tried, such as `tenant.suspend`.
        action: String,

        /// Which tenant it was about, `null` where it was about none, or about one that isn't there.
        tenant_id: Option<Uuid>,

        /// That tenant's slug as it was then, or as it was given.
        tenant_slug: Option<String>,

        /// The address that the request came from, or the machine of the console.
        source: Option<String>,

        /// The program that the request said it came from.
        user_agent: Option<String>,

        /// The request's id, which its log lines have too.
        request_id: Option<String>,

        /// What came of it.
        outcome: AuditOutcome,

        /// How many equal events this one stands for.
        count: i32,

        /// What else there is to tell, as JSON.
        detail: Json<serde_json::Value>,
    }
}

/// What kind of somebody acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "audit_event::ActorKind")]
pub enum AuditActorKind {
    /// Somebody at a terminal who holds the database's credentials.
    Console,
    /// An operator.
    Operator,
    /// A tenant's user.
    User,
    /// Nobody who is known.
    Anonymous,
}

words!(AuditActorKind, audit_event::ActorKind);

/// What came of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "audit_event::Outcome")]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was not allowed, or the input was wrong. Nothing was done.
    Refused,
    /// It went wrong.
    Failed,
}

words!(AuditOutcome, audit_event::Outcome);

/// Which events. All conditions that are given must hold.
#[derive(Debug, Default, InputObject)]
pub struct AuditEventFilter {
    /// By what was done.
    action: Option<StringFilter>,
    /// By the tenant's slug, as it was then.
    tenant_slug: Option<StringFilter>,
    /// About this tenant, by its `uuid`, whatever it was called.
    tenant_id: Option<Uuid>,
    /// By the actor's name.
    actor_name: Option<StringFilter>,
    /// Of one of these kinds of somebody.
    actor_kind: Option<Vec<AuditActorKind>>,
    /// With one of these outcomes.
    outcome: Option<Vec<AuditOutcome>>,
    /// By when it happened.
    happened_at: Option<DateTimeFilter>,
}

impl Filter<SharedRealm> for AuditEventFilter {
    fn condition(self, _: &Request<SharedRealm>) -> Result<Condition> {
        let kinds = self
            .actor_kind
            .map(|all| all.into_iter().map(audit_event::ActorKind::from).collect());
        let outcomes = self
            .outcome
            .map(|all| all.into_iter().map(audit_event::Outcome::from).collect());
        let conditions = Conditions::new()
            .text(Column::Action, self.action)?
            .text(Column::TenantSlug, self.tenant_slug)?
            .text(Column::ActorName, self.actor_name)?
            .words(Column::ActorKind, kinds)
            .words(Column::Outcome, outcomes)
            .moment(Column::HappenedAt, self.happened_at)
            .finish();
        let of = self.tenant_id.map(|tenant| Column::TenantId.eq(tenant));
        Ok(of.map_or(conditions.clone(), |of| conditions.add(of)))
    }
}

order_by! {
    /// In which order events come.
    AuditEventOrder(AuditEventOrderField) on audit_event::Entity {
        /// By when they were written down.
        Written => Id,
        /// By when they happened.
        HappenedAt => HappenedAt,
    }
}

connection! {
    /// The audit trail: who did what to which tenant, from where.
    shared AuditEvents {
        audit_events: AuditEvent(AuditEventFilter, AuditEventOrder),
        ViewAudit, all,
    }
}
