//! Claims about the whole: a real server on a real PostgreSQL, asked over HTTP.

/// What HTTP makes of requests: the contract's answers, hosts, tokens, clients.
mod http;
/// The slides that the product implements, played word for word.
mod slides;

/// How scripts for Node.js are run.
mod node;
