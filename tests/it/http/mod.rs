//! What HTTP makes of requests, before and around GraphQL.

/// Documents that come again.
mod again;
/// What may be kept of an answer: nothing.
mod caching;
/// Public suites, real clients and a real browser.
mod clients;
/// Odd documents, and clients that go away.
mod documents;
/// What a browser sends without asking.
mod forgery;
/// The many ways of writing a host.
mod hosts;
/// Errors that are nobody's business: an id, and a line in the log.
mod masked;
/// The many ways of almost writing one.
mod near_misses;
/// The contract's table of answers.
mod refusals;
/// The two SDL files at the root of the repository.
mod schemas;
/// Bodies, methods, limits, CORS, health.
mod transport;
/// Whose token it is, and what it is worth.
mod who;
