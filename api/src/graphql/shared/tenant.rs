//! Tenants and their domains, as operators see them.

use async_graphql::{Context, Enum, ID, InputObject, Json, Object, OneofObject};
use entity::shared::{domain, tenant};
use sea_orm::ColumnTrait;
use sea_orm::sea_query::Condition;
use tenancy::SharedRealm;
use uuid::Uuid;

use crate::app::tenants;
use crate::auth::permission::ViewFleet;
use crate::graphql::ahead::{Planned, words};
use crate::graphql::connection::{Filter, connection};
use crate::graphql::filter::{Conditions, StringFilter};
use crate::graphql::noun::noun;
use crate::graphql::order::{OrderDirection, order_by};
use crate::graphql::scalars::Moment;
use crate::graphql::{ContextExt, Request, Result};

noun! {
    /// A customer: one schema, its own users and data.
    shared Tenant(tenant) {
        /// Its global id.
        id,

        /// Its unchanging identity, which is the audience of its tokens and stands in logs.
        uuid: Uuid = id,

        /// Its name in URLs and commands.
        slug: String,

        /// What people call it.
        name: String,

        /// The street of its address, `null` where it isn't known.
        street: Option<String>,

        /// The city of its address, `null` where it isn't known.
        city: Option<String>,

        /// Where it stands in its life.
        status: TenantStatus,

        /// Why it could not be made, `null` unless it failed.
        failure: Option<String>,

        /// The name of its schema in PostgreSQL, which never changes.
        schema_name: String,

        /// What is set up for it, as JSON.
        settings: Json<serde_json::Value>,

        /// When it was created.
        created: Moment = created_at,

        /// The host names that lead to it; a handful, the primary one among them.
        domains: all Domain to TenantId order Host for ViewFleet,
    }
}

noun! {
    /// A host name that leads to a tenant.
    shared Domain(domain) {
        /// Its global id.
        id,

        /// The host name: small letters, punycode, without port.
        host: String,

        /// Whether it is the one that the tenant is known by; each tenant has exactly one.
        is_primary: bool,
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

words!(TenantStatus, tenant::Status);

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
    ) -> Result<Option<Planned<Tenant>>> {
        let request = ctx.shared();
        let can = request.can::<ViewFleet>()?;
        let db = request.db(can);
        let found = match by {
            TenantBy::Id(id) => return request.by_id(ctx, can, &id).await,
            TenantBy::Slug(slug) => tenants::by_slug(db, can, &slug).await?,
            TenantBy::Domain(host) => tenants::by_domain(db, can, &host).await?,
        };
        Ok(found.map(|row| Planned::Plain(Tenant(row))))
    }
}

connection! {
    /// The tenants, but for those that are dropped.
    shared Tenants {
        tenants: Tenant(TenantFilter, TenantOrder),
        ViewFleet, all,
    }
}
