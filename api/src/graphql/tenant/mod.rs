//! A tenant's API: what front ends generate code from.

pub mod customer;
pub mod department;
pub mod employee;
pub mod invoice;
pub mod invoice_line;
pub mod session;
pub mod user;

use async_graphql::{EmptySubscription, MergedObject, Schema};

/// What can be asked of a tenant.
#[derive(MergedObject, Default)]
pub struct Query(
    department::DepartmentQueries,
    employee::EmployeeQueries,
    customer::CustomerQueries,
    invoice::InvoiceQueries,
);

/// What can be done at a tenant. One operation is one transaction: it happens whole or not at all.
#[derive(MergedObject, Default)]
pub struct Mutation(
    department::DepartmentMutations,
    employee::EmployeeMutations,
    customer::CustomerMutations,
    invoice::InvoiceMutations,
    session::SessionMutations,
);

pub type TenantSchema = Schema<Query, Mutation, EmptySubscription>;

/// The schema, without a database.
pub fn schema() -> TenantSchema {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .disable_suggestions()
        .finish()
}
