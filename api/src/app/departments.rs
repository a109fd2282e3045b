//! Departments.

use chrono::Utc;
use entity::tenant::department::{ActiveModel, Entity, Model};
use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel, Set};
use tenancy::Scoped;

use super::check::Check;
use super::error::{Code, Meaning, Result, on_constraint};
use super::{RowRef, Then, rows};
use crate::auth::Can;
use crate::auth::permission::EditStaff;

const MEANINGS: &[Meaning] = &[
    (
        "department_name_key",
        Code::Taken,
        "name",
        "another department has this name",
    ),
    (
        "employee_department_id_fkey",
        Code::InUse,
        "id",
        "employees still belong to this department",
    ),
];

pub async fn create(db: &impl ConnectionTrait, _: Can<EditStaff>, name: String) -> Result<Model> {
    checked(&name)?;
    let row = ActiveModel {
        name: Set(name),
        created_at: Set(Utc::now()),
        ..Default::default()
    };
    row.insert(db)
        .await
        .map_err(|error| on_constraint(error, MEANINGS))
}

pub async fn update(
    db: &Scoped<impl Send + Sync>,
    _: Can<EditStaff>,
    id: RowRef,
    name: Option<String>,
) -> Result<Model> {
    if let Some(name) = &name {
        checked(name)?;
    }
    let mut row = rows::find::<Entity>(db, id, "department")
        .await?
        .into_active_model();
    row.name = name.map_or(row.name, Set);
    row.update(db)
        .await
        .map_err(|error| on_constraint(error, MEANINGS))
}

pub async fn delete(
    db: &Scoped<impl Send + Sync>,
    _: Can<EditStaff>,
    id: RowRef,
    then: Then,
) -> Result<uuid::Uuid> {
    rows::delete::<Entity>(db, id, "department", MEANINGS, then).await
}

fn checked(name: &str) -> Result<()> {
    let mut check = Check::default();
    check.text("name", name, 200);
    check.finish()
}
