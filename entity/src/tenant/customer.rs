//! Customers of a tenant.

use sea_orm::entity::prelude::*;

/// One person, alone or for a company, who gets invoices.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What people call the row by; drawn from the series `customer` where nobody gave one.
    #[sea_orm(unique)]
    pub number: String,
    pub name: String,
    pub company: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub created_at: DateTimeUtc,
    #[sea_orm(has_many)]
    pub invoices: HasMany<super::invoice::Entity>,
}

crate::keyed!();
