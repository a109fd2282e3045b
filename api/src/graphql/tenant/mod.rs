//! A tenant's API: what front ends generate code from.

mod department;
mod employee;
mod session;
mod user;

use async_graphql::{EmptySubscription, MergedObject, Schema};

/// What can be asked of a tenant.
#[derive(MergedObject, Default)]
pub struct Query(department::DepartmentQueries, employee::EmployeeQueries);

/// What can be done at a tenant. One operation is one transaction: it happens whole or not at all.
#[derive(MergedObject, Default)]
pub struct Mutation(
    department::DepartmentMutations,
    employee::EmployeeMutations,
    session::SessionMutations,
);

pub type TenantSchema = Schema<Query, Mutation, EmptySubscription>;
