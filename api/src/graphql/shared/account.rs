//! The operators' accounts.

use async_graphql::{Context, Enum, ID, Object};
use entity::shared::account;
use sea_orm::EntityTrait;

use crate::auth::permission::ViewSelf;
use crate::graphql::noun::noun;
use crate::graphql::scalars::Moment;
use crate::graphql::{ContextExt, Result};

noun!(Account, account::Entity);

/// Somebody who runs the whole, and who is no tenant's user.
#[Object]
impl Account {
    /// Its global id.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> ID {
        ctx.shared().global_id::<Self>(self.0.id)
    }

    /// The e-mail address to log in with, in lower case.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// The operator's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the operator may do.
    async fn role(&self) -> AccountRole {
        self.0.role.into()
    }

    /// When the account was made.
    async fn created(&self) -> Moment {
        Moment(self.0.created_at)
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
