//! Against hand-written answers, and against the executor itself.

mod random;
mod reference;
mod rules;
mod toy;

use async_graphql::{PathSegment, Response, ServerError, Value, Variables, parser::parse_query};
use serde_json::json;

use super::{apply, default_variables, prepare};
use crate::graphql::index::SchemaIndex;

/// Every kind of type and of nullability.
const SDL: &str = "
    schema { query: Query mutation: Change }
    type Query { a: Int b: Int must: Int! list: [Int!] lists: [[Int!]!]! me: Cat mine: Cat! pet: Pet pets: [Pet!] cats: [Cat]! being: Being }
    type Change { first: Cat second: Cat! }
    interface Pet { name: String! friend: Pet }
    interface Being { age: Int }
    type Cat implements Pet & Being { name: String! friend: Cat age: Int lives: Int! kittens: [Cat!] litter: [Cat] }
    type Dog implements Pet { name: String! friend: Pet bark: String }
    union Any = Cat | Dog
    extend type Query { any: Any }
";

/// The answer to `query` where the executor answered `data`, with errors at these paths (`me.0.name`).
fn completed(query: &str, data: serde_json::Value, failures: &[&str]) -> String {
    with_variables(query, json!({}), data, failures)
}

fn with_variables(
    query: &str,
    variables: serde_json::Value,
    data: serde_json::Value,
    failures: &[&str],
) -> String {
    let index = SchemaIndex::new(SDL).unwrap();
    let document = parse_query(query).unwrap();
    let variables = Variables::from_json(variables);
    let mut response = Response::new(Value::from_json(data).unwrap());
    response.errors = failures.iter().map(|path| failure(path)).collect();
    apply(&index, &document, None, &variables, &mut response);
    serde_json::to_string(&response.data).unwrap()
}

fn failure(path: &str) -> ServerError {
    let mut error = ServerError::new("failed", None);
    let segments = path.split('.').filter(|segment| !segment.is_empty());
    error.path = segments
        .map(|segment| match segment.parse() {
            Ok(index) => PathSegment::Index(index),
            Err(_) => PathSegment::Field(segment.to_owned()),
        })
        .collect();
    error
}
