//! Customers.

use chrono::Utc;
use entity::tenant::customer::{ActiveModel, Entity, Model};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use tenancy::Scoped;

use super::check::Check;
use super::error::{Code, Meaning, Result, on_constraint};
use super::numbers;
use super::{Change, RowRef, Then, rows, set};
use crate::auth::Can;
use crate::auth::permission::{DeleteSales, EditSales};

const MEANINGS: &[Meaning] = &[(
    "customer_number_key",
    Code::Taken,
    "number",
    "another customer has this number",
)];

const IN_USE: &[Meaning] = &[(
    "invoice_customer_id_fkey",
    Code::InUse,
    "id",
    "this customer still has invoices",
)];

/// How and where a customer is reached. Each is nothing, a new value, or `Some(None)` to clear it.
#[derive(Debug, Default)]
pub struct Contact {
    pub company: Change<String>,
    pub email: Change<String>,
    pub phone: Change<String>,
    pub address: Change<String>,
    pub city: Change<String>,
    pub country: Change<String>,
}

impl Contact {
    fn check(&self, check: &mut Check) {
        let text = |change: &Change<String>| change.clone().flatten();
        check.email("email", text(&self.email).as_deref());
        for (field, change, most) in [
            ("company", &self.company, 200),
            ("phone", &self.phone, 50),
            ("address", &self.address, 500),
            ("city", &self.city, 200),
            ("country", &self.country, 200),
        ] {
            check.optional_text(field, text(change).as_deref(), most);
        }
    }

    fn apply(self, row: &mut ActiveModel) {
        set(&mut row.company, self.company);
        set(&mut row.email, self.email);
        set(&mut row.phone, self.phone);
        set(&mut row.address, self.address);
        set(&mut row.city, self.city);
        set(&mut row.country, self.country);
    }
}

pub async fn create(
    db: &Scoped<impl Send + Sync>,
    _: Can<EditSales>,
    number: Option<String>,
    name: String,
    contact: Contact,
    then: Then,
) -> Result<Model> {
    let mut check = Check::default();
    check.optional_text("number", number.as_deref(), 50);
    check.text("name", &name, 200);
    contact.check(&mut check);
    check.finish()?;

    let mut row = ActiveModel {
        name: Set(name),
        created_at: Set(Utc::now()),
        ..Default::default()
    };
    contact.apply(&mut row);
    numbers::insert(db, number, row, None, then)
        .await
        .map_err(|error| on_constraint(error, MEANINGS))
}

pub async fn update(
    db: &Scoped<impl Send + Sync>,
    _: Can<EditSales>,
    id: RowRef,
    (number, name): (Option<String>, Option<String>),
    contact: Contact,
) -> Result<Model> {
    let mut check = Check::default();
    check.optional_text("number", number.as_deref(), 50);
    check.optional_text("name", name.as_deref(), 200);
    contact.check(&mut check);
    check.finish()?;

    let mut row = rows::find::<Entity>(db, id, "customer")
        .await?
        .into_active_model();
    if let Some(number) = &number {
        numbers::pass::<Entity>(db, number).await?;
    }
    set(&mut row.number, number);
    set(&mut row.name, name);
    contact.apply(&mut row);
    row.update(db)
        .await
        .map_err(|error| on_constraint(error, MEANINGS))
}

pub async fn delete(
    db: &Scoped<impl Send + Sync>,
    _: Can<DeleteSales>,
    id: RowRef,
    then: Then,
) -> Result<uuid::Uuid> {
    rows::delete::<Entity>(db, id, "customer", IN_USE, then).await
}
