//! The APIs as text, for front ends to generate code from. Nothing is asked of a database.

use async_graphql::SDLExportOptions;

use super::{shared, tenant};

/// The tenants' API in the schema definition language.
pub fn tenant_sdl() -> String {
    tenant::schema().sdl_with_options(options())
}

/// The operators' API in the schema definition language.
pub fn shared_sdl() -> String {
    shared::schema().sdl_with_options(options())
}

fn options() -> SDLExportOptions {
    // Fields and arguments stay in the order of the code, which is the order in which they read well.
    SDLExportOptions::new()
        .include_specified_by()
        .use_space_ident()
        .indent_width(2)
}
