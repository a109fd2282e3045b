//! Employees.

use sea_orm::entity::prelude::*;

/// One person who works for this tenant, and who need not be one of its users.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "employee")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What people call the row by; drawn from the series `employee` where nobody gave one.
    #[sea_orm(unique)]
    pub number: String,
    pub name: String,
    pub email: Option<String>,
    pub title: Option<String>,
    pub department_id: Option<Uuid>,
    pub manager_id: Option<Uuid>,
    pub hired_on: Option<Date>,
    pub created_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "department_id", to = "id")]
    pub department: BelongsTo<Option<super::department::Entity>>,
    #[sea_orm(
        self_ref,
        relation_enum = "Manager",
        relation_reverse = "Reports",
        from = "manager_id",
        to = "id"
    )]
    pub manager: BelongsTo<Option<Entity>>,
    /// Whom this employee manages.
    #[sea_orm(self_ref, relation_enum = "Reports", relation_reverse = "Manager")]
    pub reports: HasMany<Entity>,
}

crate::keyed!();
