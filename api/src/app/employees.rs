//! Employees.

use chrono::{NaiveDate, Utc};
use entity::tenant::employee::{ActiveModel, Entity, Model};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use tenancy::Scoped;

use super::check::Check;
use super::error::{Code, Meaning, Result, on_constraint};
use super::numbers;
use super::{Change, Given, RowRef, Then, rows, set};
use crate::auth::Can;
use crate::auth::permission::EditStaff;

const MEANINGS: &[Meaning] = &[
    (
        "employee_number_key",
        Code::Taken,
        "number",
        "another employee has this number",
    ),
    (
        "employee_department_id_fkey",
        Code::NotFound,
        "departmentId",
        "no such department",
    ),
    (
        "employee_manager_id_fkey",
        Code::NotFound,
        "managerId",
        "no such employee",
    ),
];

const IN_USE: &[Meaning] = &[(
    "employee_manager_id_fkey",
    Code::InUse,
    "id",
    "this employee still manages others",
)];

/// An employee to be. References are `None` where there is none, `Some(None)` where it is no row's.
#[derive(Debug, Default)]
pub struct NewEmployee {
    pub number: Option<String>,
    pub name: String,
    pub email: Option<String>,
    pub title: Option<String>,
    pub department: Option<RowRef>,
    pub manager: Option<RowRef>,
    pub hired_on: Option<Given<NaiveDate>>,
}

/// What is to change of an employee.
#[derive(Debug, Default)]
pub struct EmployeeChanges {
    pub number: Option<String>,
    pub name: Option<String>,
    pub email: Change<String>,
    pub title: Change<String>,
    pub department: Change<RowRef>,
    pub manager: Change<RowRef>,
    pub hired_on: Change<Given<NaiveDate>>,
}

pub async fn create(
    db: &Scoped<impl Send + Sync>,
    _: Can<EditStaff>,
    new: NewEmployee,
    then: Then,
) -> Result<Model> {
    let mut check = Check::default();
    check.optional_text("number", new.number.as_deref(), 50);
    check.text("name", &new.name, 200);
    check.email("email", new.email.as_deref());
    check.optional_text("title", new.title.as_deref(), 200);
    let department = new
        .department
        .and_then(|row| check.row("departmentId", row, "department"));
    let manager = new
        .manager
        .and_then(|row| check.row("managerId", row, "employee"));
    let hired_on = new.hired_on.and_then(|date| check.day("hiredOn", &date));
    check.finish()?;

    let row = ActiveModel {
        name: Set(new.name),
        email: Set(new.email),
        title: Set(new.title),
        department_id: Set(department),
        manager_id: Set(manager),
        hired_on: Set(hired_on),
        created_at: Set(Utc::now()),
        ..Default::default()
    };
    numbers::insert(db, new.number, row, None, then)
        .await
        .map_err(|error| on_constraint(error, MEANINGS))
}

pub async fn update(
    db: &Scoped<impl Send + Sync>,
    _: Can<EditStaff>,
    id: RowRef,
    changes: EmployeeChanges,
) -> Result<Model> {
    let mut check = Check::default();
    check.optional_text("number", changes.number.as_deref(), 50);
    check.optional_text("name", changes.name.as_deref(), 200);
    check.email("email", changes.email.as_ref().and_then(Option::as_deref));
    check.optional_text(
        "title",
        changes.title.as_ref().and_then(Option::as_deref),
        200,
    );
    let department = changes
        .department
        .map(|to| to.and_then(|row| check.row("departmentId", row, "department")));
    let manager = changes
        .manager
        .map(|to| to.and_then(|row| check.row("managerId", row, "employee")));
    let hired_on = changes
        .hired_on
        .map(|to| to.and_then(|date| check.day("hiredOn", &date)));
    if id.is_some() && manager == Some(id) {
        check.refuse(Code::Invalid, "managerId", "nobody manages themselves");
    }
    check.finish()?;

    let mut row = rows::find::<Entity>(db, id, "employee")
        .await?
        .into_active_model();
    if let Some(number) = &changes.number {
        numbers::pass::<Entity>(db, number).await?;
    }
    set(&mut row.number, changes.number);
    set(&mut row.name, changes.name);
    set(&mut row.email, changes.email);
    set(&mut row.title, changes.title);
    set(&mut row.department_id, department);
    set(&mut row.manager_id, manager);
    set(&mut row.hired_on, hired_on);
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
    rows::delete::<Entity>(db, id, "employee", IN_USE, then).await
}
