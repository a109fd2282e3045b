//! A tenant's API: what front ends generate code from.

mod customer;
mod department;
mod employee;
mod invoice;
mod invoice_line;
mod node;
mod session;
#[expect(clippy::module_inception, reason = "a tenant is a noun of its own API")]
mod tenant;
mod user;

use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder};

/// What can be asked of a tenant.
#[derive(MergedObject, Default)]
pub struct Query(
    tenant::TenantQueries,
    node::NodeQueries,
    user::UserQueries,
    user::Users,
    department::DepartmentQueries,
    department::Departments,
    employee::EmployeeQueries,
    employee::Employees,
    customer::CustomerQueries,
    customer::Customers,
    invoice::InvoiceQueries,
    invoice::Invoices,
);

/// What can be done at a tenant. One operation is one transaction: it happens whole or not at all.
#[derive(MergedObject, Default)]
pub struct Mutation(
    department::DepartmentMutations,
    employee::EmployeeMutations,
    customer::CustomerMutations,
    invoice::InvoiceMutations,
    user::UserMutations,
    session::SessionMutations,
);

/// The schema, without a database, up to how it validates.
pub fn schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription).disable_suggestions()
}

/// Every noun, for tests.
#[cfg(test)]
pub(super) fn tables() -> Vec<&'static super::ahead::Table> {
    use super::noun::Noun;
    vec![
        user::User::table(),
        department::Department::table(),
        employee::Employee::table(),
        customer::Customer::table(),
        invoice::Invoice::table(),
        invoice_line::InvoiceLine::table(),
    ]
}
