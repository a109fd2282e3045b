//! The life of tenants: what the commands do too.
//!
//! Each of these is several transactions of its own, since a schema is made in one and its status
//! told in another. What stops half-way stays visible, and can be resumed.

use async_graphql::{Context, ID, InputObject, Object};

use super::tenant::{Domain, Tenant};
use crate::app::tenants::NewTenant;
use crate::app::{self, Refusal, domains, tenants};
use crate::auth::permission::ManageFleet;
use crate::graphql::payload::payload;
use crate::graphql::{ContextExt, Result};

/// A tenant to be.
#[derive(Debug, InputObject)]
pub struct CreateTenantInput {
    /// Its name in URLs and commands: 1 to 63 letters, digits and hyphens.
    slug: String,
    /// What people call it, at most 200 characters.
    name: String,
    /// The street of its address.
    street: Option<String>,
    /// The city of its address.
    city: Option<String>,
    /// Its first domain; `<slug>.<suffix>` if not given and the server has a suffix.
    domain: Option<String>,
}

/// Which tenant.
#[derive(Debug, InputObject)]
pub struct SuspendTenantInput {
    /// Its slug.
    slug: String,
}

/// Which tenant.
#[derive(Debug, InputObject)]
pub struct ResumeTenantInput {
    /// Its slug.
    slug: String,
}

/// One more domain for a tenant.
#[derive(Debug, InputObject)]
pub struct AddDomainInput {
    /// The tenant's slug.
    slug: String,
    /// The host name, such as `shop.example.com`.
    domain: String,
}

/// Which domain is to lead nowhere any more.
#[derive(Debug, InputObject)]
pub struct RemoveDomainInput {
    /// The tenant's slug.
    slug: String,
    /// The host name, which must not be the primary one.
    domain: String,
}

/// Which domain is to be the primary one.
#[derive(Debug, InputObject)]
pub struct SetPrimaryDomainInput {
    /// The tenant's slug.
    slug: String,
    /// One of its host names.
    domain: String,
}

payload! {
    /// What came of `createTenant`.
    CreateTenantPayload {
        /// The new tenant.
        tenant: Tenant,
    }
}

payload! {
    /// What came of `suspendTenant`.
    SuspendTenantPayload {
        /// The tenant as it is now.
        tenant: Tenant,
    }
}

payload! {
    /// What came of `resumeTenant`.
    ResumeTenantPayload {
        /// The tenant as it is now.
        tenant: Tenant,
    }
}

payload! {
    /// What came of `addDomain`.
    AddDomainPayload {
        /// The new domain.
        domain: Domain,
    }
}

payload! {
    /// What came of `removeDomain`.
    RemoveDomainPayload {
        /// The id of the domain that leads nowhere any more.
        deleted_id: ID,
    }
}

payload! {
    /// What came of `setPrimaryDomain`.
    SetPrimaryDomainPayload {
        /// The domain, which is now the primary one.
        domain: Domain,
    }
}

#[derive(Default)]
pub struct LifeMutations;

#[Object]
impl LifeMutations {
    /// Makes a tenant: its registration, its first domain, its schema.
    async fn create_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tenant to be.")] input: CreateTenantInput,
    ) -> Result<Option<CreateTenantPayload>> {
        let request = ctx.shared();
        let by = request.by::<ManageFleet>(ctx)?;
        let CreateTenantInput {
            slug,
            name,
            street,
            city,
            domain,
        } = input;
        let new = NewTenant {
            slug,
            name,
            street,
            city,
            domain,
        };
        let outcome = settled(tenants::create(&request.state, &by, new).await)?;
        Ok(Some(CreateTenantPayload::of(outcome, |row| {
            (Some(Tenant(row)),)
        })))
    }

    /// Refuses a tenant's requests from now on; its data stay as they are.
    async fn suspend_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tenant.")] input: SuspendTenantInput,
    ) -> Result<Option<SuspendTenantPayload>> {
        let request = ctx.shared();
        let by = request.by::<ManageFleet>(ctx)?;
        let outcome = settled(tenants::suspend(&request.state, &by, &input.slug).await)?;
        Ok(Some(SuspendTenantPayload::of(outcome, |row| {
            (Some(Tenant(row)),)
        })))
    }

    /// Serves a suspended tenant again.
    async fn resume_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tenant.")] input: ResumeTenantInput,
    ) -> Result<Option<ResumeTenantPayload>> {
        let request = ctx.shared();
        let by = request.by::<ManageFleet>(ctx)?;
        let outcome = settled(tenants::resume(&request.state, &by, &input.slug).await)?;
        Ok(Some(ResumeTenantPayload::of(outcome, |row| {
            (Some(Tenant(row)),)
        })))
    }

    /// Lets one more domain lead to a tenant.
    async fn add_domain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which domain, and to whom it leads.")] input: AddDomainInput,
    ) -> Result<Option<AddDomainPayload>> {
        let request = ctx.shared();
        let by = request.by::<ManageFleet>(ctx)?;
        let outcome = domains::add(&request.state, &by, &input.slug, &input.domain).await;
        Ok(Some(AddDomainPayload::of(settled(outcome)?, |row| {
            (Some(Domain(row)),)
        })))
    }

    /// Lets a domain lead nowhere any more.
    async fn remove_domain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which domain.")] input: RemoveDomainInput,
    ) -> Result<Option<RemoveDomainPayload>> {
        let request = ctx.shared();
        let by = request.by::<ManageFleet>(ctx)?;
        let outcome = domains::remove(&request.state, &by, &input.slug, &input.domain).await;
        Ok(Some(RemoveDomainPayload::of(settled(outcome)?, |row| {
            (Some(request.global_id::<Domain>(row.id)),)
        })))
    }

    /// Makes a domain the one that a tenant is known by, in place of the one before.
    async fn set_primary_domain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which domain.")] input: SetPrimaryDomainInput,
    ) -> Result<Option<SetPrimaryDomainPayload>> {
        let request = ctx.shared();
        let by = request.by::<ManageFleet>(ctx)?;
        let outcome = domains::make_primary(&request.state, &by, &input.slug, &input.domain).await;
        Ok(Some(SetPrimaryDomainPayload::of(
            settled(outcome)?,
            |row| (Some(Domain(row)),),
        )))
    }
}

/// Tells refusals from failures, for work that has transactions of its own.
fn settled<T>(outcome: app::Result<T>) -> Result<std::result::Result<T, Vec<Refusal>>> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(app::Error::Refused(refusals)) => Ok(Err(refusals)),
        Err(error) => Err(error.into()),
    }
}
