//! Values as they are written into a text, and the types that they are declared of.

use std::fmt::Write as _;

use chrono::Datelike;
use postgres_protocol::escape::escape_literal;
use sea_orm::Value;
use sea_orm::sea_query::ArrayType;

/// How a value is written; nothing in it can end it. `None` for one that isn't written so.
pub(super) fn literal(value: &Value) -> Option<String> {
    Some(match value {
        Value::Array(_, None) => null(),
        Value::Array(of, Some(values)) => {
            let values = values.iter().map(literal).collect::<Option<Vec<_>>>()?;
            format!("ARRAY[{}]::{}[]", values.join(","), name(of)?)
        }
        Value::Bool(Some(value)) => value.to_string(),
        Value::SmallInt(Some(value)) => quoted(value),
        Value::Int(Some(value)) => quoted(value),
        Value::BigInt(Some(value)) => quoted(value),
        Value::Uuid(Some(value)) => quoted(value),
        Value::Decimal(Some(value)) => quoted(value),
        Value::ChronoDate(Some(day)) if is_common(day) => quoted(day),
        Value::ChronoDateTimeUtc(Some(moment)) if is_common(moment) => {
            quoted(moment.format("%Y-%m-%d %H:%M:%S%.6f+00"))
        }
        // It would end the text.
        Value::String(Some(text)) if text.contains('\0') => return None,
        Value::String(Some(text)) => escape_literal(text),
        value if type_of(value).is_some() && *value == value.as_null() => null(),
        _ => return None,
    })
}

/// The type that a parameter of this value has.
pub(super) fn type_of(value: &Value) -> Option<String> {
    Some(match value {
        Value::Array(of, _) => format!("{}[]", name(of)?),
        value => name(&value.array_type())?.to_owned(),
    })
}

fn name(of: &ArrayType) -> Option<&'static str> {
    Some(match of {
        ArrayType::Bool => "bool",
        ArrayType::SmallInt => "int2",
        ArrayType::Int => "int4",
        ArrayType::BigInt => "int8",
        ArrayType::Uuid => "uuid",
        ArrayType::Decimal => "numeric",
        ArrayType::ChronoDate => "date",
        ArrayType::ChronoDateTimeUtc => "timestamptz",
        ArrayType::String => "text",
        _ => return None,
    })
}

fn null() -> String {
    "NULL".to_owned()
}

/// Of what is written without quotes and backslashes.
fn quoted(value: impl std::fmt::Display) -> String {
    let mut literal = String::from("'");
    let _ = write!(literal, "{value}'");
    literal
}

/// Whether its year has four digits, so that it is written alike everywhere.
fn is_common(date: &impl Datelike) -> bool {
    (1..=9999).contains(&date.year())
}
