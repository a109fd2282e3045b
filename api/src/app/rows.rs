//! What every noun does with a single row.

use sea_orm::{ConnectionTrait, EntityTrait, PrimaryKeyTrait};
use uuid::Uuid;

use super::RowRef;
use super::error::{Meaning, Refusal, Result, on_constraint};

/// The row, or the refusal that there is none, or not here.
pub async fn find<E>(db: &impl ConnectionTrait, id: RowRef, what: &str) -> Result<E::Model>
where
    E: EntityTrait<PrimaryKey: PrimaryKeyTrait<ValueType = Uuid>>,
{
    let missing = || Refusal::not_found("id", what);
    let id = id.ok_or_else(missing)?;
    Ok(E::find_by_id(id).one(db).await?.ok_or_else(missing)?)
}

/// Deletes the row and answers its key.
pub async fn delete<E>(
    db: &impl ConnectionTrait,
    id: RowRef,
    what: &str,
    meanings: &[Meaning],
) -> Result<Uuid>
where
    E: EntityTrait<PrimaryKey: PrimaryKeyTrait<ValueType = Uuid>>,
{
    let missing = || Refusal::not_found("id", what);
    let id = id.ok_or_else(missing)?;
    let deleted = E::delete_by_id(id).exec(db).await;
    match deleted
        .map_err(|error| on_constraint(error, meanings))?
        .rows_affected
    {
        0 => Err(missing().into()),
        _ => Ok(id),
    }
}
