//! How a setting's value is read, from a variable's text or from the file's types.

use std::{path::PathBuf, time::Duration};

/// A type that a setting can have.
pub(super) trait Value: Sized {
    /// What would be right, for the one who wrote something else.
    fn expected() -> String;

    fn from_text(text: &str) -> Option<Self>;

    /// The file has types of its own; most values are strings there too.
    fn from_toml(value: &toml::Value) -> Option<Self> {
        value.as_str().and_then(Self::from_text)
    }

    /// The value as anybody may see it; secrets hide here.
    fn show(text: &str) -> String {
        text.to_owned()
    }
}

impl Value for String {
    fn expected() -> String {
        "a text".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Value for PathBuf {
    fn expected() -> String {
        "a path".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

impl Value for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn from_toml(value: &toml::Value) -> Option<Self> {
        value.as_bool()
    }
}

/// A count: none of the limits makes sense at zero.
impl Value for u32 {
    fn expected() -> String {
        "a whole number above 0".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| *number > 0)
    }

    fn from_toml(value: &toml::Value) -> Option<Self> {
        let number = value.as_integer()?;
        number.try_into().ok().filter(|number| *number > 0)
    }
}

impl Value for Duration {
    fn expected() -> String {
        r#"a duration with its unit (ms, s, min, h, d), such as "10 s""#.to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let (number, unit) = split_unit(text)?;
        let milliseconds = match unit {
            "ms" => 1,
            "s" => 1_000,
            "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        number.checked_mul(milliseconds).map(Self::from_millis)
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) usize);

impl Value for Bytes {
    fn expected() -> String {
        r#"a size with its unit (B, KiB, MiB), such as "1 MiB""#.to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let (number, unit) = split_unit(text)?;
        let unit = match unit {
            "B" => 1,
            "KiB" => 1024,
            "MiB" => 1024 * 1024,
            _ => return None,
        };
        let bytes = number.checked_mul(unit)?;
        bytes.try_into().ok().map(Self)
    }
}

/// "10 s" or "10s": a number above zero and what it counts.
fn split_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number = number.parse().ok().filter(|number| *number > 0)?;
    Some((number, unit.trim_start()))
}

/// Separated by commas in a variable, an array in the file.
impl<T: Value> Value for Vec<T> {
    fn expected() -> String {
        format!("a list, each item of it {}", T::expected())
    }

    fn from_text(text: &str) -> Option<Self> {
        text.split(',')
            .map(str::trim)
            .map(|item| T::from_text(item).filter(|_| !item.is_empty()))
            .collect()
    }

    fn from_toml(value: &toml::Value) -> Option<Self> {
        value.as_array()?.iter().map(T::from_toml).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(Duration::from_text("10 min"), Some(Duration::from_mins(10)));
        assert_eq!(
            Duration::from_text("250ms"),
            Some(Duration::from_millis(250))
        );
        for wrong in [
            "10",
            "0 s",
            "ten s",
            "-1 s",
            "10 years",
            "",
            "s",
            "99999999999999999 d",
        ] {
            assert_eq!(Duration::from_text(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_need_a_unit() {
        assert_eq!(Bytes::from_text("1 MiB"), Some(Bytes(1_048_576)));
        assert_eq!(Bytes::from_text("2KiB"), Some(Bytes(2048)));
        for wrong in ["1", "0 B", "1 MB", "1 mib", "99999999999999999999 B"] {
            assert_eq!(Bytes::from_text(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_are_above_zero_and_of_the_right_type() {
        assert_eq!(u32::from_text("20"), Some(20));
        assert_eq!(u32::from_toml(&20.into()), Some(20));
        assert_eq!(u32::from_text("0"), None);
        assert_eq!(u32::from_toml(&(-1).into()), None);
        assert_eq!(u32::from_toml(&"20".into()), None);
    }

    #[test]
    fn lists_have_no_empty_items() {
        assert_eq!(
            Vec::<String>::from_text("a, b"),
            Some(vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(Vec::<String>::from_text("a,,b"), None);
        assert_eq!(Vec::<String>::from_toml(&"a".into()), None);
    }
}
