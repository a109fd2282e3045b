//! What HTTP makes of requests, before and around GraphQL.

/// Public suites, real clients and a real browser.
mod clients;
/// The many ways of writing a host.
mod hosts;
/// Errors that are nobody's business: an id, and a line in the log.
mod masked;
/// The contract's table of answers.
mod refusals;
/// The two SDL files at the root of the repository.
mod schemas;
/// Bodies, methods, limits, CORS, health.
mod transport;
/// Whose token it is, and what it is worth.
mod who;
