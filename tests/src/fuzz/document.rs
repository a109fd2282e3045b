//! No document, however made, does harm before it is refused.

use std::sync::LazyLock;

use api::config::{Config, Overrides, Profile};
use api::graphql::weigh::{self, Limits};
use api::graphql::{SchemaIndex, tenant_sdl};
use async_graphql::Variables;
use async_graphql::parser::parse_query;

/// The guard of documents takes any text without a panic, and never without an end.
pub fn document(bytes: &[u8]) {
    static GUARD: LazyLock<(Limits, SchemaIndex)> = LazyLock::new(|| {
        let config = Config::load(Profile::Command, &Overrides::default(), |_| None);
        let graphql = config.expect("the defaults are sound").graphql;
        let index = SchemaIndex::new(&tenant_sdl()).expect("the schema is SDL");
        (Limits::new(&graphql, &index), index)
    });
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if weigh::scan(text).is_err() {
        return;
    }
    let Ok(document) = parse_query(text) else {
        return;
    };
    let (limits, index) = &*GUARD;
    let names = document.operations.iter().map(|(name, _)| name.cloned());
    let names: Vec<_> = names.collect();
    for name in names {
        let name = name.as_ref().map(async_graphql::Name::as_str);
        // Whether it is refused is for other tests to say.
        let _: Result<_, _> = weigh::check(&document, name, &Variables::default(), limits, index);
    }
}
