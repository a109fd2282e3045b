//! The numbers that people call rows by: given, or drawn as the next of a series.

use sea_orm::sea_query::{
    Asterisk, CommonTableExpression, Expr, ExprTrait, Func, InsertStatement, OnConflict, Query,
    WithClause,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait,
    FromQueryResult, IdenStatic, Iterable,
};
use tenancy::Scoped;

use entity::tenant::number_series::{Column, Entity};
use entity::tenant::{customer, employee, invoice};

use super::{Then, rows};

/// A noun whose rows are numbered.
pub trait Numbered: EntityTrait {
    /// The name of its series.
    const SERIES: &'static str;
    const NUMBER: Self::Column;
}

impl Numbered for employee::Entity {
    const SERIES: &'static str = "employee";
    const NUMBER: employee::Column = employee::Column::Number;
}

impl Numbered for customer::Entity {
    const SERIES: &'static str = "customer";
    const NUMBER: customer::Column = customer::Column::Number;
}

impl Numbered for invoice::Entity {
    const SERIES: &'static str = "invoice";
    const NUMBER: invoice::Column = invoice::Column::Number;
}

/// By what name the parts of an inserted row know it.
pub const MADE: &str = "made";

/// Inserts a row, and then its parts, under the number that was given, past which the series then
/// continues, or under the next: in one statement, so that the series, which others wait for, is held
/// for as short as can be.
pub async fn insert<A>(
    db: &Scoped<impl Send + Sync>,
    given: Option<String>,
    row: A,
    parts: Option<InsertStatement>,
    then: Then,
) -> Result<<A::Entity as EntityTrait>::Model, DbErr>
where
    A: ActiveModelTrait<Entity: Numbered>,
{
    let (number, series) = match given {
        Some(number) => {
            let passing = pass_statement::<A::Entity>(&number);
            (Expr::val(number), passing)
        }
        None => (
            Expr::cust("(SELECT number FROM series)"),
            Some(draw_statement::<A::Entity>()),
        ),
    };
    let made = insert_statement(&row, number);
    let mut steps = WithClause::new();
    for (name, step) in [("series", series), (MADE, Some(made)), ("parts", parts)] {
        if let Some(step) = step {
            let step = CommonTableExpression::new()
                .query(step)
                .table_name(name)
                .to_owned();
            steps.cte(step);
        }
    }
    let all = Query::select().column(Asterisk).from(MADE).to_owned();
    let all = DbBackend::Postgres.build(&all.with(steps));
    let rows = rows::conclude(db, all, then).await?;
    let row = rows.first().ok_or(DbErr::RecordNotInserted)?;
    FromQueryResult::from_query_result(row, "")
}

/// Makes sure that the series never comes to a number that was given to a row later.
pub async fn pass<E: Numbered>(db: &impl ConnectionTrait, number: &str) -> Result<(), DbErr> {
    if let Some(passing) = pass_statement::<E>(number) {
        db.execute(&passing).await?;
    }
    Ok(())
}

fn insert_statement<A>(row: &A, number: Expr) -> InsertStatement
where
    A: ActiveModelTrait<Entity: Numbered>,
{
    type ColumnOf<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Column;
    let (mut columns, mut values) = (vec![A::Entity::NUMBER], vec![number]);
    for column in ColumnOf::<A>::iter() {
        if column.as_str() == A::Entity::NUMBER.as_str() {
            continue;
        }
        if let ActiveValue::Set(value) | ActiveValue::Unchanged(value) = row.get(column) {
            columns.push(column);
            values.push(column.save_as(Expr::val(value)));
        }
    }
    let all = ColumnOf::<A>::iter().map(|column| column.select_as(Expr::col(column)));
    Query::insert()
        .into_table(A::Entity::default())
        .columns(columns)
        .values_panic(values)
        .returning(Query::returning().exprs(all))
        .to_owned()
}

/// Longer numbers are somebody else's, such as bar codes. No series comes to them, and going on after
/// one could end it for good.
const LAST: i64 = 999_999_999_999;

/// A series that is past the number already isn't touched, and so not held.
fn pass_statement<E: Numbered>(number: &str) -> Option<InsertStatement> {
    let number = number.parse::<i64>().ok();
    let next = number.filter(|number| (1..=LAST).contains(number))? + 1;
    let past = Query::select()
        .expr(Expr::val(1))
        .from(Entity)
        .and_where(Expr::col(Column::Noun).eq(E::SERIES))
        .and_where(Expr::col(Column::Next).gte(next))
        .to_owned();
    let first = Query::select()
        .expr(Expr::val(E::SERIES))
        .expr(Expr::val(next))
        .and_where(Expr::exists(past).not())
        .to_owned();
    let further = Func::greatest([
        Expr::col((Entity, Column::Next)),
        Expr::col(("excluded", Column::Next)),
    ]);
    let mut passing = into_series();
    passing
        .select_from(first)
        .expect("as many values as columns")
        .on_conflict(continuing(further.into()));
    Some(passing)
}

/// Answers the drawn number, as text.
fn draw_statement<E: Numbered>() -> InsertStatement {
    let one_more = Expr::col((Entity, Column::Next)).add(1);
    let drawn = Expr::cust("(next - 1)::text AS number");
    into_series()
        .values_panic([E::SERIES.into(), 2.into()])
        .on_conflict(continuing(one_more))
        .returning(Query::returning().expr(drawn))
        .to_owned()
}

fn into_series() -> InsertStatement {
    Query::insert()
        .into_table(Entity)
        .columns([Column::Noun, Column::Next])
        .to_owned()
}

fn continuing(next: Expr) -> OnConflict {
    OnConflict::column(Column::Noun)
        .value(Column::Next, next)
        .to_owned()
}
