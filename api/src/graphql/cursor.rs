//! Cursors: the sort key of a row, opaque to clients.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::sea_query::{ColumnType, Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, IdenStatic, Value};
use uuid::Uuid;

use super::error::{Fault, Result};
use super::order::Ordering;
use super::scalars::day;

/// The place of a row in a list of a certain order.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// Of which order: a cursor means nothing in another one.
    order: String,
    value: Value,
    key: Value,
}

impl Cursor {
    pub fn of<E: EntityTrait>(value: Value, key: Value, order: &Ordering<E>) -> Self {
        Self::new(name_of(order), value, key)
    }

    /// `order` is what [`name`] gives.
    pub fn new(order: String, value: Value, key: Value) -> Self {
        Self { order, value, key }
    }

    pub fn parse<E: EntityTrait>(text: &str, order: &Ordering<E>) -> Result<Self> {
        let foreign =
            || Fault::Input("the cursor is not one of this list in this order".to_owned());
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| foreign())?;
        let parts: [String; 3] = serde_json::from_slice(&bytes).map_err(|_| foreign())?;
        let [of, value, key] = parts;
        if of != name_of(order) {
            return Err(foreign());
        }
        let value = read(&value, order.column.def().get_column_type()).ok_or_else(foreign)?;
        let key = read(&key, order.key.def().get_column_type()).ok_or_else(foreign)?;
        Ok(Self {
            order: of,
            value,
            key,
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [self.order.clone(), write(&self.value), write(&self.key)];
        let json = serde_json::to_vec(&parts).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

/// Whether a row comes after a cursor in this order.
pub fn beyond<E: EntityTrait>(cursor: &Cursor, order: &Ordering<E>) -> Expr {
    let column = |column: E::Column| Expr::col(column.as_column_ref());
    if order.is_by_key() {
        let key = column(order.key);
        let value = cursor.key.clone();
        return if order.descending {
            key.lt(value)
        } else {
            key.gt(value)
        };
    }
    // One comparison of rows, which an index over both columns answers.
    let row = Expr::tuple([column(order.column), column(order.key)]);
    let place = Expr::tuple([
        Expr::val(cursor.value.clone()),
        Expr::val(cursor.key.clone()),
    ]);
    if order.descending {
        row.lt(place)
    } else {
        row.gt(place)
    }
}

fn name_of<E: EntityTrait>(order: &Ordering<E>) -> String {
    let table = E::default();
    name(table.table_name(), order.column.as_str(), order.descending)
}

/// What tells the cursors of an order from others.
pub fn name(table: &str, column: &str, descending: bool) -> String {
    let sign = if descending { '-' } else { '+' };
    format!("{sign}{table}.{column}")
}

fn write(value: &Value) -> String {
    match value {
        Value::String(Some(text)) => text.clone(),
        Value::Uuid(Some(id)) => id.to_string(),
        Value::ChronoDate(Some(date)) => date.to_string(),
        Value::ChronoDateTimeUtc(Some(moment)) => {
            moment.to_rfc3339_opts(SecondsFormat::Micros, true)
        }
        Value::Decimal(Some(number)) => number.to_string(),
        // No list is ordered by a column of another type, or by one with nulls.
        other => format!("{other:?}"),
    }
}

fn read(text: &str, column: &ColumnType) -> Option<Value> {
    match column {
        ColumnType::String(_) | ColumnType::Text => (!text.contains('\0')).then(|| text.into()),
        ColumnType::Uuid => text.parse::<Uuid>().ok().map(Into::into),
        ColumnType::Date => day(text).map(Into::into),
        ColumnType::TimestampWithTimeZone => text.parse::<DateTime<Utc>>().ok().map(Into::into),
        ColumnType::Decimal(_) => text.parse::<rust_decimal::Decimal>().ok().map(Into::into),
        _ => None,
    }
}
