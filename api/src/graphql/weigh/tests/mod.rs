//! Each limit with a document just inside and one just outside.

mod attacks;
mod brackets;
mod limits;
mod own;
mod weights;

use async_graphql::{Variables, parser::parse_query};
use serde_json::json;

use super::{Excess, INTROSPECTION, Limits, Refused, check, scan, weight, work::Weight};
use crate::graphql::index::SchemaIndex;

const SDL: &str = "
    schema { query: Query mutation: Mutation }
    interface Node { id: ID! }
    type Query {
        customers(first: Int last: Int): CustomerConnection! customer(id: ID): Customer
        node(id: ID!): Node nodes(ids: [ID!]!): [Node]! login: Int
    }
    type Mutation { login(input: LoginInput!): LoginPayload create(input: Tree): Int }
    input LoginInput { email: String! password: String! }
    input Tree { trees: [Tree!] }
    type LoginPayload { accessToken: String }
    type CustomerConnection { edges: [CustomerEdge!]! nodes: [Customer!]! pageInfo: PageInfo! }
    type CustomerEdge { cursor: String! node: Customer! }
    type PageInfo { hasNextPage: Boolean! }
    type Customer implements Node { id: ID! name: String parent: Customer invoices(first: Int last: Int): InvoiceConnection! }
    type InvoiceConnection { nodes: [Invoice!]! }
    type Invoice implements Node { id: ID! customer: Customer lines: [Line!]! }
    type Line { description: String }
";

/// The contract's defaults.
fn limits(index: &SchemaIndex) -> Limits {
    let mut limits = Limits {
        depth: 15,
        nodes: 10_000,
        aliases: 100,
        root_fields: 20,
        parts: 10_000,
        logins: 1,
        page_size: 20,
        page_limit: 100,
        introspection: 0,
    };
    limits.know(index);
    limits
}

fn refusal_with(
    query: &str,
    name: Option<&str>,
    variables: serde_json::Value,
) -> Result<(), Refused> {
    let index = SchemaIndex::new(SDL).unwrap();
    scan(query)?;
    let document = parse_query(query).unwrap();
    let variables = Variables::from_json(variables);
    check(&document, name, &variables, &limits(&index), &index)
}

/// What there is too much of, and how much.
fn excess(query: &str) -> Option<(Excess, u64)> {
    excess_with(query, json!({}))
}

fn excess_with(query: &str, variables: serde_json::Value) -> Option<(Excess, u64)> {
    match refusal_with(query, None, variables) {
        Ok(()) => None,
        Err(Refused::TooMuch {
            excess, counted, ..
        }) => Some((excess, counted)),
        Err(cycle) => panic!("{cycle}"),
    }
}

fn weigh(query: &str, variables: serde_json::Value) -> Weight {
    let index = SchemaIndex::new(SDL).unwrap();
    let document = parse_query(query).unwrap();
    let variables = Variables::from_json(variables);
    weight(&document, None, &variables, (&limits(&index), &index)).unwrap()
}

fn each(count: usize, unit: impl Fn(usize) -> String) -> String {
    (0..count).map(unit).collect()
}
