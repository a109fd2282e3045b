//! What a document costs, found out in time linear in its length, before anything is done that isn't.
//!
//! Three steps, in this order: `scan` the text before it is parsed, for the parser's stack is finite; `check` the parsed document
//! before it is validated, for validation follows every spread of every fragment, and compares every field of a selection with every
//! argument of its namesake; then validate. A fragment is weighed once, however often it is spread, and sums saturate.

mod operation;
mod parts;
mod refused;
mod scan;
mod work;

use async_graphql::{
    Variables,
    parser::{
        parse_query,
        types::{ExecutableDocument, OperationType},
    },
};

use self::{operation::Weigher, parts::Parts, work::Weight};
use super::{complete::operation, index::SchemaIndex};
use crate::config::GraphQl;

pub use self::{
    refused::{Excess, Refused},
    scan::scan,
};

/// What one document may cost.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Of fields in fields, introspection apart.
    pub depth: u64,
    /// Objects, as many as pages can have.
    pub nodes: u64,
    pub aliases: u64,
    pub root_fields: u64,
    /// Selections, directives and values, once the fragments are spread: what validation visits several times.
    pub parts: u64,
    pub logins: u64,
    /// The rows of a page where the query doesn't say.
    pub page_size: u64,
    /// The most rows of a page.
    pub page_limit: u64,
    /// Fields of introspection, as many as its lists can have.
    introspection: u64,
}

/// The bounds that nobody needs to set: they are far from what clients send, and near enough to what the server can bear.
mod bounds {
    /// Fields times arguments that validation compares where fields may share a response key.
    pub(super) const OVERLAPS: u64 = 20_000;
    /// Selections in selections, by whatever fields and fragments: what the executor follows.
    pub(super) const LEVELS: u64 = 32;
    /// Each use of a variable looks for it among all.
    pub(super) const VARIABLES: u64 = 200;
    /// Values of variables that are used again, and so are copied again.
    pub(super) const COPIES: u64 = 20_000;
    /// Fields that are resolved for each node there may be.
    pub(super) const FIELDS_PER_NODE: u64 = 10;
    /// As many times as the usual introspection costs.
    pub(super) const INTROSPECTIONS: u64 = 2;
}

impl Limits {
    /// Those of the configuration, for this schema.
    pub fn new(config: &GraphQl, index: &SchemaIndex) -> Self {
        let mut limits = Self {
            depth: config.depth_limit.into(),
            nodes: config.node_limit.into(),
            aliases: config.alias_limit.into(),
            root_fields: config.root_field_limit.into(),
            parts: config.complexity_limit.into(),
            logins: config.login_limit.into(),
            page_size: config.page_size.into(),
            page_limit: config.page_limit.into(),
            introspection: 0,
        };
        limits.know(index);
        limits
    }

    /// How much introspection is usual depends on how many types there are to look at.
    fn know(&mut self, index: &SchemaIndex) {
        let usual = parse_query(INTROSPECTION).ok();
        let usual = usual.and_then(|it| weight(&it, None, &Variables::default(), (self, index)));
        let usual = usual.map_or(0, |usual| usual.once.introspected);
        self.introspection = usual.saturating_mul(bounds::INTROSPECTIONS);
    }
}

/// Refuses what costs too much. An operation that can't be determined is left to whoever determines it.
pub fn check(
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Variables,
    limits: &Limits,
    index: &SchemaIndex,
) -> Result<(), Refused> {
    Parts::check(document, variables, limits.parts)?;
    let Some(weight) = weight(document, operation_name, variables, (limits, index)) else {
        return Ok(());
    };
    let fields = limits.nodes.saturating_mul(bounds::FIELDS_PER_NODE);
    Excess::Depth.check(weight.depth, limits.depth)?;
    Excess::Aliases.check(weight.aliases, limits.aliases)?;
    Excess::RootFields.check(weight.siblings, limits.root_fields)?;
    Excess::Logins.check(weight.logins, limits.logins)?;
    Excess::Nodes.check(weight.once.nodes, limits.nodes)?;
    Excess::Fields.check(weight.once.fields, fields)?;
    Excess::Introspection.check(weight.once.introspected, limits.introspection)
}

fn weight(
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Variables,
    (limits, index): (&Limits, &SchemaIndex),
) -> Option<Weight> {
    let operation = operation(&document.operations, operation_name)?;
    let root = index.root(operation.ty);
    let mut weigher = Weigher::new(document, operation, variables, (limits, index));
    let mut weight = weigher.set(&operation.selection_set.node, root);
    if operation.ty != OperationType::Mutation {
        weight.logins = 0;
    }
    Some(weight)
}

/// What tools ask to learn a schema.
const INTROSPECTION: &str = "{
    __schema {
        description queryType { name kind } mutationType { name kind } subscriptionType { name kind }
        types { ...Type }
        directives { name description isRepeatable locations args(includeDeprecated: true) { ...Input } }
    }
}
fragment Type on __Type {
    kind name description specifiedByURL isOneOf
    fields(includeDeprecated: true) {
        name description args(includeDeprecated: true) { ...Input } type { ...Ref } isDeprecated deprecationReason
    }
    inputFields(includeDeprecated: true) { ...Input }
    interfaces { ...Ref }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    possibleTypes { ...Ref }
}
fragment Input on __InputValue {
    name description type { ...Ref } defaultValue isDeprecated deprecationReason
}
fragment Ref on __Type {
    kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
        ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }
}";

#[cfg(test)]
mod tests;
