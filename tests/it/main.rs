//! Claims about the whole: a real server on a real PostgreSQL, asked over HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

/// The entities say what the migrations did.
mod agreement;
/// Looking ahead, against the resolvers.
mod ahead;
/// The arrows between the rooms, and the budgets of the house.
mod architecture;
/// The audit trail: who did what to which tenant, from where.
mod audit;
/// A database that is away.
mod database;
/// Defects of others, replayed.
mod defects;
/// What documents say of tests.
mod documents;
/// What fuzzers try, in a small dose.
mod fuzz;
/// What HTTP makes of requests: the contract's answers, hosts, tokens, clients.
mod http;
/// Requests that end otherwise than by their answer.
mod interrupted;
/// Nothing of one tenant shows at another.
mod isolation;
/// Figures for whoever watches over a server.
mod metrics;
/// What operators do.
mod operations;
/// Every field, tried by everybody.
mod probes;
/// Changes of the registry: every process sees them at once.
mod registry;
/// No secret is logged, answered or written down.
mod secrets;
/// Signing in, in both realms.
mod sessions;
/// A server that is told to stop.
mod shutdown;
/// What answers don't say.
mod silence;
/// The slides that the product implements, played word for word.
mod slides;
/// Before anybody is served.
mod start;
/// Hundreds of requests at a time while something goes wrong.
mod storms;
/// A tenant's own API, noun by noun.
mod tenant;
/// Access tokens: revoked, forged, and signed by one key after the other.
mod tokens;

/// How scripts for Node.js are run.
mod node;
