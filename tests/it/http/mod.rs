//! What HTTP makes of requests, before and around GraphQL.

/// Public suites, real clients and a real browser.
mod clients;
/// Odd documents, and clients that go away.
mod documents;
/// The many ways of writing a host.
mod hosts;
/// The contract's table of answers.
mod refusals;
/// The two SDL files at the root of the repository.
mod schemas;
/// Bodies, methods, limits, CORS, health.
mod transport;
/// Whose token it is, and what it is worth.
mod who;
