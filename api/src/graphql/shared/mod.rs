//! The operators' API: tenants as a whole, never what is inside of one.

mod account;
mod session;

use async_graphql::{EmptySubscription, MergedObject, Schema};

/// What can be asked of the whole.
#[derive(MergedObject, Default)]
pub struct Query(account::AccountQueries);

/// What can be done to the whole. One operation is one transaction: it happens whole or not at all.
#[derive(MergedObject, Default)]
pub struct Mutation(session::SessionMutations);

pub type SharedSchema = Schema<Query, Mutation, EmptySubscription>;
