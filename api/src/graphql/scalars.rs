//! The scalars of the wire.
//!
//! Input keeps a text that is no date or no number, so that a mutation can answer it among its
//! `userErrors`, with the field, like any other wrong input.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};

use crate::app::Given;

/// A day of the calendar, as `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Date(pub Given<NaiveDate>);

/// A day of the calendar, as `YYYY-MM-DD`.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/local-date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else {
            return Err(InputValueError::expected_type(value));
        };
        let day = day(&text);
        Ok(Self(day.ok_or(text)))
    }

    fn to_value(&self) -> Value {
        text(&self.0)
    }
}

/// The day that a text is, in its one spelling, so that years and months can't be guessed from
/// "26-1-2". Years have four digits: PostgreSQL and the library disagree on what else there is.
pub fn day(text: &str) -> Option<NaiveDate> {
    let day: NaiveDate = text.parse().ok()?;
    let written = (1..=9999).contains(&day.year()) && day.to_string() == text;
    written.then_some(day)
}

impl From<NaiveDate> for Date {
    fn from(date: NaiveDate) -> Self {
        Self(Ok(date))
    }
}

/// A decimal number without loss, as a string such as `"12.5000"`; money has four decimals. Whole
/// numbers may be sent as numbers too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal(pub Given<rust_decimal::Decimal>);

/// A decimal number without loss, as a string such as `"12.5000"`; money has four decimals. Whole
/// numbers may be sent as numbers too.
#[Scalar(specified_by_url = "https://docs.oracle.com/javase/8/docs/api/java/math/BigDecimal.html")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text.parse().map_err(|_| text))),
            Value::Number(number) if number.is_i64() => {
                let text = number.to_string();
                Ok(Self(text.parse().map_err(|_| text)))
            }
            Value::Number(_) => Err(InputValueError::custom(
                "send decimals as strings, such as \"9.99\": a JSON number may lose digits",
            )),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        match &self.0 {
            Ok(number) => Value::String(format!("{number:.4}")),
            Err(text) => Value::String(text.clone()),
        }
    }
}

impl From<rust_decimal::Decimal> for Decimal {
    fn from(number: rust_decimal::Decimal) -> Self {
        Self(Ok(number))
    }
}

/// A moment in UTC, as `2026-01-31T23:59:59.123456Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub DateTime<Utc>);

/// A moment in UTC, as `2026-01-31T23:59:59.123456Z`.
#[Scalar(
    name = "DateTime",
    specified_by_url = "https://scalars.graphql.org/andimarek/date-time"
)]
impl ScalarType for Moment {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        let moment = DateTime::parse_from_rfc3339(text)
            .map_err(|_| "not a moment; give one such as 2026-01-31T12:00:00Z")?;
        Ok(Self(moment.to_utc()))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment)
    }
}

fn text<T: ToString>(given: &Given<T>) -> Value {
    Value::String(given.as_ref().map_or_else(Clone::clone, T::to_string))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Given<NaiveDate> {
        Date::parse(Value::String(text.into())).unwrap().0
    }

    #[test]
    fn days_that_do_not_exist_are_kept_as_what_was_given() {
        assert_eq!(
            date("2024-02-29"),
            Ok(NaiveDate::from_ymd_opt(2024, 2, 29).unwrap())
        );
        for text in [
            "2026-02-29",
            "2026-2-9",
            "26-01-01",
            "2026-01-01T00:00:00Z",
            "+2026-1-01",
            "-5000-01-01",
            "0000-01-01",
            "+262142-12-31",
            "",
        ] {
            assert_eq!(date(text), Err(text.to_owned()));
        }
    }

    #[test]
    fn money_keeps_its_four_decimals_and_floats_are_refused() {
        let money = Decimal::parse(Value::String("1265793.0395".into())).unwrap();
        assert_eq!(money.to_value(), Value::String("1265793.0395".into()));
        let whole = Decimal::parse(Value::from(3)).unwrap();
        assert_eq!(whole.to_value(), Value::String("3.0000".into()));
        assert!(Decimal::parse(Value::from(0.1)).is_err());
        assert_eq!(
            Decimal::parse(Value::String("1,5".into())).unwrap().0,
            Err("1,5".to_owned())
        );
    }

    #[test]
    fn moments_are_utc_and_end_in_z() {
        let moment = Moment::parse(Value::String("2026-01-31T13:00:00+01:00".into())).unwrap();
        assert_eq!(
            moment.to_value(),
            Value::String("2026-01-31T12:00:00.000000Z".into())
        );
    }
}
