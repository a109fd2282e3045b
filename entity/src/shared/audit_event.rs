//! The audit trail. Its rows are written once, and never changed or deleted.

use sea_orm::entity::prelude::*;

/// Something that somebody did, or was refused: who, what, to which tenant, from where.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "shared", table_name = "audit_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub happened_at: DateTimeUtc,
    pub actor_kind: ActorKind,
    /// Of the operator's account or of the tenant's user.
    pub actor_id: Option<Uuid>,
    /// An operator's address, or who sat at the console.
    pub actor_name: Option<String>,
    /// A code such as `tenant.suspend`.
    pub action: String,
    /// Refers to a tenant without a foreign key.
    pub tenant_id: Option<Uuid>,
    /// The tenant's slug as it was then, or as it was given where there is no such tenant.
    pub tenant_slug: Option<String>,
    /// The address that a request came from, or the machine of the console.
    pub source: Option<String>,
    pub user_agent: Option<String>,
    /// The request's id, which its log lines have too.
    pub request_id: Option<String>,
    pub outcome: Outcome,
    /// How many equal events this row stands for.
    pub count: i32,
    /// What else there is to tell; never a secret.
    #[sea_orm(column_type = "JsonBinary")]
    pub detail: Json,
}

crate::keyed!();

/// What kind of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ActorKind {
    Console,
    Operator,
    User,
    Anonymous,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Outcome {
    Done,
    Refused,
    Failed,
}
