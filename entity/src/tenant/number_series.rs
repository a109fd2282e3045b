//! Where the counting of numbers stands.

use sea_orm::entity::prelude::*;

/// One noun whose numbers the server draws, and the number to try next.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "number_series")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub noun: String,
    pub next: i64,
}

impl ActiveModelBehavior for ActiveModel {}
