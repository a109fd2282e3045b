//! From a GraphQL answer to HTTP: status, headers, and no more errors than anybody reads.

use std::collections::BTreeMap;

use async_graphql::{Response, ServerError, Value};
use axum::body::Body;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::MediaType;
use crate::http::{Code, Refusal, RequestId};

/// One request can be wrong in thousands of places, and each error can repeat what was sent.
const MOST_ERRORS: usize = 10;
const LONGEST_MESSAGE: usize = 200;

/// The answer's order: clients see what went wrong before what went well. `data` is there only if something was executed.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: &'a BTreeMap<String, Value>,
}

/// Makes the answer: codes for the errors that have none, the request's id for the masked ones, status and headers.
pub(crate) fn respond(
    media: MediaType,
    id: Option<&RequestId>,
    mut answer: Response,
) -> http::Response<Body> {
    let refused = is_refused(&answer);
    answer.errors.truncate(MOST_ERRORS);
    for error in &mut answer.errors {
        finish(error, refused, id);
    }
    let code = answer.errors.first().filter(|_| refused).map(code);
    let body = serde_json::to_vec(&Answer {
        errors: &answer.errors,
        data: (!refused).then_some(&answer.data),
        extensions: &answer.extensions,
    });
    let Ok(body) = body else {
        tracing::error!("an answer can't be written as JSON");
        return respond(media, id, Refusal::internal(id.cloned()).into());
    };
    let mut response = http::Response::new(Body::from(body));
    *response.status_mut() = code.map_or(StatusCode::OK, |code| status(media, code));
    let headers = response.headers_mut();
    headers.extend(code.flatten().and_then(Code::header));
    headers.extend(answer.http_headers);
    headers.insert(header::CONTENT_TYPE, media.content_type());
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    // A link to a GET shows the answer as a page; it must stay JSON whatever a tenant's data look like.
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// Whether nothing was executed: then there is no data, and no error has a path to a field.
fn is_refused(answer: &Response) -> bool {
    let nowhere = answer.errors.iter().all(|error| error.path.is_empty());
    answer.data == Value::Null && !answer.errors.is_empty() && nowhere
}

/// An error of a whole request without a code is one of async-graphql's validation.
fn finish(error: &mut ServerError, refused: bool, id: Option<&RequestId>) {
    if let Some((end, _)) = error.message.char_indices().nth(LONGEST_MESSAGE) {
        error.message.truncate(end);
        error.message.push('…');
    }
    let extensions = error.extensions.get_or_insert_default();
    if refused && extensions.get("code").is_none() {
        extensions.set("code", Code::ValidationFailed.as_str());
    }
    let internal = extensions.get("code") == Some(&Value::from(Code::Internal.as_str()));
    if let Some(id) = id.filter(|_| internal) {
        extensions.set("requestId", id.as_str());
    }
}

/// `None` for a code that isn't in the table, such as a field's.
fn code(error: &ServerError) -> Option<Code> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Code::parse(code),
        _ => None,
    }
}

fn status(media: MediaType, code: Option<Code>) -> StatusCode {
    let of_graphql = code.is_none_or(Code::is_of_graphql);
    match media {
        MediaType::Json if of_graphql => StatusCode::OK,
        _ => code.map_or(StatusCode::BAD_REQUEST, Code::status),
    }
}
