//! Invoices.

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object};
use entity::tenant::invoice;
use sea_orm::sea_query::Condition;
use tenancy::TenantRealm;

use super::customer::Customer;
use super::invoice_line::{InvoiceLine, InvoiceLineInput};
use crate::app::invoices::{self, InvoiceChanges, NewInvoice};
use crate::auth::permission::{DeleteSales, EditSales, ViewSales};
use crate::graphql::ahead::{Planned, words};
use crate::graphql::connection::{Filter, connection};
use crate::graphql::filter::{Conditions, DateFilter, DecimalFilter, IdFilter, StringFilter};
use crate::graphql::input::change_to;
use crate::graphql::noun::noun;
use crate::graphql::order::{OrderDirection, order_by};
use crate::graphql::payload::payload;
use crate::graphql::scalars::{Date, Decimal, Moment};
use crate::graphql::{ContextExt, Request, Result};

/// How far an invoice is on its way to being paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "invoice::InvoiceStatus")]
pub enum InvoiceStatus {
    /// Not sent yet.
    Draft,
    /// Sent and not paid yet.
    Open,
    /// Paid.
    Paid,
    /// Withdrawn: nobody has to pay it.
    Void,
}

words!(InvoiceStatus, invoice::InvoiceStatus);

noun! {
    /// What a customer is to pay, line by line.
    tenant Invoice(invoice) {
        /// Its global id.
        id,

        /// What people call the invoice by; no two invoices have the same number.
        number: String,

        /// Who is to pay it.
        customer: one Customer by customer_id for ViewSales,

        /// The day of issue.
        issued_on: Date,

        /// The day until which it is to be paid, `null` where none is set.
        due_on: Option<Date>,

        /// How far it is on its way to being paid.
        status: InvoiceStatus,

        /// Its lines in their order, at most 500.
        lines: all InvoiceLine to InvoiceId order Position for ViewSales,

        /// What the lines add up to.
        total: Decimal,

        /// When the invoice was entered here.
        created: Moment = created_at,
    }
}

/// Which invoices. All conditions that are given must hold.
#[derive(Debug, Default, InputObject)]
pub struct InvoiceFilter {
    /// By number.
    number: Option<StringFilter>,
    /// By customer.
    customer: Option<IdFilter>,
    /// In one of these states.
    status: Option<Vec<InvoiceStatus>>,
    /// By day of issue.
    issued_on: Option<DateFilter>,
    /// By the day until which it is to be paid.
    due_on: Option<DateFilter>,
    /// By what the lines add up to.
    total: Option<DecimalFilter>,
}

impl Filter<TenantRealm> for InvoiceFilter {
    fn condition(self, request: &Request<TenantRealm>) -> Result<Condition> {
        use invoice::Column;
        let customer = |id: &ID| request.local_id::<Customer>(id);
        let status = self
            .status
            .map(|all| all.into_iter().map(invoice::InvoiceStatus::from).collect());
        Ok(Conditions::new()
            .text(Column::Number, self.number)?
            .reference(Column::CustomerId, self.customer, customer)?
            .words(Column::Status, status)
            .date(Column::IssuedOn, self.issued_on)?
            .date(Column::DueOn, self.due_on)?
            .amount(Column::Total, self.total)?
            .finish())
    }
}

order_by! {
    /// In which order invoices come.
    InvoiceOrder(InvoiceOrderField) on invoice::Entity {
        /// By when they were entered.
        Created => Id,
        /// By number, as text.
        Number => Number,
        /// By day of issue.
        IssuedOn => IssuedOn,
        /// By what the lines add up to.
        Total => Total,
    }
}

#[derive(Default)]
pub struct InvoiceQueries;

#[Object]
impl InvoiceQueries {
    /// The invoice of this id, `null` where there is none.
    async fn invoice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its global id.")] id: ID,
    ) -> Result<Option<Planned<Invoice>>> {
        let request = ctx.tenant();
        request.by_id(ctx, request.can::<ViewSales>()?, &id).await
    }
}

connection! {
    /// The invoices.
    tenant Invoices {
        invoices: Invoice(InvoiceFilter, InvoiceOrder),
        ViewSales, all,
    }
}

/// An invoice to be.
#[derive(Debug, InputObject)]
pub struct CreateInvoiceInput {
    /// What people call the invoice by, at most 50 characters; the next number if not given.
    number: Option<String>,
    /// Who is to pay it.
    customer_id: ID,
    /// The day of issue; today if not given.
    issued_on: Option<Date>,
    /// The day until which it is to be paid, not before the day of issue.
    due_on: Option<Date>,
    /// How far it is on its way to being paid.
    #[graphql(default_with = "InvoiceStatus::Open")]
    status: InvoiceStatus,
    /// Its lines in their order, at most 500.
    #[graphql(default)]
    lines: Vec<InvoiceLineInput>,
}

/// What is to change of an invoice; what is left out stays as it is, `null` clears.
#[derive(Debug, InputObject)]
pub struct UpdateInvoiceInput {
    /// Which invoice.
    id: ID,
    /// What people call the invoice by, at most 50 characters.
    number: Option<String>,
    /// Who is to pay it.
    customer_id: Option<ID>,
    /// The day of issue.
    issued_on: Option<Date>,
    /// The day until which it is to be paid, not before the day of issue.
    due_on: MaybeUndefined<Date>,
    /// How far it is on its way to being paid.
    status: Option<InvoiceStatus>,
    /// All its lines in their order, at most 500, instead of those it has.
    lines: Option<Vec<InvoiceLineInput>>,
}

/// Which invoice is to go.
#[derive(Debug, InputObject)]
pub struct DeleteInvoiceInput {
    /// Which invoice; its lines go with it.
    id: ID,
}

payload! {
    /// What came of `createInvoice`.
    CreateInvoicePayload {
        /// The new invoice.
        invoice: Invoice,
    }
}

payload! {
    /// What came of `updateInvoice`.
    UpdateInvoicePayload {
        /// The invoice as it is now.
        invoice: Invoice,
    }
}

payload! {
    /// What came of `deleteInvoice`.
    DeleteInvoicePayload {
        /// The id of the invoice that is gone.
        deleted_id: ID,
    }
}

#[derive(Default)]
pub struct InvoiceMutations;

#[Object]
impl InvoiceMutations {
    /// Enters a new invoice with its lines, which the server adds up.
    async fn create_invoice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invoice to be.")] input: CreateInvoiceInput,
    ) -> Result<Option<CreateInvoicePayload>> {
        let request = ctx.tenant();
        let can = request.can::<EditSales>()?;
        let new = NewInvoice {
            number: input.number,
            customer: request.local_id::<Customer>(&input.customer_id),
            issued_on: input.issued_on.map(|date| date.0),
            due_on: input.due_on.map(|date| date.0),
            status: input.status.into(),
            lines: input.lines.into_iter().map(Into::into).collect(),
        };
        let then = request.then::<Invoice, CreateInvoicePayload>(ctx);
        let outcome = request
            .write(invoices::create(request.db(can), can, new, then))
            .await?;
        Ok(Some(CreateInvoicePayload::of(outcome, |row| {
            (Some(Invoice(row)),)
        })))
    }

    /// Changes an invoice; lines are replaced as a whole.
    async fn update_invoice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: UpdateInvoiceInput,
    ) -> Result<Option<UpdateInvoicePayload>> {
        let request = ctx.tenant();
        let can = request.can::<EditSales>()?;
        let id = request.local_id::<Invoice>(&input.id);
        let changes = InvoiceChanges {
            number: input.number,
            customer: input
                .customer_id
                .map(|id| request.local_id::<Customer>(&id)),
            issued_on: input.issued_on.map(|date| date.0),
            due_on: change_to(input.due_on, |date| date.0),
            status: input.status.map(Into::into),
            lines: input
                .lines
                .map(|lines| lines.into_iter().map(Into::into).collect()),
        };
        let outcome = request
            .write(invoices::update(request.db(can), can, id, changes))
            .await?;
        Ok(Some(UpdateInvoicePayload::of(outcome, |row| {
            (Some(Invoice(row)),)
        })))
    }

    /// Deletes an invoice with its lines.
    async fn delete_invoice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which invoice.")] input: DeleteInvoiceInput,
    ) -> Result<Option<DeleteInvoicePayload>> {
        let request = ctx.tenant();
        let can = request.can::<DeleteSales>()?;
        let id = request.local_id::<Invoice>(&input.id);
        let then = request.then::<Invoice, DeleteInvoicePayload>(ctx);
        let outcome = request
            .write(invoices::delete(request.db(can), can, id, then))
            .await?;
        Ok(Some(DeleteInvoicePayload::of(outcome, |_| {
            (Some(input.id),)
        })))
    }
}
