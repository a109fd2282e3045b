//! What every noun does with a single row.

use sea_orm::sea_query::{Expr, Func, InsertStatement, Query, Value};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult,
    Iterable, PrimaryKeyToColumn, PrimaryKeyTrait, QueryResult, QueryTrait, Statement,
};
use tenancy::Scoped;
use uuid::Uuid;

use super::error::{Meaning, Refusal, Result, on_constraint};
use super::{RowRef, Then};

/// The row, or the refusal that there is none, or not here.
pub async fn find<E>(db: &Scoped<impl Send + Sync>, id: RowRef, what: &str) -> Result<E::Model>
where
    E: EntityTrait<PrimaryKey: PrimaryKeyTrait<ValueType = Uuid>>,
{
    let missing = || Refusal::not_found("id", what);
    let id = id.ok_or_else(missing)?;
    let rows = db.begin_with(E::find_by_id(id).build(DbBackend::Postgres));
    let row = rows.await?.into_iter().next().ok_or_else(missing)?;
    Ok(E::Model::from_query_result(&row, "")?)
}

/// Asks the last statement of a piece of work.
pub async fn conclude(
    db: &Scoped<impl Send + Sync>,
    statement: Statement,
    then: Then,
) -> std::result::Result<Vec<QueryResult>, DbErr> {
    match then {
        Then::More => db.begin_with(statement).await,
        Then::Commit => db.commit_with(statement).await,
    }
}

/// Deletes the row and answers its key.
pub async fn delete<E>(
    db: &Scoped<impl Send + Sync>,
    id: RowRef,
    what: &str,
    meanings: &[Meaning],
    then: Then,
) -> Result<Uuid>
where
    E: EntityTrait<PrimaryKey: PrimaryKeyTrait<ValueType = Uuid>>,
{
    let missing = || Refusal::not_found("id", what);
    let id = id.ok_or_else(missing)?;
    let mut delete = E::delete_by_id(id);
    let key = E::PrimaryKey::iter().map(|key| Expr::col(key.into_column()));
    QueryTrait::query(&mut delete).returning(Query::returning().exprs(key));
    let deleted = conclude(db, delete.build(DbBackend::Postgres), then).await;
    if deleted
        .map_err(|error| on_constraint(error, meanings))?
        .is_empty()
    {
        return Err(missing().into());
    }
    Ok(id)
}

/// The columns of a row to be.
type ColumnOf<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Column;

/// Inserts all rows by one statement.
pub async fn insert_all<A: ActiveModelTrait>(
    db: &impl ConnectionTrait,
    rows: impl IntoIterator<Item = A>,
) -> std::result::Result<(), DbErr> {
    match inserting(rows, None)? {
        Some(insert) => db.execute(&insert).await.map(drop),
        None => Ok(()),
    }
}

/// A statement that inserts all rows, whose text is the same however many they are. They have the
/// same columns set, and no NULL among them. Of their parent another part of the statement answers
/// the row: by its name, and the column that points there. Without rows there is nothing to insert.
pub fn inserting<A: ActiveModelTrait>(
    rows: impl IntoIterator<Item = A>,
    parent: Option<(&'static str, ColumnOf<A>)>,
) -> std::result::Result<Option<InsertStatement>, DbErr> {
    let rows: Vec<A> = rows.into_iter().collect();
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let mut columns: Vec<_> = ColumnOf::<A>::iter()
        .filter(|column| first.get(*column).is_set())
        .collect();
    let lists = columns.iter().map(|column| {
        let values = rows.iter().map(|row| value(row.get(*column)));
        let values = values.collect::<std::result::Result<Vec<_>, _>>()?;
        let of = values[0].array_type();
        let list = Expr::val(Value::Array(of, Some(Box::new(values))));
        Ok(Func::cust("unnest").arg(list).into())
    });
    let lists = lists.collect::<std::result::Result<Vec<Expr>, DbErr>>()?;
    // Side by side they advance together.
    let mut all = Query::select().exprs(lists).to_owned();
    if let Some((parent, by)) = parent {
        columns.push(by);
        all.expr(Expr::col((parent, "id"))).from(parent);
    }
    let mut insert = Query::insert()
        .into_table(A::Entity::default())
        .columns(columns)
        .to_owned();
    insert
        .select_from(all)
        .map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(Some(insert))
}

fn value(value: ActiveValue<Value>) -> std::result::Result<Value, DbErr> {
    match value {
        ActiveValue::Set(value) | ActiveValue::Unchanged(value) if value != value.as_null() => {
            Ok(value)
        }
        _ => Err(DbErr::Custom("a row of many lacks a value".to_owned())),
    }
}
