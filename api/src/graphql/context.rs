//! What a resolver can ask for: who is asking, and a scope to work in.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::Context;
use sea_orm::TransactionTrait;
use tenancy::{Access, ActiveTenant, Scoped, SharedRealm, TenantRealm};
use uuid::Uuid;

use super::error::{Fault, Result};
use super::related::Related;
use crate::app::sessions::Accounts;
use crate::app::{self, Refusal};
use crate::auth::{Audience, Caller, Can, Permission};
use crate::state::{PageLimits, State};

/// The two realms, as far as requests differ between them.
pub trait Realm: Accounts<Subject: Clone + Send> {
    /// What marks the ids of this realm's rows.
    fn id(subject: &Self::Subject) -> Uuid;

    /// For whom its tokens are.
    fn audience(subject: &Self::Subject) -> Audience;
}

impl Realm for TenantRealm {
    fn id(tenant: &ActiveTenant) -> Uuid {
        tenant.id.as_uuid()
    }

    fn audience(tenant: &ActiveTenant) -> Audience {
        Audience::Tenant(tenant.id.as_uuid())
    }
}

impl Realm for SharedRealm {
    fn id((): &()) -> Uuid {
        Uuid::nil()
    }

    fn audience((): &()) -> Audience {
        Audience::Shared
    }
}

/// From where a request came, as far as that is known.
#[derive(Debug, Clone, Copy)]
pub struct Origin(pub Option<IpAddr>);

/// One operation in one realm: its caller, its one transaction, its relations.
pub struct Request<R: Realm> {
    pub state: Arc<State>,
    pub subject: R::Subject,
    pub caller: Caller,
    db: Scoped<R>,
    related: Related<R>,
    /// Whether the operation has one root field, which needs no savepoint of its own.
    single: bool,
    /// A root field refused its input after it had written: keep nothing.
    refused: AtomicBool,
    /// A mutation got to work, so that the transaction may be open.
    begun: AtomicBool,
}

impl<R: Realm> Request<R> {
    pub fn new(
        state: Arc<State>,
        subject: R::Subject,
        caller: Caller,
        access: Access,
        single: bool,
    ) -> Self {
        let db = R::open(&state, &subject, access);
        let related = Related::new(db.clone());
        Self {
            state,
            subject,
            caller,
            db,
            related,
            single,
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

    /// The relations of rows, for somebody who may see them.
    pub fn related<P: Permission>(&self, _: Can<P>) -> &Related<R> {
        &self.related
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

/// How resolvers get at their [`Request`].
pub trait ContextExt {
    /// The request, in the tenants' schema.
    fn tenant(&self) -> &Request<TenantRealm>;

    /// The request, in the shared realm's schema.
    fn shared(&self) -> &Request<SharedRealm>;

    /// From where it came.
    fn origin(&self) -> Option<IpAddr>;
}

impl ContextExt for Context<'_> {
    fn tenant(&self) -> &Request<TenantRealm> {
        self.data_unchecked::<Arc<Request<TenantRealm>>>()
    }

    fn shared(&self) -> &Request<SharedRealm> {
        self.data_unchecked::<Arc<Request<SharedRealm>>>()
    }

    fn origin(&self) -> Option<IpAddr> {
        self.data_opt::<Origin>().and_then(|origin| origin.0)
    }
}
