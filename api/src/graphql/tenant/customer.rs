//! Customers.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use entity::tenant::{customer, invoice};
use sea_orm::sea_query::Condition;
use tenancy::TenantRealm;

use super::invoice::{Invoice, InvoiceFilter, InvoiceOrder};
use crate::app::customers::{self, Contact};
use crate::auth::permission::{DeleteSales, EditSales, ViewSales};
use crate::graphql::ahead::Planned;
use crate::graphql::connection::{Filter, connection};
use crate::graphql::filter::{Conditions, StringFilter};
use crate::graphql::input::change;
use crate::graphql::noun::noun;
use crate::graphql::order::{OrderDirection, order_by};
use crate::graphql::payload::payload;
use crate::graphql::scalars::Moment;
use crate::graphql::{ContextExt, Request, Result};

noun! {
    /// A person who gets invoices, alone or for a company.
    tenant Customer(customer) {
        /// Its global id.
        id,

        /// What people call the customer by; no two customers have the same number.
        number: String,

        /// The customer's full name.
        name: String,

        /// The company that the customer buys for, `null` where there is none.
        company: Option<String>,

        /// The e-mail address, `null` where none is known.
        email: Option<String>,

        /// The telephone number, `null` where none is known.
        phone: Option<String>,

        /// Street and house number, `null` where they aren't known.
        address: Option<String>,

        /// The city, `null` where it isn't known.
        city: Option<String>,

        /// The country, `null` where it isn't known.
        country: Option<String>,

        /// When the customer was entered here.
        created: Moment = created_at,

        invoices: page CustomerInvoices,
    }
}

connection! {
    /// The customer's invoices.
    tenant CustomerInvoices {
        invoices: Invoice(InvoiceFilter, InvoiceOrder),
        ViewSales, to invoice::Column::CustomerId,
    }
}

/// Which customers. All conditions that are given must hold.
#[derive(Debug, Default, InputObject)]
pub struct CustomerFilter {
    /// By number.
    number: Option<StringFilter>,
    /// By name.
    name: Option<StringFilter>,
    /// By company.
    company: Option<StringFilter>,
    /// By e-mail address.
    email: Option<StringFilter>,
    /// By city.
    city: Option<StringFilter>,
    /// By country.
    country: Option<StringFilter>,
}

impl Filter<TenantRealm> for CustomerFilter {
    fn condition(self, _: &Request<TenantRealm>) -> Result<Condition> {
        use customer::Column;
        Ok(Conditions::new()
            .text(Column::Number, self.number)?
            .text(Column::Name, self.name)?
            .text(Column::Company, self.company)?
            .text(Column::Email, self.email)?
            .text(Column::City, self.city)?
            .text(Column::Country, self.country)?
            .finish())
    }
}

order_by! {
    /// In which order customers come.
    CustomerOrder(CustomerOrderField) on customer::Entity {
        /// By when they were entered.
        Created => Id,
        /// By number, as text.
        Number => Number,
        /// By name.
        Name => Name,
    }
}

#[derive(Default)]
pub struct CustomerQueries;

#[Object]
impl CustomerQueries {
    /// The customer of this id, `null` where there is none.
    async fn customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its global id.")] id: ID,
    ) -> Result<Option<Planned<Customer>>> {
        let request = ctx.tenant();
        request.by_id(ctx, request.can::<ViewSales>()?, &id).await
    }
}

connection! {
    /// The customers.
    tenant Customers {
        customers: Customer(CustomerFilter, CustomerOrder),
        ViewSales, all,
    }
}

/// A customer to be.
#[derive(Debug, InputObject)]
pub struct CreateCustomerInput {
    /// What people call the customer by, at most 50 characters; the next number if not given.
    number: Option<String>,
    /// The full name, at most 200 characters.
    name: String,
    /// The company that the customer buys for, at most 200 characters.
    company: Option<String>,
    /// The e-mail address.
    email: Option<String>,
    /// The telephone number, at most 50 characters.
    phone: Option<String>,
    /// Street and house number, at most 500 characters.
    address: Option<String>,
    /// The city, at most 200 characters.
    city: Option<String>,
    /// The country, at most 200 characters.
    country: Option<String>,
}

/// What is to change of a customer; what is left out stays as it is, `null` clears.
#[derive(Debug, InputObject)]
pub struct UpdateCustomerInput {
    /// Which customer.
    id: ID,
    /// What people call the customer by, at most 50 characters.
    number: Option<String>,
    /// The full name, at most 200 characters.
    name: Option<String>,
    /// The company that the customer buys for, at most 200 characters.
    company: MaybeUndefined<String>,
    /// The e-mail address.
    email: MaybeUndefined<String>,
    /// The telephone number, at most 50 characters.
    phone: MaybeUndefined<String>,
    /// Street and house number, at most 500 characters.
    address: MaybeUndefined<String>,
    /// The city, at most 200 characters.
    city: MaybeUndefined<String>,
    /// The country, at most 200 characters.
    country: MaybeUndefined<String>,
}

/// Which customer is to go.
#[derive(Debug, InputObject)]
pub struct DeleteCustomerInput {
    /// Which customer, who must have no invoices any more.
    id: ID,
}

payload! {
    /// What came of `createCustomer`.
    CreateCustomerPayload {
        /// The new customer.
        customer: Customer,
    }
}

payload! {
    /// What came of `updateCustomer`.
    UpdateCustomerPayload {
        /// The customer as it is now.
        customer: Customer,
    }
}

payload! {
    /// What came of `deleteCustomer`.
    DeleteCustomerPayload {
        /// The id of the customer who is gone.
        deleted_id: ID,
    }
}

#[derive(Default)]
pub struct CustomerMutations;

#[Object]
impl CustomerMutations {
    /// Enters a new customer.
    async fn create_customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The customer to be.")] input: CreateCustomerInput,
    ) -> Result<Option<CreateCustomerPayload>> {
        let request = ctx.tenant();
        let can = request.can::<EditSales>()?;
        let contact = Contact {
            company: input.company.map(Some),
            email: input.email.map(Some),
            phone: input.phone.map(Some),
            address: input.address.map(Some),
            city: input.city.map(Some),
            country: input.country.map(Some),
        };
        let then = request.then::<Customer, CreateCustomerPayload>(ctx);
        let work = customers::create(
            request.db(can),
            can,
            input.number,
            input.name,
            contact,
            then,
        );
        let outcome = request.write(work).await?;
        Ok(Some(CreateCustomerPayload::of(outcome, |row| {
            (Some(Customer(row)),)
        })))
    }

    /// Changes a customer.
    async fn update_customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: UpdateCustomerInput,
    ) -> Result<Option<UpdateCustomerPayload>> {
        let request = ctx.tenant();
        let can = request.can::<EditSales>()?;
        let id = request.local_id::<Customer>(&input.id);
        let contact = Contact {
            company: change(input.company),
            email: change(input.email),
            phone: change(input.phone),
            address: change(input.address),
            city: change(input.city),
            country: change(input.country),
        };
        let names = (input.number, input.name);
        let outcome = request
            .write(customers::update(request.db(can), can, id, names, contact))
            .await?;
        Ok(Some(UpdateCustomerPayload::of(outcome, |row| {
            (Some(Customer(row)),)
        })))
    }

    /// Deletes a customer who has no invoices any more.
    async fn delete_customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which customer.")] input: DeleteCustomerInput,
    ) -> Result<Option<DeleteCustomerPayload>> {
        let request = ctx.tenant();
        let can = request.can::<DeleteSales>()?;
        let id = request.local_id::<Customer>(&input.id);
        let then = request.then::<Customer, DeleteCustomerPayload>(ctx);
        let outcome = request
            .write(customers::delete(request.db(can), can, id, then))
            .await?;
        Ok(Some(DeleteCustomerPayload::of(outcome, |_| {
            (Some(input.id),)
        })))
    }
}
