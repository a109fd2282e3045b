//! From an HTTP request to its GraphQL parameters, nothing bigger than the limits and nothing of the wrong type.

use std::{borrow::Cow, collections::HashMap};

use async_graphql::Variables;
use axum::body::Body;
use http::{HeaderMap, Method, Request, header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use mime::Mime;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Limits, negotiate::is_utf8};
use crate::http::{Code, Refusal};

/// The parameters of a GraphQL request; whatever else a client sends is ignored.
#[derive(Debug, Deserialize)]
pub(super) struct Parameters {
    pub(super) query: String,
    #[serde(rename = "operationName")]
    pub(super) operation_name: Option<String>,
    #[serde(default)]
    pub(super) variables: Variables,
    pub(super) extensions: Option<HashMap<String, async_graphql::Value>>,
}

pub(super) async fn read(limits: &Limits, request: Request<Body>) -> Result<Parameters, Refusal> {
    let (parts, body) = request.into_parts();
    let parameters = match parts.method {
        Method::GET | Method::HEAD => from_query(&parts)?,
        Method::POST => from_body(limits, &parts.headers, body).await?,
        _ => return Err(Refusal::method("GET, POST", "Use POST, or GET for queries")),
    };
    let limit = limits.document;
    // A character has at least a byte, so that most documents need no counting.
    if parameters.query.len() > limit && parameters.query.chars().count() > limit {
        let message = format!("The document is longer than {limit} characters; send less at once");
        return Err(Refusal::new(Code::DocumentTooLong, message));
    }
    Ok(parameters)
}

async fn from_body(
    limits: &Limits,
    headers: &HeaderMap,
    body: Body,
) -> Result<Parameters, Refusal> {
    content_type(headers)?;
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limits.body) {
        return Err(too_large(limits));
    }
    let read = Limited::new(body, limits.body).collect().await;
    let body = read.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
        Some(_) => too_large(limits),
        None => bad("The body ended before it was complete"),
    })?;
    let body = body.to_bytes();
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(bad(
            "Send one operation per request: batches (arrays) aren't served",
        ));
    }
    serde_json::from_slice(&body).map_err(|error| explain(&body, &error))
}

fn too_large(limits: &Limits) -> Refusal {
    let message = format!(
        "The body is larger than {} bytes; send less at once",
        limits.body
    );
    Refusal::new(Code::PayloadTooLarge, message)
}

fn bad(message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::BadRequest, message)
}

/// Nothing but JSON: it makes browsers ask first (a preflight), where a form or plain text could be sent from anybody's page.
fn content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let refused = |message| Err(Refusal::new(Code::UnsupportedMediaType, message));
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(first), None) = (types.next(), types.next()) else {
        return refused("Send a body with one Content-Type, application/json");
    };
    let mime = first
        .to_str()
        .ok()
        .and_then(|text| text.parse::<Mime>().ok());
    match mime {
        Some(mime) if mime.essence_str() != mime::APPLICATION_JSON => {
            refused("Send the body as application/json")
        }
        Some(mime) if !is_utf8(&mime) => refused("Send the body in UTF-8"),
        Some(_) if headers.contains_key(header::CONTENT_ENCODING) => {
            refused("Send the body without a Content-Encoding")
        }
        Some(_) => Ok(()),
        None => refused("Send a body with one Content-Type, application/json"),
    }
}

/// A parameter, whether a value is right for it, and in words.
type Rule = (&'static str, fn(&Value) -> bool, &'static str);

const RULES: [Rule; 4] = [
    ("query", Value::is_string, "a string"),
    (
        "operationName",
        |value| value.is_string() || value.is_null(),
        "a string or null",
    ),
    ("variables", is_map_or_null, "an object or null"),
    ("extensions", is_map_or_null, "an object or null"),
];

fn is_map_or_null(value: &Value) -> bool {
    value.is_object() || value.is_null()
}

/// Says which parameter is wrong, without repeating its value. The body is read again, but only of those who got it wrong.
fn explain(body: &[u8], error: &serde_json::Error) -> Refusal {
    if body.is_empty() {
        return bad("The body is empty; send {\"query\": …}");
    }
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return bad(format!(
            "The body isn't valid JSON at line {}, column {}",
            error.line(),
            error.column()
        ));
    };
    let Some(object) = value.as_object() else {
        return bad("The body must be a JSON object");
    };
    let wrong =
        |(name, is_right, _): &&Rule| object.get(*name).is_some_and(|value| !is_right(value));
    match RULES.iter().find(wrong) {
        Some((name, _, right)) => bad(format!("The parameter `{name}` must be {right}")),
        None if object.contains_key("query") => bad("A parameter is given twice"),
        None => bad("The parameter `query` is missing"),
    }
}

/// `GET /graphql?query=…&operationName=…&variables={…}&extensions={…}`.
fn from_query(parts: &Parts) -> Result<Parameters, Refusal> {
    let mut given = decode(parts.uri.query().unwrap_or_default())?;
    let Some(query) = given.remove("query") else {
        return Err(bad("The parameter `query` is missing"));
    };
    Ok(Parameters {
        query,
        operation_name: given.remove("operationName"),
        variables: json(&mut given, "variables")?.unwrap_or_default(),
        extensions: json(&mut given, "extensions")?,
    })
}

fn json<T: DeserializeOwned>(
    given: &mut HashMap<String, String>,
    name: &str,
) -> Result<Option<T>, Refusal> {
    let Some(text) = given.remove(name) else {
        return Ok(None);
    };
    serde_json::from_str(&text).map_err(|_| {
        bad(format!(
            "The parameter `{name}` must be a JSON object or null"
        ))
    })
}

/// The query string's pairs, strictly: libraries replace what isn't UTF-8, which would change the document.
fn decode(query: &str) -> Result<HashMap<String, String>, Refusal> {
    let mut given = HashMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !RULES.iter().any(|(known, ..)| *known == name) {
            continue;
        }
        let value = value.replace('+', " ");
        let value = percent_decode_str(&value)
            .decode_utf8()
            .map_err(|_| bad("The query string isn't UTF-8"))?;
        if given.insert(name.to_owned(), value.into_owned()).is_some() {
            return Err(bad(format!("The parameter `{name}` is given twice")));
        }
    }
    Ok(given)
}
