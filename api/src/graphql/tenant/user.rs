//! Users.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use entity::tenant::user;
use sea_orm::ColumnTrait;
use sea_orm::sea_query::Condition;
use tenancy::TenantRealm;

use crate::app::users::{self, NewUser, UserChanges};
use crate::auth::permission::{ManageUsers, ViewSelf, ViewUsers};
use crate::graphql::ahead::{Planned, words};
use crate::graphql::connection::{Filter, connection};
use crate::graphql::filter::{Conditions, StringFilter};
use crate::graphql::noun::noun;
use crate::graphql::order::{OrderDirection, order_by};
use crate::graphql::payload::payload;
use crate::graphql::scalars::Moment;
use crate::graphql::{ContextExt, Request, Result};

/// What a user may do: the greater role may all that the lesser may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "user::Role")]
pub enum UserRole {
    /// May do everything, and say who else may sign in.
    Owner,
    /// May also change staff and delete, and see who may sign in.
    Manager,
    /// May see staff and sales, and work on sales.
    Staff,
}

words!(UserRole, user::Role);

noun! {
    /// Somebody who may sign in at this tenant.
    tenant User(user) {
        /// Its global id.
        id,

        /// The e-mail address to sign in with, in small letters; no two users have the same.
        email: String,

        /// The user's full name.
        name: String,

        /// What the user may do. Tokens that were given before a change keep the old role until they
        /// expire, minutes later.
        role: UserRole,

        /// When the user was entered here.
        created: Moment = created_at,

        /// Whether the user is kept from signing in.
        disabled: bool = disabled_at,
    }
}

/// Which users. All conditions that are given must hold.
#[derive(Debug, Default, InputObject)]
pub struct UserFilter {
    /// By e-mail address.
    email: Option<StringFilter>,
    /// By name.
    name: Option<StringFilter>,
    /// Of one of these roles.
    role: Option<Vec<UserRole>>,
    /// `true`: kept from signing in. `false`: may sign in.
    disabled: Option<bool>,
}

impl Filter<TenantRealm> for UserFilter {
    fn condition(self, _: &Request<TenantRealm>) -> Result<Condition> {
        use user::Column;
        let roles = self
            .role
            .map(|all| all.into_iter().map(user::Role::from).collect());
        let disabled = self.disabled.map(|disabled| {
            if disabled {
                Column::DisabledAt.is_not_null()
            } else {
                Column::DisabledAt.is_null()
            }
        });
        let conditions = Conditions::new()
            .text(Column::Email, self.email)?
            .text(Column::Name, self.name)?
            .words(Column::Role, roles);
        Ok(conditions.finish().add_option(disabled))
    }
}

order_by! {
    /// In which order users come.
    UserOrder(UserOrderField) on user::Entity {
        /// By when they were entered.
        Created => Id,
        /// By name.
        Name => Name,
        /// By e-mail address.
        Email => Email,
    }
}

#[derive(Default)]
pub struct UserQueries;

#[Object]
impl UserQueries {
    /// Who is signed in, `null` where that user is gone.
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<Planned<User>>> {
        let request = ctx.tenant();
        let can = request.can::<ViewSelf>()?;
        match request.caller.principal() {
            Some(who) => request.row(ctx, can, who.user()).await,
            None => Ok(None),
        }
    }

    /// The user of this id, `null` where there is none.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its global id.")] id: ID,
    ) -> Result<Option<Planned<User>>> {
        let request = ctx.tenant();
        request.by_id(ctx, request.can::<ViewUsers>()?, &id).await
    }
}

connection! {
    /// The users.
    tenant Users {
        users: User(UserFilter, UserOrder),
        ViewUsers, all,
    }
}

/// A user to be.
#[derive(InputObject)]
pub struct CreateUserInput {
    /// The e-mail address to sign in with; capitals don't matter.
    email: String,
    /// The full name, at most 200 characters.
    name: String,
    /// What the user may do.
    role: UserRole,
    /// The password to sign in with, of 8 to 200 characters.
    #[graphql(secret)]
    password: String,
}

/// What is to change of a user; what is left out stays as it is.
#[derive(Debug, InputObject)]
pub struct UpdateUserInput {
    /// Which user.
    id: ID,
    /// The full name, at most 200 characters.
    name: Option<String>,
    /// What the user may do. Another role ends the user's sessions.
    role: Option<UserRole>,
    /// Whether the user is kept from signing in, which ends the user's sessions.
    disabled: Option<bool>,
}

/// Which user is to go.
#[derive(Debug, InputObject)]
pub struct DeleteUserInput {
    /// Which user, who must not be the last owner.
    id: ID,
}

payload! {
    /// What came of `createUser`.
    CreateUserPayload {
        /// The new user.
        user: User,
    }
}

payload! {
    /// What came of `updateUser`.
    UpdateUserPayload {
        /// The user as it is now.
        user: User,
    }
}

payload! {
    /// What came of `deleteUser`.
    DeleteUserPayload {
        /// The id of the user who is gone.
        deleted_id: ID,
    }
}

#[derive(Default)]
pub struct UserMutations;

#[Object]
impl UserMutations {
    /// Lets somebody sign in. Hashing the password takes its time, so this must be the first
    /// change of its operation.
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user to be.")] input: CreateUserInput,
    ) -> Result<Option<CreateUserPayload>> {
        let request = ctx.tenant();
        let can = request.can::<ManageUsers>()?;
        request.must_not_have_begun("createUser")?;
        let new = NewUser {
            email: input.email,
            name: input.name,
            role: input.role.into(),
            password: input.password,
        };
        let new = users::prepare(&request.state.hasher, can, new).await;
        let work = async { users::create(request.db(can), can, new?).await };
        let outcome = request.write(work).await?;
        Ok(Some(CreateUserPayload::of(outcome, |row| {
            (Some(User(row)),)
        })))
    }

    /// Changes a user. The last owner who may sign in stays one.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: UpdateUserInput,
    ) -> Result<Option<UpdateUserPayload>> {
        let request = ctx.tenant();
        let can = request.can::<ManageUsers>()?;
        let id = request.local_id::<User>(&input.id);
        let changes = UserChanges {
            name: input.name,
            role: input.role.map(Into::into),
            disabled: input.disabled,
        };
        let outcome = request
            .write(users::update(request.db(can), can, id, changes))
            .await?;
        Ok(Some(UpdateUserPayload::of(outcome, |row| {
            (Some(User(row)),)
        })))
    }

    /// Deletes a user and ends the user's sessions. The last owner who may sign in stays.
    async fn delete_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which user.")] input: DeleteUserInput,
    ) -> Result<Option<DeleteUserPayload>> {
        let request = ctx.tenant();
        let can = request.can::<ManageUsers>()?;
        let id = request.local_id::<User>(&input.id);
        let then = request.then::<User, DeleteUserPayload>(ctx);
        let outcome = request
            .write(users::delete(request.db(can), can, id, then))
            .await?;
        Ok(Some(DeleteUserPayload::of(outcome, |_| (Some(input.id),))))
    }
}
