//! The sessions of the operators.

use async_graphql::Context;
use tenancy::SharedRealm;

use super::account::Account;
use crate::graphql::session::SignsIn;
use crate::graphql::{ContextExt, Request};

pub(super) type SessionMutations = crate::graphql::session::SessionMutations<SharedRealm>;

impl SignsIn for SharedRealm {
    type Person = Account;

    fn request<'c>(ctx: &'c Context<'_>) -> &'c Request<Self> {
        ctx.shared()
    }
}
