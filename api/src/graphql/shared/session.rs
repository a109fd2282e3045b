//! The sessions of the operators.

use async_graphql::Context;
use entity::shared::audit_event::Outcome;
use tenancy::SharedRealm;

use super::account::Account;
use crate::app::audit::{Action, Actor, Event};
use crate::auth::{Caller, Principal};
use crate::graphql::session::SignsIn;
use crate::graphql::{ContextExt, Request};

pub(super) type SessionMutations = crate::graphql::session::SessionMutations<SharedRealm>;

impl SignsIn for SharedRealm {
    type Person = Account;

    fn request<'c>(ctx: &'c Context<'_>) -> &'c Request<Self> {
        ctx.shared()
    }

    /// Of a login that was refused only where it came from is told: its address may be a password that
    /// was typed into the wrong field.
    fn tell(request: &Request<Self>, action: Action, who: Option<Principal>, done: bool) {
        let actor = match who {
            Some(who) => Actor::new(Caller::Known(who), request.actor.origin().clone()),
            None => request.actor.clone(),
        };
        let outcome = if done {
            Outcome::Done
        } else {
            Outcome::Refused
        };
        let event = Event::new(actor, action);
        request.state.crossings.tell_as(event, outcome);
    }
}
