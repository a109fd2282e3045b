//! The operators' accounts.

use async_graphql::{Context, Enum, Object};
use entity::shared::account;
use sea_orm::EntityTrait;

use crate::auth::permission::ViewSelf;
use crate::graphql::ahead::words;
use crate::graphql::noun::noun;
use crate::graphql::scalars::Moment;
use crate::graphql::{ContextExt, Result};

noun! {
    /// Somebody who runs the whole, and who is no tenant's user.
    shared Account(account) {
        /// Its global id.
        id,

        /// The e-mail address to log in with, in lower case.
        email: String,

        /// The operator's name.
        name: String,

        /// What the operator may do.
        role: AccountRole,

        /// When the account was made.
        created: Moment = created_at,
    }
}

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "account::Role")]
pub(super) enum AccountRole {
    /// See the tenants and their state.
    Viewer,
    /// Also make, change, suspend and drop tenants.
    Operator,
}

words!(AccountRole, account::Role);

#[derive(Default)]
pub(super) struct AccountQueries;

#[Object]
impl AccountQueries {
    /// Who is signed in; `null` where the account is gone or disabled since.
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        let request = ctx.shared();
        let db = request.db(request.can::<ViewSelf>()?);
        let Some(who) = request.caller.principal() else {
            return Ok(None);
        };
        let account = account::Entity::find_by_id(who.user()).one(db).await?;
        let enabled = account.filter(|account| account.disabled_at.is_none());
        Ok(enabled.map(Account))
    }
}
