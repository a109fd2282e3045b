//! Departments.

use async_graphql::{Context, ID, InputObject, Object};
use entity::tenant::{department, employee};
use sea_orm::sea_query::Condition;
use tenancy::TenantRealm;

use super::employee::{Employee, EmployeeFilter, EmployeeOrder};
use crate::app::departments;
use crate::auth::permission::{EditStaff, ViewStaff};
use crate::graphql::ahead::Planned;
use crate::graphql::connection::{Filter, connection};
use crate::graphql::filter::{Conditions, StringFilter};
use crate::graphql::noun::noun;
use crate::graphql::order::{OrderDirection, order_by};
use crate::graphql::payload::payload;
use crate::graphql::scalars::Moment;
use crate::graphql::{ContextExt, Request, Result};

noun! {
    /// A part of the company in which employees work.
    tenant Department(department) {
        /// Its global id.
        id,

        /// What it is called; no two departments have the same name.
        name: String,

        /// When it was entered here.
        created: Moment = created_at,

        employees: page DepartmentEmployees,
    }
}

connection! {
    /// The employees who work in it.
    tenant DepartmentEmployees {
        employees: Employee(EmployeeFilter, EmployeeOrder),
        ViewStaff, to employee::Column::DepartmentId,
    }
}

/// Which departments. All conditions that are given must hold.
#[derive(Debug, Default, InputObject)]
pub struct DepartmentFilter {
    /// By name.
    name: Option<StringFilter>,
}

impl Filter<TenantRealm> for DepartmentFilter {
    fn condition(self, _: &Request<TenantRealm>) -> Result<Condition> {
        Ok(Conditions::new()
            .text(department::Column::Name, self.name)?
            .finish())
    }
}

order_by! {
    /// In which order departments come.
    DepartmentOrder(DepartmentOrderField) on department::Entity {
        /// By when they were entered.
        Created => Id,
        /// By name.
        Name => Name,
    }
}

#[derive(Default)]
pub struct DepartmentQueries;

#[Object]
impl DepartmentQueries {
    /// The department of this id, `null` where there is none.
    async fn department(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its global id.")] id: ID,
    ) -> Result<Option<Planned<Department>>> {
        let request = ctx.tenant();
        request.by_id(ctx, request.can::<ViewStaff>()?, &id).await
    }
}

connection! {
    /// The departments.
    tenant Departments {
        departments: Department(DepartmentFilter, DepartmentOrder),
        ViewStaff, all,
    }
}

/// A department to be.
#[derive(Debug, InputObject)]
pub struct CreateDepartmentInput {
    /// What it is called, at most 200 characters.
    name: String,
}

/// What is to change of a department; what is left out stays as it is.
#[derive(Debug, InputObject)]
pub struct UpdateDepartmentInput {
    /// Which department.
    id: ID,
    /// What it is called, at most 200 characters.
    name: Option<String>,
}

/// Which department is to go.
#[derive(Debug, InputObject)]
pub struct DeleteDepartmentInput {
    /// Which department. It must have no employees any more.
    id: ID,
}

payload! {
    /// What came of `createDepartment`.
    CreateDepartmentPayload {
        /// The new department.
        department: Department,
    }
}

payload! {
    /// What came of `updateDepartment`.
    UpdateDepartmentPayload {
        /// The department as it is now.
        department: Department,
    }
}

payload! {
    /// What came of `deleteDepartment`.
    DeleteDepartmentPayload {
        /// The id of the department that is gone.
        deleted_id: ID,
    }
}

#[derive(Default)]
pub struct DepartmentMutations;

#[Object]
impl DepartmentMutations {
    /// Enters a new department.
    async fn create_department(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The department to be.")] input: CreateDepartmentInput,
    ) -> Result<Option<CreateDepartmentPayload>> {
        let request = ctx.tenant();
        let can = request.can::<EditStaff>()?;
        let work = departments::create(request.db(can), can, input.name);
        let outcome = request.write(work).await?;
        Ok(Some(CreateDepartmentPayload::of(outcome, |row| {
            (Some(Department(row)),)
        })))
    }

    /// Changes a department.
    async fn update_department(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: UpdateDepartmentInput,
    ) -> Result<Option<UpdateDepartmentPayload>> {
        let request = ctx.tenant();
        let can = request.can::<EditStaff>()?;
        let id = request.local_id::<Department>(&input.id);
        let work = departments::update(request.db(can), can, id, input.name);
        let outcome = request.write(work).await?;
        Ok(Some(UpdateDepartmentPayload::of(outcome, |row| {
            (Some(Department(row)),)
        })))
    }

    /// Deletes a department that has no employees any more.
    async fn delete_department(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which department.")] input: DeleteDepartmentInput,
    ) -> Result<Option<DeleteDepartmentPayload>> {
        let request = ctx.tenant();
        let can = request.can::<EditStaff>()?;
        let id = request.local_id::<Department>(&input.id);
        let then = request.then::<Department, DeleteDepartmentPayload>(ctx);
        let outcome = request
            .write(departments::delete(request.db(can), can, id, then))
            .await?;
        Ok(Some(DeleteDepartmentPayload::of(outcome, |_| {
            (Some(input.id),)
        })))
    }
}
