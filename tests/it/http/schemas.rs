//! The SDL files that front ends generate code from are what the server serves.

use std::fs;
use std::path::PathBuf;

use api::config::environment;

#[test]
fn schema_graphql_is_current() {
    compare("schema.graphql", &api::graphql::tenant_sdl());
}

#[test]
fn schema_shared_graphql_is_current() {
    compare("schema.shared.graphql", &api::graphql::shared_sdl());
}

/// Where a schema's file is.
pub(super) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(name)
}

fn compare(name: &str, sdl: &str) {
    if environment("UPDATE_SCHEMAS").is_some() {
        fs::write(path(name), sdl).expect("the repository can be written to");
    }
    let kept = fs::read_to_string(path(name)).unwrap_or_default();
    assert!(
        kept == sdl,
        "{name} is stale; run `UPDATE_SCHEMAS=1 cargo test -p tests schema` and look at the difference"
    );
}
