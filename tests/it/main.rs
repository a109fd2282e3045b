//! Claims about the whole: a real server on a real PostgreSQL, asked over HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

/// The entities say what the migrations did.
mod agreement;
/// The arrows between the rooms, and the budgets of the house.
mod architecture;
/// A database that is away.
mod database;
/// What HTTP makes of requests: the contract's answers, hosts, tokens, clients.
mod http;
/// Nothing of one tenant shows at another.
mod isolation;
/// What operators do.
mod operations;
/// Changes of the registry: every process sees them at once.
mod registry;
/// Signing in, in both realms.
mod sessions;
/// The slides that the product implements, played word for word.
mod slides;
/// A tenant's own API, noun by noun.
mod tenant;
/// Access tokens: revoked, forged, and signed by one key after the other.
mod tokens;

/// How scripts for Node.js are run.
mod node;
