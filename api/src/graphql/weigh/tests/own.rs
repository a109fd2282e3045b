//! Our own schema, as tools look at it.

use async_graphql::{EmptySubscription, Schema};
use futures::executor::block_on;

use super::*;
use crate::graphql::{complete, tenant};

#[test]
fn our_schema_is_told_as_it_is() {
    let (query, mutation) = (tenant::Query::default(), tenant::Mutation::default());
    let schema = Schema::new(query, mutation, EmptySubscription);
    let index = SchemaIndex::new(&schema.sdl()).unwrap();
    let variables = Variables::default();
    let mut document = parse_query(INTROSPECTION).unwrap();
    let weighed = check(&document, None, &variables, &limits(&index), &index);
    assert_eq!(weighed, Ok(()));

    let mut response = block_on(schema.execute(INTROSPECTION));
    assert_eq!(response.errors, []);
    let told = serde_json::to_string(&response.data).unwrap();
    complete::prepare(&index, &mut document);
    complete::apply(&index, &document, None, &variables, &mut response);
    assert_eq!(serde_json::to_string(&response.data).unwrap(), told);
}
