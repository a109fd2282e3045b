//! Employees.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use entity::tenant::employee;
use sea_orm::sea_query::Condition;
use tenancy::TenantRealm;

use super::department::Department;
use crate::app::employees::{self, EmployeeChanges, NewEmployee};
use crate::auth::permission::{EditStaff, ViewStaff};
use crate::graphql::ahead::Planned;
use crate::graphql::connection::{Filter, connection};
use crate::graphql::filter::{Conditions, DateFilter, IdFilter, StringFilter};
use crate::graphql::input::{change, change_to};
use crate::graphql::noun::noun;
use crate::graphql::order::{OrderDirection, order_by};
use crate::graphql::payload::payload;
use crate::graphql::scalars::{Date, Moment};
use crate::graphql::{ContextExt, Request, Result};

noun! {
    /// A person who works for this tenant, and who need not be one of its users.
    tenant Employee(employee) {
        /// Its global id.
        id,

        /// What people call the employee by; no two employees have the same number.
        number: String,

        /// The employee's full name.
        name: String,

        /// The e-mail address, `null` where none is known.
        email: Option<String>,

        /// The job title, `null` where none is known.
        title: Option<String>,

        /// The day of hiring, `null` where it isn't known.
        hired_on: Option<Date>,

        /// When the employee was entered here.
        created: Moment = created_at,

        /// The department that the employee works in, `null` where there is none.
        department: one Department by department_id for ViewStaff,

        /// Who manages the employee, `null` where nobody does.
        manager: one Employee by manager_id for ViewStaff,

        reports: page EmployeeReports,
    }
}

connection! {
    /// Whom the employee manages.
    tenant EmployeeReports {
        reports: Employee(EmployeeFilter, EmployeeOrder),
        ViewStaff, to employee::Column::ManagerId,
    }
}

/// Which employees. All conditions that are given must hold.
#[derive(Debug, Default, InputObject)]
pub struct EmployeeFilter {
    /// By number.
    number: Option<StringFilter>,
    /// By name.
    name: Option<StringFilter>,
    /// By e-mail address.
    email: Option<StringFilter>,
    /// By job title.
    title: Option<StringFilter>,
    /// By department.
    department: Option<IdFilter>,
    /// By manager.
    manager: Option<IdFilter>,
    /// By day of hiring.
    hired_on: Option<DateFilter>,
}

impl Filter<TenantRealm> for EmployeeFilter {
    fn condition(self, request: &Request<TenantRealm>) -> Result<Condition> {
        use employee::Column;
        let department = |id: &ID| request.local_id::<Department>(id);
        let manager = |id: &ID| request.local_id::<Employee>(id);
        Ok(Conditions::new()
            .text(Column::Number, self.number)?
            .text(Column::Name, self.name)?
            .text(Column::Email, self.email)?
            .text(Column::Title, self.title)?
            .reference(Column::DepartmentId, self.department, department)?
            .reference(Column::ManagerId, self.manager, manager)?
            .date(Column::HiredOn, self.hired_on)?
            .finish())
    }
}

order_by! {
    /// In which order employees come.
    EmployeeOrder(EmployeeOrderField) on employee::Entity {
        /// By when they were entered.
        Created => Id,
        /// By number, as text.
        Number => Number,
        /// By name.
        Name => Name,
    }
}

#[derive(Default)]
pub struct EmployeeQueries;

#[Object]
impl EmployeeQueries {
    /// The employee of this id, `null` where there is none.
    async fn employee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its global id.")] id: ID,
    ) -> Result<Option<Planned<Employee>>> {
        let request = ctx.tenant();
        request.by_id(ctx, request.can::<ViewStaff>()?, &id).await
    }
}

connection! {
    /// The employees.
    tenant Employees {
        employees: Employee(EmployeeFilter, EmployeeOrder),
        ViewStaff, all,
    }
}

/// An employee to be.
#[derive(Debug, InputObject)]
pub struct CreateEmployeeInput {
    /// What people call the employee by, at most 50 characters; the next number if not given.
    number: Option<String>,
    /// The full name, at most 200 characters.
    name: String,
    /// The e-mail address.
    email: Option<String>,
    /// The job title, at most 200 characters.
    title: Option<String>,
    /// The department to work in.
    department_id: Option<ID>,
    /// Who manages the employee.
    manager_id: Option<ID>,
    /// The day of hiring.
    hired_on: Option<Date>,
}

/// What is to change of an employee; what is left out stays as it is, `null` clears.
#[derive(Debug, InputObject)]
pub struct UpdateEmployeeInput {
    /// Which employee.
    id: ID,
    /// What people call the employee by, at most 50 characters.
    number: Option<String>,
    /// The full name, at most 200 characters.
    name: Option<String>,
    /// The e-mail address.
    email: MaybeUndefined<String>,
    /// The job title, at most 200 characters.
    title: MaybeUndefined<String>,
    /// The department to work in.
    department_id: MaybeUndefined<ID>,
    /// Who manages the employee.
    manager_id: MaybeUndefined<ID>,
    /// The day of hiring.
    hired_on: MaybeUndefined<Date>,
}

/// Which employee is to go.
#[derive(Debug, InputObject)]
pub struct DeleteEmployeeInput {
    /// Which employee, who must not manage anybody any more.
    id: ID,
}

payload! {
    /// What came of `createEmployee`.
    CreateEmployeePayload {
        /// The new employee.
        employee: Employee,
    }
}

payload! {
    /// What came of `updateEmployee`.
    UpdateEmployeePayload {
        /// The employee as it is now.
        employee: Employee,
    }
}

payload! {
    /// What came of `deleteEmployee`.
    DeleteEmployeePayload {
        /// The id of the employee who is gone.
        deleted_id: ID,
    }
}

#[derive(Default)]
pub struct EmployeeMutations;

#[Object]
impl EmployeeMutations {
    /// Enters a new employee.
    async fn create_employee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The employee to be.")] input: CreateEmployeeInput,
    ) -> Result<Option<CreateEmployeePayload>> {
        let request = ctx.tenant();
        let can = request.can::<EditStaff>()?;
        let new = NewEmployee {
            number: input.number,
            name: input.name,
            email: input.email,
            title: input.title,
            department: input
                .department_id
                .map(|id| request.local_id::<Department>(&id)),
            manager: input.manager_id.map(|id| request.local_id::<Employee>(&id)),
            hired_on: input.hired_on.map(|date| date.0),
        };
        let then = request.then::<Employee, CreateEmployeePayload>(ctx);
        let outcome = request
            .write(employees::create(request.db(can), can, new, then))
            .await?;
        Ok(Some(CreateEmployeePayload::of(outcome, |row| {
            (Some(Employee(row)),)
        })))
    }

    /// Changes an employee.
    async fn update_employee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: UpdateEmployeeInput,
    ) -> Result<Option<UpdateEmployeePayload>> {
        let request = ctx.tenant();
        let can = request.can::<EditStaff>()?;
        let id = request.local_id::<Employee>(&input.id);
        let changes = EmployeeChanges {
            number: input.number,
            name: input.name,
            email: change(input.email),
            title: change(input.title),
            department: change_to(input.department_id, |id| {
                request.local_id::<Department>(&id)
            }),
            manager: change_to(input.manager_id, |id| request.local_id::<Employee>(&id)),
            hired_on: change_to(input.hired_on, |date| date.0),
        };
        let outcome = request
            .write(employees::update(request.db(can), can, id, changes))
            .await?;
        Ok(Some(UpdateEmployeePayload::of(outcome, |row| {
            (Some(Employee(row)),)
        })))
    }

    /// Deletes an employee who doesn't manage anybody any more.
    async fn delete_employee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which employee.")] input: DeleteEmployeeInput,
    ) -> Result<Option<DeleteEmployeePayload>> {
        let request = ctx.tenant();
        let can = request.can::<EditStaff>()?;
        let id = request.local_id::<Employee>(&input.id);
        let then = request.then::<Employee, DeleteEmployeePayload>(ctx);
        let outcome = request
            .write(employees::delete(request.db(can), can, id, then))
            .await?;
        Ok(Some(DeleteEmployeePayload::of(outcome, |_| {
            (Some(input.id),)
        })))
    }
}
