//! Who may sign in to the shared realm, and as what.

use chrono::Utc;
use entity::shared::account::{ActiveModel, Column, Entity, Model, Role};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, Set,
};
use tenancy::Access;

use super::audit::{Action, By, Event};
use super::check::Check;
use super::error::{Code, Meaning, Result, on_constraint};
use super::sessions::passwords::{against, internal};
use crate::auth::permission::{ManageFleet, ViewFleet};
use crate::auth::{Can, Hasher, Password};
use crate::state::State;

const MEANINGS: &[Meaning] = &[(
    "account_email_key",
    Code::Taken,
    "email",
    "another operator has this e-mail address",
)];

/// An account to be.
pub struct NewAccount {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password: String,
}

/// An account to be whose input was checked and whose password was hashed.
pub struct PreparedAccount {
    email: String,
    name: String,
    role: Role,
    password_hash: String,
}

/// Does what takes its time. No scope may be open meanwhile, which is why this doesn't take one.
pub async fn prepare(
    hasher: &Hasher,
    _: Can<ManageFleet>,
    new: NewAccount,
) -> Result<PreparedAccount> {
    let mut check = Check::default();
    check.email("email", Some(&new.email));
    check.text("name", &new.name, 200);
    let password = Password::parse(new.password).map_err(|rule| against("password", rule));
    if let Err(refusal) = &password {
        check.refuse(refusal.code, "password", &refusal.message);
    }
    check.finish()?;
    Ok(PreparedAccount {
        email: new.email.to_lowercase(),
        name: new.name,
        role: new.role,
        password_hash: hasher
            .hash(&password?)
            .await
            .map_err(|error| internal(&error))?,
    })
}

/// Creates an operator's account.
pub async fn create(state: &State, by: &By<ManageFleet>, new: PreparedAccount) -> Result<Model> {
    let act = by
        .act(Action::AccountCreate)
        .with("email", new.email.as_str());
    let act = act.with("role", new.role.to_value());
    act.watch(state, create_noted(state, &act, new)).await
}

async fn create_noted(state: &State, act: &Event, new: PreparedAccount) -> Result<Model> {
    let db = state.operator.shared(Access::Write);
    let row = ActiveModel {
        email: Set(new.email),
        name: Set(new.name),
        role: Set(new.role),
        password_hash: Set(new.password_hash),
        created_at: Set(Utc::now()),
        ..Default::default()
    };
    let row = row
        .insert(&db)
        .await
        .map_err(|error| on_constraint(error, MEANINGS))?;
    act.done(&db).await?;
    db.commit().await?;
    Ok(row)
}

/// Everybody who may or might sign in, the first who came first.
pub async fn all(db: &impl ConnectionTrait, _: Can<ViewFleet>) -> Result<Vec<Model>> {
    Ok(Entity::find().order_by_asc(Column::Id).all(db).await?)
}

/// The operator who has been one for longest, of those who may sign in.
pub async fn first_operator(db: &impl ConnectionTrait, _: Can<ViewFleet>) -> Result<Option<Model>> {
    let query = Entity::find()
        .filter(Column::Role.eq(Role::Operator))
        .filter(Column::DisabledAt.is_null());
    Ok(query.order_by_asc(Column::Id).one(db).await?)
}

/// The account of this address.
pub async fn by_email(
    db: &impl ConnectionTrait,
    _: Can<ViewFleet>,
    email: &str,
) -> Result<Option<Model>> {
    // No row has it, and no parameter can hold it.
    if email.contains('\0') {
        return Ok(None);
    }
    let query = Entity::find().filter(Column::Email.eq(email.to_lowercase()));
    Ok(query.one(db).await?)
}
