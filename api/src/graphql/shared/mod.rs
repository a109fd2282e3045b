//! The operators' API: the registry and the life of tenants, never what is inside of one.

mod account;
mod audit;
mod life;
mod node;
mod session;
mod tenant;

use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder};

/// What operators can ask.
#[derive(MergedObject, Default)]
pub struct Query(
    account::AccountQueries,
    tenant::TenantQueries,
    tenant::Tenants,
    audit::AuditEvents,
    node::NodeQueries,
);

/// What operators can do.
#[derive(MergedObject, Default)]
pub struct Mutation(session::SessionMutations, life::LifeMutations);

/// The schema, without a database, up to how it validates.
pub fn schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription).disable_suggestions()
}

/// Every noun, for tests.
#[cfg(test)]
pub(super) fn tables() -> Vec<&'static super::ahead::Table> {
    use super::noun::Noun;
    vec![
        account::Account::table(),
        audit::AuditEvent::table(),
        tenant::Tenant::table(),
        tenant::Domain::table(),
    ]
}
