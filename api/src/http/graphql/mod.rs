//! GraphQL over HTTP: a request in, its operation determined, somebody else's execution, the answer out.

mod negotiate;
mod operation;
mod request;
mod response;

use axum::body::Body;
use http::Request;

use super::RequestId;
use crate::config::Config;
use crate::graphql::documents::Documents;

pub use self::operation::{Operation, OperationKind};
pub(super) use self::{negotiate::MediaType, response::respond};

/// What a request may be like.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Of the body, in bytes.
    pub body: usize,
    /// Of the document, in characters.
    pub document: usize,
}

impl From<&Config> for Limits {
    fn from(config: &Config) -> Self {
        let document = config.graphql.document_limit;
        Self {
            body: config.graphql.body_limit,
            document: usize::try_from(document).unwrap_or(usize::MAX),
        }
    }
}

/// Answers a request for GraphQL, `GET` or `POST`, whose document may be among those that are known. `execute` runs the operation, whose kind says
/// whether it may write; it isn't called for what is refused beforehand. It need not care for codes of validation, for limits of errors or for HTTP.
pub async fn serve<F, Fut>(
    (limits, documents): (&Limits, &Documents),
    request: Request<Body>,
    execute: F,
) -> http::Response<Body>
where
    F: FnOnce(Operation) -> Fut,
    Fut: Future<Output = async_graphql::Response>,
{
    let id = request.extensions().get::<RequestId>().cloned();
    let (media, answer) = match MediaType::negotiate(request.headers()) {
        Ok(media) => (media, answer((limits, documents), request, execute).await),
        Err(refusal) => (MediaType::Json, refusal.into()),
    };
    respond(media, id.as_ref(), answer)
}

async fn answer<F, Fut>(
    (limits, documents): (&Limits, &Documents),
    request: Request<Body>,
    execute: F,
) -> async_graphql::Response
where
    F: FnOnce(Operation) -> Fut,
    Fut: Future<Output = async_graphql::Response>,
{
    let method = request.method().clone();
    let parsed = match request::read(limits, request).await {
        Ok(parameters) => Operation::determine(documents, &method, parameters),
        Err(refusal) => Err(refusal.into()),
    };
    match parsed {
        Ok(operation) => execute(operation).await,
        Err(answer) => *answer,
    }
}

#[cfg(test)]
mod tests;
