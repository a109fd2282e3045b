//! What a resolver can ask for: who is asking, and a scope to work in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use async_graphql::Context;
use sea_orm::TransactionTrait;
use tenancy::{Access, ActiveTenant, Scoped, SharedRealm, TenantRealm};
use uuid::Uuid;

use super::error::{Fault, Result};
use super::ids::GlobalId;
use super::related::Related;
use crate::app::audit::{Action, Actor, By, Event};
use crate::app::sessions::Accounts;
use crate::app::{self, Refusal};
use crate::auth::{Audience, Caller, Can, Permission};
use crate::state::{PageLimits, State};

/// The two realms, as far as requests differ between them.
pub trait Realm: Accounts<Subject: Clone + Send> {
    /// What marks the ids of this realm's rows.
    fn id(subject: &Self::Subject) -> Uuid;

    /// Says whose realm an event is about.
    fn about(subject: &Self::Subject, event: Event) -> Event;

    /// For whom its tokens are.
    fn audience(subject: &Self::Subject) -> Audience;
}

impl Realm for TenantRealm {
    fn id(tenant: &ActiveTenant) -> Uuid {
        tenant.id.as_uuid()
    }

    fn about(tenant: &ActiveTenant, event: Event) -> Event {
        event.of(tenant)
    }

    fn audience(tenant: &ActiveTenant) -> Audience {
        Audience::Tenant(tenant.id.as_uuid())
    }
}

impl Realm for SharedRealm {
    fn id((): &()) -> Uuid {
        Uuid::nil()
    }

    fn about((): &(), event: Event) -> Event {
        event
    }

    fn audience((): &()) -> Audience {
        Audience::Shared
    }
}

/// One operation in one realm: its caller, its one transaction, its relations.
pub struct Request<R: Realm> {
    pub state: Arc<State>,
    pub subject: R::Subject,
    pub caller: Caller,
    pub actor: Actor,
    db: Scoped<R>,
    /// Made when somebody asks for it, which who looks ahead doesn't.
    related: OnceLock<Related<R>>,
    /// Whether the operation has one root field, which needs no savepoint of its own.
    single: bool,
    /// Whether that is a query.
    reads: bool,
    /// A root field refused its input after it had written: keep nothing.
    refused: AtomicBool,
    /// A mutation got to work, so that the transaction may be open.
    begun: AtomicBool,
}

impl<R: Realm> Request<R> {
    pub fn new(
        state: Arc<State>,
        subject: R::Subject,
        actor: Actor,
        access: Access,
        single: bool,
    ) -> Self {
        let db = R::open(&state, &subject, access);
        Self {
            state,
            subject,
            caller: actor.caller(),
            actor,
            db,
            related: OnceLock::new(),
            single,
            reads: access == Access::Read,
            refused: AtomicBool::new(false),
            begun: AtomicBool::new(false),
        }
    }

    /// The proof that the caller has a permission.
    pub fn can<P: Permission>(&self) -> Result<Can<P>> {
        Ok(self.caller.can::<P>()?)
    }

    /// The operation's scope, for somebody who may do something in it.
    pub fn db<P: Permission>(&self, _: Can<P>) -> &Scoped<R> {
        &self.db
    }

    /// Whether the operation has one root field.
    pub(super) fn is_single(&self) -> bool {
        self.single
    }

    /// Whether the first statement of a root field that looks ahead is all that is asked.
    pub(super) fn is_all_foreseen(&self) -> bool {
        self.single && self.reads
    }

    /// The relations of rows, for somebody who may see them.
    pub fn related<P: Permission>(&self, _: Can<P>) -> &Related<R> {
        self.related.get_or_init(|| Related::new(self.db.clone()))
    }

    /// Notes that somebody who is signed in shows an id of another realm.
    pub(super) fn tell_of_foreign_id(&self, id: &GlobalId) {
        if self.caller.principal().is_none() {
            return;
        }
        let event = Event::new(self.actor.clone(), Action::CrossingId);
        let event = event.with("of", id.realm.to_string());
        self.state.crossings.tell(R::about(&self.subject, event));
    }

    /// Notes that the database refused a statement which reached for more than this realm's rows.
    pub(super) fn tell_of_privilege(&self) {
        let event = Event::new(self.actor.clone(), Action::CrossingPrivilege);
        self.state.crossings.tell(R::about(&self.subject, event));
    }

    pub fn page_limits(&self) -> PageLimits {
        self.state.page
    }

    pub fn realm_id(&self) -> Uuid {
        R::id(&self.subject)
    }

    /// Refuses a field that takes its time before it writes once the transaction has begun, which
    /// would hold a connection and its locks meanwhile.
    pub fn must_not_have_begun(&self, field: &str) -> Result<()> {
        if self.begun.load(Ordering::Acquire) {
            let message = format!("{field} must come before every other change of its operation");
            return Err(Fault::Input(message));
        }
        Ok(())
    }

    /// Does the work of one mutation. What it refuses leaves nothing behind, whatever it had
    /// written before it knew; other root fields of the operation stay as they are.
    pub async fn write<T: Send>(
        &self,
        work: impl Future<Output = app::Result<T>> + Send,
    ) -> Result<std::result::Result<T, Vec<Refusal>>> {
        self.begun.store(true, Ordering::Release);
        let savepoint = if self.single {
            None
        } else {
            Some(self.db.begin().await?)
        };
        match work.await {
            Ok(value) => {
                if let Some(savepoint) = savepoint {
                    savepoint.commit().await?;
                }
                Ok(Ok(value))
            }
            Err(app::Error::Refused(refusals)) => {
                match savepoint {
                    Some(savepoint) => savepoint.rollback().await?,
                    None => self.refused.store(true, Ordering::Release),
                }
                Ok(Err(refusals))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Ends the operation's transaction: keeps what it wrote if all went well.
    pub async fn finish(&self, well: bool) -> Result<()> {
        if well && !self.refused.load(Ordering::Acquire) {
            self.db.commit().await.map_err(Fault::from)
        } else {
            self.db.end().await;
            Ok(())
        }
    }

    /// Gives the connection back without waiting: for queries, which have nothing to keep.
    pub async fn end(&self) {
        self.db.end().await;
    }
}

impl Request<SharedRealm> {
    /// The proof that the caller has a permission to do something, with the caller in it. Whoever is
    /// signed in and has not, is told of.
    pub fn by<P: Permission>(&self, ctx: &Context<'_>) -> Result<By<P>> {
        Ok(self.actor.by::<P>().inspect_err(|denied| {
            if denied.signed_in {
                let event = Event::new(self.actor.clone(), Action::PermissionDenied);
                let event = event.with("permission", denied.permission);
                self.state
                    .crossings
                    .tell(event.with("field", ctx.field().name()));
            }
        })?)
    }
}

/// How resolvers get at their [`Request`].
pub trait ContextExt {
    /// The request, in the tenants' schema.
    fn tenant(&self) -> &Request<TenantRealm>;

    /// The request, in the shared realm's schema.
    fn shared(&self) -> &Request<SharedRealm>;
}

impl ContextExt for Context<'_> {
    fn tenant(&self) -> &Request<TenantRealm> {
        self.data_unchecked::<Arc<Request<TenantRealm>>>()
    }

    fn shared(&self) -> &Request<SharedRealm> {
        self.data_unchecked::<Arc<Request<SharedRealm>>>()
    }
}
