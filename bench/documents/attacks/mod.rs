//! Documents with as much of one thing as fits.

mod selections;
mod values;
mod variables;

use serde_json::{Value, json};

use selections::{fragments, selections};
use values::{definitions, texts, values};
use variables::variables;

/// The longest document, in characters.
pub(crate) const LENGTH: usize = 15_000;

/// A request that is meant to hurt.
pub(crate) struct Attack {
    pub(crate) name: String,
    pub(crate) body: String,
}

impl Attack {
    pub(crate) fn of(name: &str, query: &str) -> Self {
        Self::with(name, query, &json!({}))
    }

    fn with(name: &str, query: &str, variables: &Value) -> Self {
        // Of several operations one has to be named, or nobody validates any.
        let operation = query.contains("query Q0").then_some("Q0");
        let body = json!({ "query": query, "operationName": operation, "variables": variables });
        Self {
            name: name.to_owned(),
            body: body.to_string(),
        }
    }
}

/// `unit` as often as it fits.
fn fill(before: &str, unit: impl Fn(usize) -> String, after: &str) -> String {
    let mut text = before.to_owned();
    let mut length = before.chars().count() + after.chars().count();
    for place in 0.. {
        let unit = unit(place);
        length += unit.chars().count();
        if length > LENGTH {
            break;
        }
        text.push_str(&unit);
    }
    text + after
}

fn same(before: &str, unit: &str, after: &str) -> String {
    fill(before, |_| unit.to_owned(), after)
}

pub(crate) fn all() -> Vec<Attack> {
    let mut all = Vec::new();
    for (name, query) in [selections(), fragments(), values(), definitions(), texts()].concat() {
        all.push(Attack::of(name, &query));
    }
    all.extend(variables());
    all
}

type Named = Vec<(&'static str, String)>;

/// The beginning of a selection that has many fields.
const STAFF: &str = "{ employees { nodes {";
