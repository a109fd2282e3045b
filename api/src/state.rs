//! How all is wired: built once, by the same function in the server, the commands and the tests.

use std::sync::Arc;

use tenancy::{Database, Directory, History, Operator};

use crate::auth::{Hasher, Tokens};
use crate::catalog::Registry;
use crate::config::Config;
use crate::graphql::PageLimits;

/// Everything that requests and commands work with.
pub struct State {
    pub config: Config,
    /// The serving login's pool.
    pub database: Database,
    /// The operators' login, which no tenant's request reaches.
    pub operator: Operator,
    pub directory: Arc<Directory<Registry>>,
    pub histories: Histories,
    pub hasher: Hasher,
    pub tokens: Tokens,
    pub page: PageLimits,
}

/// The migrations that this program knows.
pub struct Histories {
    pub shared: History,
    pub tenant: History,
}
