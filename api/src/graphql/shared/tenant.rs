//! Tenants and their domains, as operators see them.

use async_graphql::{Context, Enum, ID, InputObject, Json, Object, OneofObject};
use entity::shared::{domain, tenant};
use sea_orm::ColumnTrait;
use sea_orm::sea_query::Condition;
use tenancy::SharedRealm;
use uuid::Uuid;

use crate::app::tenants;
use crate::auth::permission::ViewFleet;
use crate::graphql::connection::{Filter, connection};
use crate::graphql::filter::{Conditions, StringFilter};
use crate::graphql::noun::noun;
use crate::graphql::order::{OrderDirection, Ordering, order_by};
use crate::graphql::scalars::Moment;
use crate::graphql::{ContextExt, Request, Result};

noun!(
    /// A customer: one schema, its own users and data.
    Tenant,
    tenant::Entity
);

/// A customer: one schema, its own users and data.
#[Object]
impl Tenant {
    /// Its global id.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> ID {
        ctx.shared().global_id::<Self>(self.0.id)
    }

    /// Its unchanging identity, which is the audience of its tokens and stands in logs.
    async fn uuid(&self) -> Uuid {
        self.0.id
    }

    /// Its name in URLs and commands.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The street of its address, `null` where it isn't known.
    async fn street(&self) -> Option<&str> {
        self.0.street.as_deref()
    }

    /// The city of its address, `null` where it isn't known.
    async fn city(&self) -> Option<&str> {
        self.0.city.as_deref()
    }

    /// Where it stands in its life.
    async fn status(&self) -> TenantStatus {
        self.0.status.into()
    }

    /// Why it could not be made, `null` unless it failed.
    async fn failure(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }

    /// The name of its schema in PostgreSQL, which never changes.
    async fn schema_name(&self) -> &str {
        &self.0.schema_name
    }

    /// What is set up for it, as JSON.
    async fn settings(&self) -> Json<&serde_json::Value> {
        Json(&self.0.settings)
    }

    /// When it was created.
    async fn created(&self) -> Moment {
        Moment(self.0.created_at)
    }

    /// The host names that lead to it; a handful, the primary one among them.
    async fn domains(&self, ctx: &Context<'_>) -> Result<Vec<Domain>> {
        let request = ctx.shared();
        let related = request.related(request.can::<ViewFleet>()?);
        let order = Ordering {
            column: domain::Column::Host,
            key: domain::Column::Id,
            descending: false,
        };
        related
            .all(self.0.id, domain::Column::TenantId, order)
            .await
    }
}

noun!(
    /// A host name that leads to a tenant.
    Domain,
    domain::Entity
);

/// A host name that leads to a tenant.
#[Object]
impl Domain {
    /// Its global id.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> ID {
        ctx.shared().global_id::<Self>(self.0.id)
    }

    /// The host name: small letters, punycode, without port.
    async fn host(&self) -> &str {
        &self.0.host
    }

    /// Whether it is the one that the tenant is known by; each tenant has exactly one.
    async fn is_primary(&self) -> bool {
        self.0.is_primary
    }
}

/// Where a tenant stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tenant::Status")]
pub enum TenantStatus {
    /// Its schema is being made.
    Provisioning,
    /// Serves requests.
    Active,
    /// Refuses requests until it is resumed; its data stay as they are.
    Suspended,
    /// An operator is at work on it.
    Maintenance,
    /// Could not be made; creating it again goes on from where it stopped.
    Failed,
    /// Its schema is being removed.
    Dropping,
    /// Gone.
    Dropped,
}

/// Which tenants. All conditions that are given must hold.
#[derive(Debug, Default, InputObject)]
pub struct TenantFilter {
    /// By slug.
    slug: Option<StringFilter>,
    /// By name.
    name: Option<StringFilter>,
    /// By city.
    city: Option<StringFilter>,
    /// One of these statuses.
    status: Option<Vec<TenantStatus>>,
}

impl Filter<SharedRealm> for TenantFilter {
    fn condition(self, _: &Request<SharedRealm>) -> Result<Condition> {
        use tenant::Column;
        let statuses = self
            .status
            .map(|all| all.into_iter().map(tenant::Status::from).collect());
        let conditions = Conditions::new()
            .text(Column::Slug, self.slug)?
            .text(Column::Name, self.name)?
            .text(Column::City, self.city)?
            .words(Column::Status, statuses);
        let living = Column::Status.ne(tenant::Status::Dropped);
        Ok(conditions.finish().add(living))
    }
}

order_by! {
    /// In which order tenants come.
    TenantOrder(TenantOrderField) on tenant::Entity {
        /// By when they were created.
        Created => Id,
        /// By slug.
        Slug => Slug,
        /// By name.
        Name => Name,
    }
}

/// Which one tenant: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum TenantBy {
    /// The tenant of this global id.
    Id(ID),
    /// The tenant of this slug.
    Slug(String),
    /// The tenant that this domain leads to.
    Domain(String),
}

#[derive(Default)]
pub struct TenantQueries;

#[Object]
impl TenantQueries {
    /// One tenant, `null` where there is none.
    async fn tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] by: TenantBy,
    ) -> Result<Option<Tenant>> {
        let request = ctx.shared();
        let can = request.can::<ViewFleet>()?;
        let db = request.db(can);
        match by {
            TenantBy::Id(id) => request.by_id(db, &id).await,
            TenantBy::Slug(slug) => Ok(tenants::by_slug(db, can, &slug).await?.map(Tenant)),
            TenantBy::Domain(host) => Ok(tenants::by_domain(db, can, &host).await?.map(Tenant)),
        }
    }
}

connection! {
    /// The tenants, but for those that are dropped.
    shared Tenants {
        tenants: Tenant(TenantFilter, TenantOrder),
        ViewFleet, all,
    }
}
