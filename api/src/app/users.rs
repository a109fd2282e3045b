//! Who may sign in at a tenant, and as what.

use chrono::Utc;
use entity::tenant::session;
use entity::tenant::user::{ActiveModel, Column, Entity, Model, Role};
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use tenancy::Scoped;
use uuid::Uuid;

use super::check::Check;
use super::error::{Code, Meaning, Refusal, Result, on_constraint};
use super::sessions::passwords::{against, internal};
use super::sessions::standing::announce_ended;
use super::{RowRef, Then, rows, set};
use crate::auth::permission::{ManageUsers, ViewUsers};
use crate::auth::{Can, Hasher, Password};

const MEANINGS: &[Meaning] = &[(
    "user_email_key",
    Code::Taken,
    "email",
    "another user has this e-mail address",
)];

/// A user to be.
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password: String,
}

/// A user to be whose input was checked and whose password was hashed.
pub struct PreparedUser {
    email: String,
    name: String,
    role: Role,
    password_hash: String,
}

impl PreparedUser {
    pub fn email(&self) -> &str {
        &self.email
    }

    pub fn role(&self) -> Role {
        self.role
    }
}

/// What is to change of a user.
#[derive(Debug, Default)]
pub struct UserChanges {
    pub name: Option<String>,
    pub role: Option<Role>,
    pub disabled: Option<bool>,
}

/// Does what takes its time. No scope may be open meanwhile, which is why this doesn't take one.
pub async fn prepare(hasher: &Hasher, _: Can<ManageUsers>, new: NewUser) -> Result<PreparedUser> {
    let mut check = Check::default();
    check.email("email", Some(&new.email));
    check.text("name", &new.name, 200);
    let password = Password::parse(new.password).map_err(|rule| against("password", rule));
    if let Err(refusal) = &password {
        check.refuse(refusal.code, "password", &refusal.message);
    }
    check.finish()?;
    Ok(PreparedUser {
        email: new.email.to_lowercase(),
        name: new.name,
        role: new.role,
        password_hash: hasher
            .hash(&password?)
            .await
            .map_err(|error| internal(&error))?,
    })
}

pub async fn create(
    db: &impl ConnectionTrait,
    _: Can<ManageUsers>,
    new: PreparedUser,
) -> Result<Model> {
    let row = ActiveModel {
        email: Set(new.email),
        name: Set(new.name),
        role: Set(new.role),
        password_hash: Set(new.password_hash),
        created_at: Set(Utc::now()),
        ..Default::default()
    };
    row.insert(db)
        .await
        .map_err(|error| on_constraint(error, MEANINGS))
}

/// Everybody who may or might sign in, the first who came first.
pub async fn all(db: &impl ConnectionTrait, _: Can<ViewUsers>) -> Result<Vec<Model>> {
    Ok(Entity::find().order_by_asc(Column::Id).all(db).await?)
}

/// The owner who has been one for longest, of those who may sign in.
pub async fn first_owner(db: &impl ConnectionTrait, _: Can<ViewUsers>) -> Result<Option<Model>> {
    let query = Entity::find()
        .filter(Column::Role.eq(Role::Owner))
        .filter(Column::DisabledAt.is_null());
    Ok(query.order_by_asc(Column::Id).one(db).await?)
}

/// The user of this address.
pub async fn by_email(
    db: &impl ConnectionTrait,
    _: Can<ViewUsers>,
    email: &str,
) -> Result<Option<Model>> {
    // No row has it, and no parameter can hold it.
    if email.contains('\0') {
        return Ok(None);
    }
    let query = Entity::find().filter(Column::Email.eq(email.to_lowercase()));
    Ok(query.one(db).await?)
}

/// Changes a user. Whoever gets another role or is disabled has to sign in again.
pub async fn update(
    db: &impl ConnectionTrait,
    _: Can<ManageUsers>,
    id: RowRef,
    changes: UserChanges,
) -> Result<Model> {
    let mut check = Check::default();
    check.optional_text("name", changes.name.as_deref(), 200);
    check.finish()?;

    let held = hold(db, id).await?;
    let before = &held.user;
    let role = changes.role.unwrap_or(before.role);
    let disabled_at = match changes.disabled {
        None => before.disabled_at,
        Some(false) => None,
        Some(true) => before.disabled_at.or_else(|| Some(Utc::now())),
    };
    if role != Role::Owner {
        held.may_go("role")?;
    } else if disabled_at.is_some() {
        held.may_go("disabled")?;
    }
    if role != before.role || disabled_at.is_some() {
        revoke_sessions(db, before.id).await?;
    }
    let mut row = held.user.into_active_model();
    set(&mut row.name, changes.name);
    row.role = Set(role);
    row.disabled_at = Set(disabled_at);
    Ok(row.update(db).await?)
}

/// Deletes a user, whose sessions go along.
pub async fn delete(
    db: &Scoped<impl Send + Sync>,
    _: Can<ManageUsers>,
    id: RowRef,
    then: Then,
) -> Result<Uuid> {
    let held = hold(db, id).await?;
    held.may_go("id")?;
    // The rows go along with the user; what was announced outlives them.
    revoke_sessions(db, held.user.id).await?;
    rows::delete::<Entity>(db, id, "user", &[], then).await
}

/// A user who stays as it is until the transaction ends, and so does what is known about owners.
struct Held {
    user: Model,
    /// Whether somebody else is an owner who may sign in.
    another_owner: bool,
}

impl Held {
    /// Refuses to take the last owner away, whom nobody could give back.
    fn may_go(&self, field: &str) -> Result<()> {
        if is_active_owner(&self.user) && !self.another_owner {
            let message =
                "this is the last owner who may sign in; make somebody else an owner first";
            return Err(Refusal::new(Code::NotAllowed, &[field], message).into());
        }
        Ok(())
    }
}

/// Locks the user and all owners who may sign in, always in the same order. So of two transactions
/// that would each take one of the last two owners away, the second sees what the first has done.
async fn hold(db: &impl ConnectionTrait, id: RowRef) -> Result<Held> {
    let missing = || Refusal::not_found("id", "user");
    let id = id.ok_or_else(missing)?;
    let owners = Condition::all()
        .add(Column::Role.eq(Role::Owner))
        .add(Column::DisabledAt.is_null());
    let rows = Entity::find()
        .filter(Condition::any().add(Column::Id.eq(id)).add(owners))
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(db)
        .await?;
    let another_owner = rows.iter().any(|row| row.id != id && is_active_owner(row));
    let user = rows
        .into_iter()
        .find(|row| row.id == id)
        .ok_or_else(missing)?;
    Ok(Held {
        user,
        another_owner,
    })
}

fn is_active_owner(user: &Model) -> bool {
    user.role == Role::Owner && user.disabled_at.is_none()
}

async fn revoke_sessions(db: &impl ConnectionTrait, user: Uuid) -> Result<()> {
    let ended = session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(Utc::now()))
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::RevokedAt.is_null())
        .exec_with_returning(db)
        .await?;
    let ended: Vec<_> = ended.into_iter().map(|session| session.id).collect();
    Ok(announce_ended(db, &ended).await?)
}
