//! Checks of input, collected so that whoever gave it hears of everything at once.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::error::{Code, Error, Refusal, Result};
use super::{Given, RowRef};

/// The most that `numeric(19,4)` holds.
const MOST: u128 = 9_999_999_999_999_999_999;

/// The refusals so far.
#[derive(Debug, Default)]
pub struct Check {
    refusals: Vec<Refusal>,
    prefix: Vec<String>,
}

impl Check {
    /// Fields below are inside this one: `["lines", "0"]`.
    pub fn within(&mut self, path: &[String], body: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.prefix, path.to_vec());
        body(self);
        self.prefix = outer;
    }

    /// A text of 1 to `most` characters, without the ones that no text column holds.
    pub fn text(&mut self, field: &str, text: &str, most: usize) {
        if text.trim().is_empty() {
            self.refuse(Code::Required, field, "must not be empty");
        } else if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.refuse(Code::Invalid, field, "must not hold control characters");
        } else if text.chars().count() > most {
            self.refuse(
                Code::TooLong,
                field,
                &format!("must not be longer than {most} characters"),
            );
        }
    }

    /// Like [`text`](Self::text), where there is one.
    pub fn optional_text(&mut self, field: &str, text: Option<&str>, most: usize) {
        if let Some(text) = text {
            self.text(field, text, most);
        }
    }

    /// Something with an `@` inside; whether it reaches somebody, only a letter can tell.
    pub fn email(&mut self, field: &str, text: Option<&str>) {
        self.optional_text(field, text, 254);
        let fits = |text: &str| {
            let (local, host) = text.rsplit_once('@').unwrap_or_default();
            !local.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace)
        };
        if text.is_some_and(|text| !text.trim().is_empty() && !fits(text)) {
            self.refuse(Code::Invalid, field, "is not an e-mail address");
        }
    }

    /// The value, if what was given could be read as one.
    fn given<T: Copy>(&mut self, field: &str, given: &Given<T>, what: &str) -> Option<T> {
        if given.is_err() {
            self.refuse(Code::Invalid, field, &format!("is not {what}"));
        }
        given.as_ref().ok().copied()
    }

    /// A day, if what was given is one.
    pub fn day(&mut self, field: &str, given: &Given<NaiveDate>) -> Option<NaiveDate> {
        self.given(field, given, "a day that exists, such as 2026-01-31")
    }

    /// An amount of at most fifteen digits before the point and four behind it.
    pub fn money(&mut self, field: &str, given: &Given<Decimal>) -> Option<Decimal> {
        let amount = self.given(field, given, "a decimal number such as \"12.50\"")?;
        if fits_money(amount) {
            return Some(amount);
        }
        let message = "must have at most 15 digits before the point and 4 behind it";
        self.refuse(Code::OutOfRange, field, message);
        None
    }

    /// The row's key, if the reference can be one at all.
    pub fn row(&mut self, field: &str, row: RowRef, what: &str) -> Option<uuid::Uuid> {
        if row.is_none() {
            self.refuse(Code::NotFound, field, &format!("no such {what}"));
        }
        row
    }

    /// Notes that something is wrong; `message` completes a sentence that begins with the field.
    pub fn refuse(&mut self, code: Code, field: &str, message: &str) {
        let mut path = self.prefix.clone();
        path.push(field.to_owned());
        self.refusals.push(Refusal {
            code,
            message: message.to_owned(),
            field: path,
        });
    }

    /// Fine, or all that is wrong.
    pub fn finish(self) -> Result<()> {
        if self.refusals.is_empty() {
            Ok(())
        } else {
            Err(Error::Refused(self.refusals))
        }
    }
}

/// Whether `numeric(19,4)` holds this amount without rounding.
pub fn fits_money(amount: Decimal) -> bool {
    let exact = amount.normalize();
    if exact.scale() > 4 {
        return false;
    }
    let units = exact
        .mantissa()
        .unsigned_abs()
        .checked_mul(10_u128.pow(4 - exact.scale()));
    units.is_some_and(|units| units <= MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: impl FnOnce(&mut Check)) -> Vec<(Code, String)> {
        let mut check = Check::default();
        body(&mut check);
        match check.finish() {
            Err(Error::Refused(all)) => all
                .into_iter()
                .map(|r| (r.code, r.field.join(".")))
                .collect(),
            _ => vec![],
        }
    }

    #[test]
    fn money_must_fit_its_column() {
        for fine in ["0", "-1", "999999999999999.9999", "1.50000"] {
            assert!(fits_money(fine.parse().unwrap()), "{fine}");
        }
        for wrong in [
            "1000000000000000",
            "0.00001",
            "79228162514264337593543950335",
        ] {
            assert!(!fits_money(wrong.parse().unwrap()), "{wrong}");
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once_with_its_path() {
        let wrong = refused(|check| {
            check.text("name", " ", 10);
            check.text("title", "a\0b", 10);
            check.email("email", Some("nobody"));
            check.within(&["lines".into(), "0".into()], |check| {
                check.text("description", "abc", 2);
            });
        });
        assert_eq!(
            wrong,
            [
                (Code::Required, "name".into()),
                (Code::Invalid, "title".into()),
                (Code::Invalid, "email".into()),
                (Code::TooLong, "lines.0.description".into()),
            ]
        );
        assert_eq!(refused(|check| check.email("email", Some("a@b"))), []);
    }
}
