//! The operators' API: the registry and the life of tenants.

mod life;
mod node;
mod tenant;

use async_graphql::{EmptySubscription, MergedObject, Schema};

/// What operators can ask.
#[derive(MergedObject, Default)]
pub struct Query(tenant::TenantQueries, node::NodeQueries);

/// What operators can do.
#[derive(MergedObject, Default)]
pub struct Mutation(life::LifeMutations);

pub type SharedSchema = Schema<Query, Mutation, EmptySubscription>;

/// The schema, without a database.
pub fn schema() -> SharedSchema {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .disable_suggestions()
        .finish()
}
