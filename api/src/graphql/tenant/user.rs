//! Users.

use async_graphql::{Context, ID, Object};
use entity::tenant::user;

use crate::graphql::ContextExt;
use crate::graphql::noun::noun;

noun!(User, user::Entity);

/// Somebody who may log in at this tenant.
#[Object]
impl User {
    /// Its global id.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> ID {
        ctx.tenant().global_id::<Self>(self.0.id)
    }
}
