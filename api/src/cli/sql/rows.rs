//! Rows of any type as JSON.

use std::collections::BTreeSet;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use tenancy::{Answer, Column};

/// An answer as `--json` prints it: rows are objects, their fields in the order of the columns.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    columns: Vec<String>,
    rows: Vec<Object<'a>>,
    affected: u64,
}

struct Object<'a> {
    /// Shared by all rows in content: each a name that no other column of the answer has.
    names: std::sync::Arc<[String]>,
    columns: &'a [Column],
    values: &'a [Option<String>],
}

impl<'a> Document<'a> {
    pub(super) fn of(answer: &'a Answer) -> Self {
        let columns = distinct(&answer.columns);
        let names: std::sync::Arc<[String]> = columns.clone().into();
        let object = |values: &'a Vec<Option<String>>| Object {
            names: names.clone(),
            columns: &answer.columns,
            values,
        };
        Self {
            rows: answer.rows.iter().map(object).collect(),
            columns,
            affected: answer.affected,
        }
    }
}

/// The names of the columns; the second `count` is `count_2`.
fn distinct(columns: &[Column]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let name = |column: &Column| {
        let numbered = (2..).map(|number| format!("{}_{number}", column.name));
        let mut candidates = std::iter::once(column.name.clone()).chain(numbered);
        candidates
            .find(|name| taken.insert(name.clone()))
            .unwrap_or_default()
    };
    columns.iter().map(name).collect()
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.names.len()))?;
        for ((name, column), value) in self.names.iter().zip(self.columns).zip(self.values) {
            map.serialize_key(name)?;
            match value {
                None => map.serialize_value(&())?,
                Some(text) => map.serialize_value(&Typed::read(&column.kind, text))?,
            }
        }
        map.end()
    }
}

/// A value as the type of JSON that loses nothing of it.
#[derive(Serialize)]
#[serde(untagged)]
enum Typed<'a> {
    Bool(bool),
    /// Numbers and JSON, digit by digit.
    Raw(Box<RawValue>),
    Text(&'a str),
}

impl<'a> Typed<'a> {
    /// Exact decimals stay text: most readers of JSON would round them.
    fn read(kind: &str, text: &'a str) -> Self {
        match kind {
            "BOOL" => Self::Bool(text == "t"),
            "INT2" | "INT4" | "INT8" | "OID" | "FLOAT4" | "FLOAT8" | "JSON" | "JSONB" => {
                // `NaN` and `Infinity` are no numbers in JSON.
                RawValue::from_string(text.to_owned()).map_or(Self::Text(text), Self::Raw)
            }
            _ => Self::Text(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(columns: &[(&str, &str)], row: &[Option<&str>]) -> String {
        let column = |(name, kind): &(&str, &str)| Column {
            name: (*name).to_owned(),
            kind: (*kind).to_owned(),
        };
        let answer = Answer {
            columns: columns.iter().map(column).collect(),
            rows: vec![row.iter().map(|value| value.map(str::to_owned)).collect()],
            affected: 1,
        };
        serde_json::to_string(&Document::of(&answer)).unwrap()
    }

    #[test]
    fn columns_of_one_name_are_told_apart_and_stay_in_order() {
        let columns = [("n", "INT8"), ("n", "INT8"), ("a", "INT8"), ("n_2", "INT8")];
        let row = [Some("1"), Some("2"), Some("3"), Some("4")];
        assert_eq!(
            json(&columns, &row),
            r#"{"columns":["n","n_2","a","n_2_2"],"rows":[{"n":1,"n_2":2,"a":3,"n_2_2":4}],"affected":1}"#
        );
    }

    #[test]
    fn nothing_of_a_value_is_lost() {
        let rows = |kind, text| {
            let json = json(&[("v", kind)], &[text]);
            let rest = json.split_once(r#"{"v":"#).unwrap().1;
            rest.split_once("}]").unwrap().0.to_owned()
        };
        assert_eq!(
            rows("INT8", Some("9223372036854775807")),
            "9223372036854775807"
        );
        assert_eq!(rows("NUMERIC", Some("1.5000")), r#""1.5000""#);
        assert_eq!(rows("FLOAT8", Some("1e+300")), "1e+300");
        assert_eq!(rows("FLOAT8", Some("NaN")), r#""NaN""#);
        assert_eq!(rows("BOOL", Some("t")), "true");
        assert_eq!(rows("JSONB", Some(r#"{"b": 1.10}"#)), r#"{"b": 1.10}"#);
        assert_eq!(rows("TEXT", Some("a\"b")), r#""a\"b""#);
        assert_eq!(rows("TEXT", None), "null");
    }
}
