//! Invoices and their lines. The server adds up the total.

use chrono::{NaiveDate, Utc};
use entity::tenant::invoice::{ActiveModel, Entity, InvoiceStatus, Model};
use entity::tenant::invoice_line;
use rust_decimal::Decimal;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set,
};
use tenancy::Scoped;
use uuid::Uuid;

use super::check::{Check, fits_money};
use super::error::{Code, Meaning, Refusal, Result, on_constraint};
use super::numbers;
use super::{Change, Given, RowRef, Then, rows, set};
use crate::auth::Can;
use crate::auth::permission::{DeleteSales, EditSales};

/// The most lines that an invoice has; they are a plain list in the API, so there is a bound.
pub const MOST_LINES: usize = 500;

const MEANINGS: &[Meaning] = &[
    (
        "invoice_number_key",
        Code::Taken,
        "number",
        "another invoice has this number",
    ),
    (
        "invoice_customer_id_fkey",
        Code::NotFound,
        "customerId",
        "no such customer",
    ),
];

/// An invoice to be.
#[derive(Debug)]
pub struct NewInvoice {
    pub number: Option<String>,
    pub customer: RowRef,
    /// Today, where nothing is given.
    pub issued_on: Option<Given<NaiveDate>>,
    pub due_on: Option<Given<NaiveDate>>,
    pub status: InvoiceStatus,
    pub lines: Vec<NewLine>,
}

/// A line to be.
#[derive(Debug)]
pub struct NewLine {
    pub description: String,
    pub quantity: i32,
    pub unit_price: Given<Decimal>,
}

/// What is to change of an invoice. Lines are replaced as a whole.
#[derive(Debug, Default)]
pub struct InvoiceChanges {
    pub number: Option<String>,
    pub customer: Option<RowRef>,
    pub issued_on: Option<Given<NaiveDate>>,
    pub due_on: Change<Given<NaiveDate>>,
    pub status: Option<InvoiceStatus>,
    pub lines: Option<Vec<NewLine>>,
}

/// Lines that were checked, and what they add up to.
struct Lines {
    lines: Vec<(NewLine, Decimal)>,
    total: Decimal,
}

pub async fn create(
    db: &Scoped<impl Send + Sync>,
    _: Can<EditSales>,
    new: NewInvoice,
    then: Then,
) -> Result<Model> {
    let mut check = Check::default();
    check.optional_text("number", new.number.as_deref(), 50);
    let customer = check.row("customerId", new.customer, "customer");
    let today = || Utc::now().date_naive();
    let issued_on = new
        .issued_on
        .map_or_else(|| Some(today()), |date| check.day("issuedOn", &date));
    let due_on = new.due_on.and_then(|date| check.day("dueOn", &date));
    check_days(&mut check, issued_on, due_on);
    let lines = check_lines(&mut check, new.lines);
    check.finish()?;
    let (Some(customer), Some(issued_on)) = (customer, issued_on) else {
        return Err(Refusal::not_found("customerId", "customer").into());
    };

    let row = ActiveModel {
        customer_id: Set(customer),
        issued_on: Set(issued_on),
        due_on: Set(due_on),
        status: Set(new.status),
        total: Set(lines.total),
        created_at: Set(Utc::now()),
        ..Default::default()
    };
    let parent = (numbers::MADE, invoice_line::Column::InvoiceId);
    let lines = rows::inserting(line_rows(lines, None), Some(parent))?;
    numbers::insert(db, new.number, row, lines, then)
        .await
        .map_err(|error| on_constraint(error, MEANINGS))
}

pub async fn update(
    db: &Scoped<impl Send + Sync>,
    _: Can<EditSales>,
    id: RowRef,
    changes: InvoiceChanges,
) -> Result<Model> {
    let mut check = Check::default();
    check.optional_text("number", changes.number.as_deref(), 50);
    let customer = changes
        .customer
        .and_then(|row| check.row("customerId", row, "customer"));
    let issued_on = changes
        .issued_on
        .and_then(|date| check.day("issuedOn", &date));
    let due_on = changes
        .due_on
        .map(|to| to.and_then(|date| check.day("dueOn", &date)));
    let lines = changes.lines.map(|lines| check_lines(&mut check, lines));
    check.finish()?;

    let before = rows::find::<Entity>(db, id, "invoice").await?;
    let mut check = Check::default();
    let due = due_on.unwrap_or(before.due_on);
    check_days(&mut check, Some(issued_on.unwrap_or(before.issued_on)), due);
    check.finish()?;

    let mut row = before.into_active_model();
    if let Some(number) = &changes.number {
        numbers::pass::<Entity>(db, number).await?;
    }
    set(&mut row.number, changes.number);
    set(&mut row.customer_id, customer);
    set(&mut row.issued_on, issued_on);
    set(&mut row.due_on, due_on);
    set(&mut row.status, changes.status);
    set(&mut row.total, lines.as_ref().map(|lines| lines.total));
    let invoice = row
        .update(db)
        .await
        .map_err(|error| on_constraint(error, MEANINGS))?;
    if let Some(lines) = lines {
        let of_invoice = invoice_line::Column::InvoiceId.eq(invoice.id);
        invoice_line::Entity::delete_many()
            .filter(of_invoice)
            .exec(db)
            .await?;
        rows::insert_all(db, line_rows(lines, Some(invoice.id))).await?;
    }
    Ok(invoice)
}

pub async fn delete(
    db: &Scoped<impl Send + Sync>,
    _: Can<DeleteSales>,
    id: RowRef,
    then: Then,
) -> Result<Uuid> {
    rows::delete::<Entity>(db, id, "invoice", &[], then).await
}

fn check_days(check: &mut Check, issued_on: Option<NaiveDate>, due_on: Option<NaiveDate>) {
    if let (Some(issued_on), Some(due_on)) = (issued_on, due_on)
        && due_on < issued_on
    {
        check.refuse(Code::OutOfRange, "dueOn", "must not be before issuedOn");
    }
}

fn check_lines(check: &mut Check, lines: Vec<NewLine>) -> Lines {
    if lines.len() > MOST_LINES {
        let message = format!("an invoice has at most {MOST_LINES} lines");
        check.refuse(Code::OutOfRange, "lines", &message);
    }
    let mut checked = Lines {
        lines: Vec::new(),
        total: Decimal::ZERO,
    };
    for (place, line) in lines.into_iter().enumerate() {
        check.within(&["lines".to_owned(), place.to_string()], |check| {
            check.text("description", &line.description, 500);
            if line.quantity < 1 {
                check.refuse(Code::OutOfRange, "quantity", "must be at least 1");
            }
            if let Some(price) = check.money("unitPrice", &line.unit_price) {
                // A product has at most 29 digits, which fit. A sum that needs more loses decimals, and
                // is then far too large for its column.
                checked.total += price * Decimal::from(line.quantity);
                checked.lines.push((line, price));
            }
        });
    }
    if !fits_money(checked.total) {
        let message = "must not add up to more than 15 digits before the point";
        check.refuse(Code::OutOfRange, "lines", message);
    }
    checked
}

/// Lines of an invoice that is there, or is made with them.
fn line_rows(
    lines: Lines,
    invoice: Option<Uuid>,
) -> impl Iterator<Item = invoice_line::ActiveModel> {
    let invoice = invoice.map_or_else(ActiveValue::default, Set);
    (0..).zip(lines.lines).map(
        move |(position, (line, unit_price))| invoice_line::ActiveModel {
            invoice_id: invoice.clone(),
            position: Set(position),
            description: Set(line.description),
            quantity: Set(line.quantity),
            unit_price: Set(unit_price),
            ..Default::default()
        },
    )
}
