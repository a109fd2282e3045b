//! What no client should ever read: names of the inside, and the words that databases and libraries use for their troubles.

use serde_json::Value;

use crate::client::Answer;

/// In small letters. Each of them stands in some error of PostgreSQL, sqlx, SeaORM or Rust, and in none of ours.
const WORDS: [&str; 34] = [
    "t_0",
    "shared.",
    "public.",
    "pg_",
    "postgres",
    "psql",
    "sqlx",
    "sqlstate",
    "sea_orm",
    "seaorm",
    "sea-orm",
    "dberr",
    "async_graphql",
    "axum",
    "hyper",
    "tokio",
    "constraint",
    "duplicate key",
    "violates",
    "violation",
    "relation \"",
    "column \"",
    "schema \"",
    "search_path",
    "null value in",
    "_key",
    "_fkey",
    "_pkey",
    "_check",
    "select ",
    "insert into",
    "delete from",
    "panicked",
    ".rs:",
];

/// The words of the inside that an answer's errors hold, those in `userErrors` too.
pub fn told(answer: &Answer) -> Vec<&'static str> {
    let mut messages = String::new();
    collect(&answer.json(), false, &mut messages);
    let said = messages.to_lowercase();
    let words = WORDS.into_iter();
    words.filter(|word| said.contains(word)).collect()
}

/// Every message, and every text below `extensions`, of everything that stands under `errors` and `userErrors`.
fn collect(value: &Value, in_error: bool, messages: &mut String) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let in_error = in_error || name == "errors" || name == "userErrors";
                collect(value, in_error, messages);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect(item, in_error, messages)),
        Value::String(text) if in_error => {
            messages.push_str(text);
            messages.push('\n');
        }
        _ => {}
    }
}
