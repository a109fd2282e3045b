//! The sessions of a tenant's users.

use async_graphql::Context;
use tenancy::TenantRealm;

use super::user::User;
use crate::graphql::session::SignsIn;
use crate::graphql::{ContextExt, Request};

pub(super) type SessionMutations = crate::graphql::session::SessionMutations<TenantRealm>;

impl SignsIn for TenantRealm {
    type Person = User;

    fn request<'c>(ctx: &'c Context<'_>) -> &'c Request<Self> {
        ctx.tenant()
    }
}
