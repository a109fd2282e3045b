//! The pieces that every noun's filter is made of. All conditions of a filter must hold.

use async_graphql::{ID, InputObject};
use sea_orm::sea_query::{
    Condition, Expr, ExprTrait, LikeExpr, PgFunc, extension::postgres::PgExpr,
};
use sea_orm::{ActiveEnum, ColumnTrait, Value};
use uuid::Uuid;

use super::error::{Fault, Result};
use super::scalars::{Date, Decimal, Moment};

/// The most values that `in` takes.
const MOST: usize = 100;

/// Conditions on a text. All that are given must hold.
#[derive(Debug, Clone, Default, InputObject)]
pub struct StringFilter {
    /// Exactly this text.
    pub eq: Option<String>,
    /// One of these texts, at most 100.
    #[graphql(name = "in")]
    pub any_of: Option<Vec<String>>,
    /// Begins with this text; capitals and small letters are the same.
    pub starts_with: Option<String>,
    /// Holds this text somewhere; capitals and small letters are the same.
    pub contains: Option<String>,
    /// `true`: has no value. `false`: has one.
    pub is_null: Option<bool>,
}

/// Conditions on a reference to another object. All that are given must hold.
#[derive(Debug, Clone, Default, InputObject)]
pub struct IdFilter {
    /// Exactly this object.
    pub eq: Option<ID>,
    /// One of these objects, at most 100.
    #[graphql(name = "in")]
    pub any_of: Option<Vec<ID>>,
    /// `true`: refers to nothing. `false`: refers to something.
    pub is_null: Option<bool>,
}

/// Conditions on a day. All that are given must hold.
#[derive(Debug, Clone, Default, InputObject)]
pub struct DateFilter {
    /// Exactly this day.
    pub eq: Option<Date>,
    /// This day or a later one.
    pub gte: Option<Date>,
    /// This day or an earlier one.
    pub lte: Option<Date>,
    /// `true`: has no value. `false`: has one.
    pub is_null: Option<bool>,
}

/// Conditions on a moment. All that are given must hold.
#[derive(Debug, Clone, Default, InputObject)]
pub struct DateTimeFilter {
    /// This moment or a later one.
    pub gte: Option<Moment>,
    /// This moment or an earlier one.
    pub lte: Option<Moment>,
}

/// Conditions on an amount. All that are given must hold.
#[derive(Debug, Clone, Default, InputObject)]
pub struct DecimalFilter {
    /// Exactly this amount.
    pub eq: Option<Decimal>,
    /// This amount or more.
    pub gte: Option<Decimal>,
    /// This amount or less.
    pub lte: Option<Decimal>,
}

/// Collects a noun's conditions.
pub struct Conditions(Condition);

impl Conditions {
    pub fn new() -> Self {
        Self(Condition::all())
    }

    pub fn text(self, column: impl ColumnTrait, filter: Option<StringFilter>) -> Result<Self> {
        let Some(filter) = filter else {
            return Ok(self);
        };
        let mut this = self;
        if let Some(eq) = filter.eq {
            this = this.and(column.eq(clean(eq)?));
        }
        if let Some(texts) = filter.any_of {
            let texts = bounded(texts)?
                .into_iter()
                .map(clean)
                .collect::<Result<Vec<_>>>()?;
            this = this.and(one_of(column, texts));
        }
        if let Some(start) = filter.starts_with {
            this = this.and(like(column, &format!("{}%", escaped(&clean(start)?))));
        }
        if let Some(part) = filter.contains {
            this = this.and(like(column, &format!("%{}%", escaped(&clean(part)?))));
        }
        Ok(this.null(column, filter.is_null))
    }

    /// `local` turns an id into a key of this realm. An id that isn't one matches nothing.
    pub fn reference(
        self,
        column: impl ColumnTrait,
        filter: Option<IdFilter>,
        local: impl Fn(&ID) -> Option<Uuid>,
    ) -> Result<Self> {
        let Some(filter) = filter else {
            return Ok(self);
        };
        let mut this = self;
        let ids = filter.eq.map(|id| vec![id]);
        for ids in [ids, filter.any_of.map(bounded).transpose()?]
            .into_iter()
            .flatten()
        {
            let keys: Vec<Uuid> = ids.iter().filter_map(&local).collect();
            this = this.and(one_of(column, keys));
        }
        Ok(this.null(column, filter.is_null))
    }

    pub fn date(self, column: impl ColumnTrait, filter: Option<DateFilter>) -> Result<Self> {
        let Some(filter) = filter else {
            return Ok(self);
        };
        let read = |date: Option<Date>| known(date.map(|date| date.0), "a day such as 2026-01-31");
        let this = self.range(
            column,
            read(filter.eq)?,
            read(filter.gte)?,
            read(filter.lte)?,
        );
        Ok(this.null(column, filter.is_null))
    }

    pub fn moment(self, column: impl ColumnTrait, filter: Option<DateTimeFilter>) -> Self {
        let filter = filter.unwrap_or_default();
        let read = |moment: Option<Moment>| moment.map(|moment| moment.0);
        self.range(column, None, read(filter.gte), read(filter.lte))
    }

    pub fn amount(self, column: impl ColumnTrait, filter: Option<DecimalFilter>) -> Result<Self> {
        let Some(filter) = filter else {
            return Ok(self);
        };
        let read = |n: Option<Decimal>| known(n.map(|n| n.0), "a decimal number such as \"12.50\"");
        Ok(self.range(
            column,
            read(filter.eq)?,
            read(filter.gte)?,
            read(filter.lte)?,
        ))
    }

    /// One of these words.
    pub fn words<W>(self, column: impl ColumnTrait, words: Option<Vec<W>>) -> Self
    where
        W: ActiveEnum<Value = String>,
    {
        match words {
            Some(words) => {
                let words: Vec<String> = words.into_iter().map(|word| word.to_value()).collect();
                self.and(one_of(column, words))
            }
            None => self,
        }
    }

    pub fn finish(self) -> Condition {
        self.0
    }

    fn and(self, expr: Expr) -> Self {
        Self(self.0.add(expr))
    }

    fn null(self, column: impl ColumnTrait, is_null: Option<bool>) -> Self {
        match is_null {
            Some(true) => self.and(column.is_null()),
            Some(false) => self.and(column.is_not_null()),
            None => self,
        }
    }

    fn range<V: Into<Value>>(
        mut self,
        column: impl ColumnTrait,
        eq: Option<V>,
        gte: Option<V>,
        lte: Option<V>,
    ) -> Self {
        if let Some(value) = eq {
            self = self.and(column.eq(value));
        }
        if let Some(value) = gte {
            self = self.and(column.gte(value));
        }
        if let Some(value) = lte {
            self = self.and(column.lte(value));
        }
        self
    }
}

fn known<T>(given: Option<crate::app::Given<T>>, what: &str) -> Result<Option<T>> {
    given
        .transpose()
        .map_err(|text| Fault::Input(format!("{text:?} is not {what}")))
}

fn bounded<T>(values: Vec<T>) -> Result<Vec<T>> {
    if values.len() > MOST {
        return Err(Fault::Input(format!("in takes at most {MOST} values")));
    }
    Ok(values)
}

/// No text column holds a NUL, so no row can match one; PostgreSQL would refuse the statement.
fn clean(text: String) -> Result<String> {
    if text.bytes().any(|byte| byte == 0) {
        return Err(Fault::Input(
            "a text must not hold the character NUL".to_owned(),
        ));
    }
    Ok(text)
}

/// `= ANY($1)` and not `IN ($1, $2, …)`: one text for every length, so that one prepared statement
/// serves them all.
fn one_of<V>(column: impl ColumnTrait, values: Vec<V>) -> Expr
where
    Vec<V>: Into<Value>,
{
    let values = Expr::val(values);
    Expr::col(column.as_column_ref()).eq(PgFunc::any(values))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

fn like(column: impl ColumnTrait, pattern: &str) -> Expr {
    // The backslash escapes without being asked to. Asked, sea-query puts the pattern and its
    // `ESCAPE` into parentheses, which is no SQL.
    Expr::col(column.as_column_ref()).ilike(LikeExpr::new(pattern))
}
