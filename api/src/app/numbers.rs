//! The numbers that people call rows by: given, or drawn as the next of a series.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ConnectionTrait, DbErr};

use entity::tenant::number_series::{Column, Entity};

/// A noun whose rows are numbered.
#[derive(Debug, Clone, Copy)]
pub enum Series {
    Employee,
    Customer,
    Invoice,
}

impl Series {
    fn noun(self) -> &'static str {
        match self {
            Self::Employee => "employee",
            Self::Customer => "customer",
            Self::Invoice => "invoice",
        }
    }
}

/// The number to use: the given one, past which the series then continues, or the next.
pub async fn number(
    db: &impl ConnectionTrait,
    series: Series,
    given: Option<String>,
) -> Result<String, DbErr> {
    match given {
        Some(number) => {
            pass(db, series, &number).await?;
            Ok(number)
        }
        None => draw(db, series).await,
    }
}

/// Longer numbers are somebody else's, such as bar codes. No series comes to them, and going on after
/// one could end it for good.
const LAST: i64 = 999_999_999_999;

/// Makes sure that the series never comes to a number that was given.
pub async fn pass(db: &impl ConnectionTrait, series: Series, number: &str) -> Result<(), DbErr> {
    let number = number.parse::<i64>().ok();
    let Some(number) = number.filter(|number| (1..=LAST).contains(number)) else {
        return Ok(());
    };
    let next = number + 1;
    let ahead = Expr::col((Entity, Column::Next)).lt(next);
    let continues = OnConflict::column(Column::Noun)
        .update_column(Column::Next)
        .action_and_where(ahead)
        .to_owned();
    db.execute(&insert(series, next).on_conflict(continues).to_owned())
        .await?;
    Ok(())
}

async fn draw(db: &impl ConnectionTrait, series: Series) -> Result<String, DbErr> {
    let one_more = Expr::col((Entity, Column::Next)).add(1);
    let continues = OnConflict::column(Column::Noun)
        .value(Column::Next, one_more)
        .to_owned();
    let drawn = insert(series, 2)
        .on_conflict(continues)
        .returning(Query::returning().column(Column::Next))
        .to_owned();
    let row = db.query_one(&drawn).await?;
    let row = row.ok_or(DbErr::RecordNotInserted)?;
    Ok((row.try_get::<i64>("", "next")? - 1).to_string())
}

fn insert(series: Series, next: i64) -> sea_orm::sea_query::InsertStatement {
    Query::insert()
        .into_table(Entity)
        .columns([Column::Noun, Column::Next])
        .values_panic([series.noun().into(), next.into()])
        .to_owned()
}
