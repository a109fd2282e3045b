//! Who acts, and from where.

use std::sync::Arc;

use entity::shared::audit_event::ActorKind;
use uuid::Uuid;

use super::{Action, Event};
use crate::auth::{Audience, Caller, Can, Denied, Permission};

/// Somebody who acts: who it is, and what is known of where they are.
#[derive(Debug, Clone)]
pub struct Actor(Arc<Known>);

#[derive(Debug)]
struct Known {
    caller: Caller,
    name: Option<String>,
    origin: Origin,
}

/// Where an act comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The address that a request came from, or the machine of a console.
    pub source: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
}

impl Actor {
    pub fn new(caller: Caller, origin: Origin) -> Self {
        Self(Arc::new(Known {
            caller,
            name: None,
            origin,
        }))
    }

    /// Somebody at a terminal, by the name that the machine knows them by. For `cli` alone, as
    /// [`Caller::Console`] is.
    pub fn at_console(name: impl Into<String>, origin: Origin) -> Self {
        Self(Arc::new(Known {
            caller: Caller::Console,
            name: Some(name.into()),
            origin,
        }))
    }

    pub fn caller(&self) -> Caller {
        self.0.caller
    }

    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// The name, where it is known without asking the database.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    pub fn kind(&self) -> ActorKind {
        match self.0.caller {
            Caller::Anonymous => ActorKind::Anonymous,
            Caller::Console => ActorKind::Console,
            Caller::Known(who) => match who.audience() {
                Audience::Shared => ActorKind::Operator,
                Audience::Tenant(_) => ActorKind::User,
            },
        }
    }

    pub fn id(&self) -> Option<Uuid> {
        Some(self.0.caller.principal()?.user())
    }

    /// Checks for the permission `P`.
    pub fn by<P: Permission>(&self) -> Result<By<P>, Denied> {
        Ok(By {
            can: self.0.caller.can()?,
            actor: self.clone(),
        })
    }
}

impl From<Caller> for Actor {
    fn from(caller: Caller) -> Self {
        Self::new(caller, Origin::default())
    }
}

/// The proof of a permission, [`Can`], with whoever has it: what a step of an operator's takes, so that
/// none can be called without telling who does it.
#[derive(Debug, Clone)]
pub struct By<P: Permission> {
    can: Can<P>,
    actor: Actor,
}

impl<P: Permission> By<P> {
    pub fn can(&self) -> Can<P> {
        self.can
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Begins to tell of an act.
    pub fn act(&self, action: Action) -> Event {
        Event::new(self.actor.clone(), action)
    }
}
