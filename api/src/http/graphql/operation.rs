//! Which operation of the document will run, and whether it may.

use std::sync::Arc;

use async_graphql::{
    Request, Response, Value, Variables,
    parser::{
        Error,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
    },
};
use http::Method;

use super::request::Parameters;
use crate::graphql::documents::{Document, Documents, Unreadable};
use crate::http::{Code, Refusal};

/// A request whose document is parsed and whose operation is known.
pub struct Operation {
    /// Without its document.
    pub request: Request,
    pub document: Arc<Document>,
    pub kind: OperationKind,
}

/// What an operation does to the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Writes.
    Mutation,
}

impl Operation {
    /// The answer that refuses is boxed, for it is much bigger than what is usual.
    pub(super) fn determine(
        documents: &Documents,
        method: &Method,
        parameters: Parameters,
    ) -> Result<Self, Box<Response>> {
        let document = documents.read(&parameters.query).map_err(unread)?;
        // Clients that have no name for their operation often send an empty one.
        let name = parameters.operation_name.filter(|name| !name.is_empty());
        let operation = resolve(&document.parsed, name.as_deref())?;
        let kind = kind(method, operation.ty)?;
        provided(operation, &parameters.variables)?;
        let mut request = Request::new("").variables(parameters.variables);
        request.operation_name = name;
        if let Some(extensions) = parameters.extensions {
            request.extensions.0 = extensions;
        }
        Ok(Self {
            request,
            document,
            kind,
        })
    }
}

/// The specification's `GetOperation`.
fn resolve<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Result<&'d OperationDefinition, Refusal> {
    let unresolved = |message: String| Refusal::new(Code::OperationUnresolved, message);
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(&operation.node),
        (DocumentOperations::Single(_), Some(name)) => Err(unresolved(format!(
            "There is no operation `{name}`: the document's only one has no name"
        ))),
        (DocumentOperations::Multiple(operations), Some(name)) => match operations.get(name) {
            Some(operation) => Ok(&operation.node),
            None => Err(unresolved(format!(
                "There is no operation `{name}` in the document"
            ))),
        },
        (DocumentOperations::Multiple(operations), None) => {
            let mut all = operations.values();
            match (all.next(), all.next()) {
                (Some(operation), None) => Ok(&operation.node),
                _ => Err(unresolved(format!(
                    "The document has {} operations; say which one with `operationName`",
                    operations.len()
                ))),
            }
        }
    }
}

/// What the specification's `CoerceVariableValues` says of variables that must not be null. Executing wouldn't notice: an argument
/// whose variable is missing counts as left out there.
fn provided(operation: &OperationDefinition, variables: &Variables) -> Result<(), Refusal> {
    for definition in &operation.variable_definitions {
        let (name, definition) = (&definition.node.name.node, &definition.node);
        let missing = match variables.get(name) {
            None => definition.default_value.is_none(),
            Some(value) => *value == Value::Null,
        };
        let required = !definition.var_type.node.nullable;
        if required && missing {
            let message = format!("The variable `${name}` must have a value");
            return Err(Refusal::new(Code::ValidationFailed, message));
        }
    }
    Ok(())
}

/// A link must never change anything: a `GET` can be planted in anybody's page, prefetched and repeated.
fn kind(method: &Method, operation: OperationType) -> Result<OperationKind, Refusal> {
    match operation {
        OperationType::Query => Ok(OperationKind::Query),
        OperationType::Mutation if method == Method::POST => Ok(OperationKind::Mutation),
        OperationType::Mutation => Err(Refusal::method("POST", "Send mutations with POST")),
        OperationType::Subscription => Err(Refusal::new(
            Code::SubscriptionUnsupported,
            "Subscriptions aren't served over this transport; send a query or a mutation",
        )),
    }
}

fn unread(error: Unreadable) -> Box<Response> {
    match error {
        Unreadable::Refused(refused) => Refusal::from(refused).into(),
        Unreadable::Wrong(error) => unparsed(&error),
    }
}

/// The parser draws the place with the line's text; the place is in `locations`, and what was expected is enough.
fn unparsed(error: &Error) -> Box<Response> {
    let (code, message) = match error {
        Error::Syntax { message, .. } => {
            let expected = message
                .rsplit_once("= ")
                .map_or("unexpected input", |(_, last)| last);
            (
                Code::ParseFailed,
                format!("Syntax error: {}", expected.trim()),
            )
        }
        Error::RecursionLimitExceeded => (
            Code::ParseFailed,
            "The document is nested too deeply".to_owned(),
        ),
        other => (Code::ValidationFailed, format!("The {other}")),
    };
    let mut answer = Response::from(Refusal::new(code, message));
    if let Some(first) = answer.errors.first_mut() {
        first.locations = error.positions().collect();
    }
    Box::new(answer)
}

impl From<Refusal> for Box<Response> {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.into())
    }
}
