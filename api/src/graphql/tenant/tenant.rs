//! The tenant itself.

use async_graphql::{Context, Json, Object, SimpleObject};
use entity::shared::{domain, tenant};
use uuid::Uuid;

use crate::app::current_tenant;
use crate::auth::permission::SeeTenant;
use crate::graphql::scalars::Moment;
use crate::graphql::{ContextExt, Result};

/// The tenant whose data these are, as everybody may know it.
pub struct Tenant {
    row: tenant::Model,
    domains: Vec<domain::Model>,
}

/// The tenant whose data these are, as everybody may know it.
#[Object]
impl Tenant {
    /// Its unchanging identity, which is the audience of its tokens.
    async fn uuid(&self) -> Uuid {
        self.row.id
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// Its name in addresses and commands, which may change.
    async fn slug(&self) -> &str {
        &self.row.slug
    }

    /// The street of its address, `null` where it isn't known.
    async fn street(&self) -> Option<&str> {
        self.row.street.as_deref()
    }

    /// The city of its address, `null` where it isn't known.
    async fn city(&self) -> Option<&str> {
        self.row.city.as_deref()
    }

    /// When it was created.
    async fn created(&self) -> Moment {
        Moment(self.row.created_at)
    }

    /// The host names that lead to it; a handful, the primary one first.
    async fn domains(&self) -> Vec<Domain> {
        self.domains.iter().map(Domain::from).collect()
    }

    /// What is set up for it, as JSON. Everybody may read it, so it holds no secrets.
    async fn settings(&self) -> Json<&serde_json::Value> {
        Json(&self.row.settings)
    }
}

/// A host name that leads to the tenant.
#[derive(SimpleObject)]
pub struct Domain {
    /// The host name: small letters, punycode, without port.
    host: String,
    /// Whether it is the one that the tenant is known by; there is exactly one.
    is_primary: bool,
}

impl From<&domain::Model> for Domain {
    fn from(row: &domain::Model) -> Self {
        Self {
            host: row.host.clone(),
            is_primary: row.is_primary,
        }
    }
}

#[derive(Default)]
pub struct TenantQueries;

#[Object]
impl TenantQueries {
    /// The tenant whose data these are. Needs no token.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Option<Tenant>> {
        let request = ctx.tenant();
        let can = request.can::<SeeTenant>()?;
        let found = current_tenant::read(&request.state, can, request.subject.id).await?;
        Ok(found.map(|(row, domains)| Tenant { row, domains }))
    }
}
