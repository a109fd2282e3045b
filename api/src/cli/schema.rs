//! `insula schema`: the APIs as text.

use clap::{Subcommand, ValueEnum};

use super::output;
use crate::graphql::{shared_sdl, tenant_sdl};

#[derive(Debug, Subcommand)]
pub(super) enum SchemaCommand {
    /// Print a realm's API in GraphQL's schema definition language; needs no database
    Print {
        /// Whose API
        #[arg(long, value_enum, default_value = "tenant")]
        realm: Realm,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Realm {
    /// The operators' API
    Shared,
    /// The API that every tenant has
    Tenant,
}

pub(super) fn run(command: &SchemaCommand) {
    let SchemaCommand::Print { realm } = command;
    let sdl = match realm {
        Realm::Shared => shared_sdl(),
        Realm::Tenant => tenant_sdl(),
    };
    output::say(sdl.trim_end());
}
