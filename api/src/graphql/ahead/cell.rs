//! Cells of rows, and what they are on the wire.

use std::sync::LazyLock;

use async_graphql::{Json, OutputType, ScalarType, Value};
use chrono::{DateTime, NaiveDate, Utc};
use postgres_types::{FromSql, Kind, Type};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::graphql::scalars::{self, Date, Moment};

/// Why something that PostgreSQL answered can't be read.
pub type Unreadable = Box<dyn std::error::Error + Send + Sync>;

/// What a column holds, as its entity has it, read from PostgreSQL's binary form.
pub trait Cell: Sized {
    fn read(cell: Option<&[u8]>) -> Result<Self, Unreadable>;
}

/// A field's type, as far as it is made of one cell.
pub trait Leaf<C>: OutputType + Sized {
    /// What resolvers answer.
    fn show(cell: C) -> Self;

    /// What their answer is on the wire.
    fn value(self) -> Value;
}

/// Writes a cell as a field's value.
pub type Write = fn(Option<&[u8]>) -> Result<Value, Unreadable>;

/// How a field of type `L` is written whose cells are what `cell` gets from a row.
pub fn writer<Row, C: Cell, L: Leaf<C>>(_: fn(&Row) -> &C) -> Write {
    |cell| Ok(L::show(C::read(cell)?).value())
}

#[derive(Debug, thiserror::Error)]
#[error("a column without nulls holds one")]
struct UnexpectedNull;

impl<C: Cell> Cell for Option<C> {
    fn read(cell: Option<&[u8]>) -> Result<Self, Unreadable> {
        cell.map(|cell| C::read(Some(cell))).transpose()
    }
}

impl<C, L: Leaf<C>> Leaf<Option<C>> for Option<L> {
    fn show(cell: Option<C>) -> Self {
        cell.map(L::show)
    }

    fn value(self) -> Value {
        self.map_or(Value::Null, L::value)
    }
}

macro_rules! cells {
    ($($cell:ty: $type:ident,)+) => {
        $(impl Cell for $cell {
            fn read(cell: Option<&[u8]>) -> Result<Self, Unreadable> {
                <$cell as FromSql>::from_sql(&Type::$type, cell.ok_or(UnexpectedNull)?)
            }
        })+
    };
}

cells! {
    String: TEXT,
    Uuid: UUID,
    NaiveDate: DATE,
    DateTime<Utc>: TIMESTAMPTZ,
    Decimal: NUMERIC,
    i32: INT4,
    bool: BOOL,
    serde_json::Value: JSONB,
}

macro_rules! leaves {
    ($($cell:ty => $leaf:ty: |$shown:ident| $value:expr,)+) => {
        $(impl Leaf<$cell> for $leaf {
            fn show(cell: $cell) -> Self {
                cell.into()
            }

            fn value(self) -> Value {
                let $shown = self;
                $value
            }
        })+
    };
}

leaves! {
    String => String: |it| Value::String(it),
    Uuid => Uuid: |it| ScalarType::to_value(&it),
    NaiveDate => Date: |it| it.to_value(),
    DateTime<Utc> => Moment: |it| it.to_value(),
    Decimal => scalars::Decimal: |it| it.to_value(),
    i32 => i32: |it| it.into(),
    bool => bool: |it| Value::Boolean(it),
    serde_json::Value => Json<serde_json::Value>: |it| async_graphql::to_value(it.0).unwrap_or_default(),
}

/// Whether something has happened, of a column that says when.
impl Leaf<Option<DateTime<Utc>>> for bool {
    fn show(cell: Option<DateTime<Utc>>) -> Self {
        cell.is_some()
    }

    fn value(self) -> Value {
        Value::Boolean(self)
    }
}

/// Lets an enum of the API stand for the words of a column: `words!(UserRole, user::Role)`.
macro_rules! words {
    ($leaf:ty, $word:ty) => {
        impl $crate::graphql::ahead::Cell for $word {
            fn read(cell: Option<&[u8]>) -> Result<Self, $crate::graphql::ahead::Unreadable> {
                let word = <String as $crate::graphql::ahead::Cell>::read(cell)?;
                Ok(<$word as sea_orm::ActiveEnum>::try_from_value(&word)?)
            }
        }

        impl $crate::graphql::ahead::Leaf<$word> for $leaf {
            fn show(cell: $word) -> Self {
                cell.into()
            }

            fn value(self) -> async_graphql::Value {
                async_graphql::resolver_utils::enum_value(self)
            }
        }
    };
}
pub(crate) use words;

/// The cells of a record, as PostgreSQL sends them.
pub struct Cells<'a>(pub Vec<Option<&'a [u8]>>);

impl<'a> FromSql<'a> for Cells<'a> {
    fn from_sql(_: &Type, record: &'a [u8]) -> Result<Self, Unreadable> {
        let mut rest = record;
        let count = usize::try_from(int(&mut rest)?)?;
        let mut cells = Vec::with_capacity(count.min(rest.len() / 8));
        for _ in 0..count {
            let _type = int(&mut rest)?;
            // A length below zero stands for null.
            let cell = match usize::try_from(int(&mut rest)?) {
                Ok(length) => Some(rest.split_off(..length).ok_or(Cut)?),
                Err(_) => None,
            };
            cells.push(cell);
        }
        Ok(Self(cells))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::RECORD
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a record ends in the middle")]
struct Cut;

fn int(bytes: &mut &[u8]) -> Result<i32, Unreadable> {
    let four = bytes.split_off(..4).ok_or(Cut)?;
    <i32 as FromSql>::from_sql(&Type::INT4, four)
}

/// The records of an array.
pub fn records(array: Option<&[u8]>) -> Result<Vec<Cells<'_>>, Unreadable> {
    /// `record[]`, which the library counts among the types that stand for others.
    static RECORDS: LazyLock<Type> = LazyLock::new(|| {
        let of = Kind::Array(Type::RECORD);
        Type::new("_record".to_owned(), 2287, of, "pg_catalog".to_owned())
    });
    <Vec<Cells<'_>> as FromSql>::from_sql(&RECORDS, array.ok_or(UnexpectedNull)?)
}
