//! What a GraphQL request may cost, and what may be looked at.

use std::time::Duration;

use super::{
    error::Problem,
    key::{Key, KeyInfo},
    layers::Layers,
    value::Bytes,
};

const BODY_LIMIT: Key<Bytes> = Key::new("graphql.body_limit", "INSULA_GRAPHQL_BODY_LIMIT");
const DOCUMENT_LIMIT: Key<u32> =
    Key::new("graphql.document_limit", "INSULA_GRAPHQL_DOCUMENT_LIMIT");
const DEPTH_LIMIT: Key<u32> = Key::new("graphql.depth_limit", "INSULA_GRAPHQL_DEPTH_LIMIT");
const NODE_LIMIT: Key<u32> = Key::new("graphql.node_limit", "INSULA_GRAPHQL_NODE_LIMIT");
const ALIAS_LIMIT: Key<u32> = Key::new("graphql.alias_limit", "INSULA_GRAPHQL_ALIAS_LIMIT");
const ROOT_FIELD_LIMIT: Key<u32> = Key::new(
    "graphql.root_field_limit",
    "INSULA_GRAPHQL_ROOT_FIELD_LIMIT",
);
const COMPLEXITY_LIMIT: Key<u32> = Key::new(
    "graphql.complexity_limit",
    "INSULA_GRAPHQL_COMPLEXITY_LIMIT",
);
const LOGIN_LIMIT: Key<u32> = Key::new("graphql.login_limit", "INSULA_GRAPHQL_LOGIN_LIMIT");
const PAGE_SIZE: Key<u32> = Key::new("graphql.page_size", "INSULA_GRAPHQL_PAGE_SIZE");
const PAGE_LIMIT: Key<u32> = Key::new("graphql.page_limit", "INSULA_GRAPHQL_PAGE_LIMIT");
const DEADLINE: Key<Duration> = Key::new("graphql.deadline", "INSULA_GRAPHQL_DEADLINE");
const INTROSPECTION: Key<bool> = Key::new("graphql.introspection", "INSULA_GRAPHQL_INTROSPECTION");
const GRAPHIQL: Key<bool> = Key::new("graphql.graphiql", "INSULA_GRAPHQL_GRAPHIQL");

pub(super) const KEYS: &[KeyInfo] = &[
    BODY_LIMIT.info(),
    DOCUMENT_LIMIT.info(),
    DEPTH_LIMIT.info(),
    NODE_LIMIT.info(),
    ALIAS_LIMIT.info(),
    ROOT_FIELD_LIMIT.info(),
    COMPLEXITY_LIMIT.info(),
    LOGIN_LIMIT.info(),
    PAGE_SIZE.info(),
    PAGE_LIMIT.info(),
    DEADLINE.info(),
    INTROSPECTION.info(),
    GRAPHIQL.info(),
];

#[derive(Debug, Clone)]
pub struct GraphQl {
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The longest document, in characters.
    pub document_limit: u32,
    pub depth_limit: u32,
    /// The most nodes that a document may ask for, by page sizes.
    pub node_limit: u32,
    pub alias_limit: u32,
    pub root_field_limit: u32,
    /// Selections, directives and values, once the fragments are spread.
    pub complexity_limit: u32,
    /// How many root fields of one operation may be `login`.
    pub login_limit: u32,
    /// The rows of a page where the query doesn't say.
    pub page_size: u32,
    /// The most rows of a page.
    pub page_limit: u32,
    pub deadline: Duration,
    /// Whether introspection answers without a token.
    pub introspection: bool,
    /// Whether the playground answers.
    pub graphiql: bool,
}

impl GraphQl {
    pub(super) fn read(layers: &Layers) -> Self {
        Self {
            body_limit: layers.get(&BODY_LIMIT).0,
            document_limit: layers.get(&DOCUMENT_LIMIT),
            depth_limit: layers.get(&DEPTH_LIMIT),
            node_limit: layers.get(&NODE_LIMIT),
            alias_limit: layers.get(&ALIAS_LIMIT),
            root_field_limit: layers.get(&ROOT_FIELD_LIMIT),
            complexity_limit: layers.get(&COMPLEXITY_LIMIT),
            login_limit: layers.get(&LOGIN_LIMIT),
            page_size: layers.get(&PAGE_SIZE),
            page_limit: layers.get(&PAGE_LIMIT),
            deadline: layers.get(&DEADLINE),
            introspection: layers.get(&INTROSPECTION),
            graphiql: layers.get(&GRAPHIQL),
        }
    }

    pub(super) fn contradiction(&self) -> Option<Problem> {
        let (size, limit) = (self.page_size, self.page_limit);
        (size > limit).then(|| Problem::Conflict {
            key: PAGE_SIZE.name(),
            clash: format!(
                "is {size}, more than `graphql.page_limit`, {limit}; lower it or raise the limit"
            ),
        })
    }
}
