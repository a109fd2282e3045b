//! The codes of refusals, and what each means for HTTP: the one table.

use std::borrow::Cow;

use async_graphql::{ErrorExtensionValues, ServerError};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    graphql::{MediaType, respond},
    request_id::RequestId,
};
use crate::graphql::weigh::{Excess, Refused};

/// Why a request as a whole is refused. What a single field refuses has a code of its own, and status 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    BadRequest,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    PayloadTooLarge,
    UnsupportedMediaType,
    DocumentTooLong,
    DocumentTooDeep,
    DocumentTooComplex,
    TooManyNodes,
    TooManyAliases,
    TooManyRootFields,
    LoginLimit,
    ParseFailed,
    ValidationFailed,
    OperationUnresolved,
    SubscriptionUnsupported,
    Unauthenticated,
    TenantNotFound,
    TenantConflict,
    TenantInvalid,
    TenantSuspended,
    TenantUnavailable,
    DatabaseUnavailable,
    Timeout,
    Internal,
}

/// After how many seconds to try again: a tenant's migration or a restart of the database takes about that.
const RETRY_AFTER: (HeaderName, HeaderValue) = (header::RETRY_AFTER, HeaderValue::from_static("5"));
const AUTHENTICATE: (HeaderName, HeaderValue) =
    (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));

/// In the order of the enum; the compiler counts, a test compares.
const TABLE: [(Code, &str, StatusCode); Code::Internal as usize + 1] = [
    (Code::BadRequest, "BAD_REQUEST", StatusCode::BAD_REQUEST),
    (Code::NotFound, "NOT_FOUND", StatusCode::NOT_FOUND),
    (
        Code::MethodNotAllowed,
        "METHOD_NOT_ALLOWED",
        StatusCode::METHOD_NOT_ALLOWED,
    ),
    (
        Code::NotAcceptable,
        "NOT_ACCEPTABLE",
        StatusCode::NOT_ACCEPTABLE,
    ),
    (
        Code::PayloadTooLarge,
        "PAYLOAD_TOO_LARGE",
        StatusCode::PAYLOAD_TOO_LARGE,
    ),
    (
        Code::UnsupportedMediaType,
        "UNSUPPORTED_MEDIA_TYPE",
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
    ),
    (
        Code::DocumentTooLong,
        "DOCUMENT_TOO_LONG",
        StatusCode::BAD_REQUEST,
    ),
    (
        Code::DocumentTooDeep,
        "DOCUMENT_TOO_DEEP",
        StatusCode::BAD_REQUEST,
    ),
    (
        Code::DocumentTooComplex,
        "DOCUMENT_TOO_COMPLEX",
        StatusCode::BAD_REQUEST,
    ),
    (
        Code::TooManyNodes,
        "TOO_MANY_NODES",
        StatusCode::BAD_REQUEST,
    ),
    (
        Code::TooManyAliases,
        "TOO_MANY_ALIASES",
        StatusCode::BAD_REQUEST,
    ),
    (
        Code::TooManyRootFields,
        "TOO_MANY_ROOT_FIELDS",
        StatusCode::BAD_REQUEST,
    ),
    (Code::LoginLimit, "LOGIN_LIMIT", StatusCode::BAD_REQUEST),
    (
        Code::ParseFailed,
        "GRAPHQL_PARSE_FAILED",
        StatusCode::BAD_REQUEST,
    ),
    (
        Code::ValidationFailed,
        "GRAPHQL_VALIDATION_FAILED",
        StatusCode::BAD_REQUEST,
    ),
    (
        Code::OperationUnresolved,
        "OPERATION_RESOLUTION_FAILURE",
        StatusCode::BAD_REQUEST,
    ),
    (
        Code::SubscriptionUnsupported,
        "SUBSCRIPTION_UNSUPPORTED",
        StatusCode::BAD_REQUEST,
    ),
    (
        Code::Unauthenticated,
        "UNAUTHENTICATED",
        StatusCode::UNAUTHORIZED,
    ),
    (
        Code::TenantNotFound,
        "TENANT_NOT_FOUND",
        StatusCode::NOT_FOUND,
    ),
    (
        Code::TenantConflict,
        "TENANT_CONFLICT",
        StatusCode::BAD_REQUEST,
    ),
    (
        Code::TenantInvalid,
        "TENANT_INVALID",
        StatusCode::BAD_REQUEST,
    ),
    (
        Code::TenantSuspended,
        "TENANT_SUSPENDED",
        StatusCode::FORBIDDEN,
    ),
    (
        Code::TenantUnavailable,
        "TENANT_UNAVAILABLE",
        StatusCode::SERVICE_UNAVAILABLE,
    ),
    (
        Code::DatabaseUnavailable,
        "DATABASE_UNAVAILABLE",
        StatusCode::SERVICE_UNAVAILABLE,
    ),
    (Code::Timeout, "TIMEOUT", StatusCode::GATEWAY_TIMEOUT),
    (
        Code::Internal,
        "INTERNAL",
        StatusCode::INTERNAL_SERVER_ERROR,
    ),
];

impl Code {
    /// As in `errors[].extensions.code`.
    pub const fn as_str(self) -> &'static str {
        TABLE[self as usize].1
    }

    pub const fn status(self) -> StatusCode {
        TABLE[self as usize].2
    }

    /// The code of an error's extensions, if it is one of a whole request.
    pub fn parse(text: &str) -> Option<Self> {
        let mut all = TABLE.iter().map(|(code, ..)| *code);
        all.find(|code| code.as_str() == text)
    }

    /// Whether the request is fine as HTTP and only the GraphQL in it is not. Clients that know `application/json` alone are then
    /// answered with 200, because to them another status doesn't come from a GraphQL server.
    pub const fn is_of_graphql(self) -> bool {
        matches!(
            self,
            Self::ParseFailed | Self::ValidationFailed | Self::OperationUnresolved
        )
    }

    /// What the status demands beside it.
    pub(super) fn header(self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::TenantUnavailable | Self::DatabaseUnavailable => Some(RETRY_AFTER),
            Self::Unauthenticated => Some(AUTHENTICATE),
            _ => None,
        }
    }
}

/// A request that is refused as a whole: a GraphQL-shaped answer with a code.
#[derive(Debug, Clone)]
pub struct Refusal {
    code: Code,
    message: Cow<'static, str>,
    allow: Option<HeaderValue>,
    request_id: Option<RequestId>,
}

impl Refusal {
    /// The message goes to the client: what is wrong and what to do.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            allow: None,
            request_id: None,
        }
    }

    /// Something that is nobody's business but the log's, which has the request's id.
    pub fn internal(request_id: Option<RequestId>) -> Self {
        Self {
            request_id,
            ..Self::new(Code::Internal, "Internal server error")
        }
    }

    /// Whoever noticed: the deadline, or the database.
    pub fn overdue() -> Self {
        let message = "The request took too long; ask for less at once";
        Self::new(Code::Timeout, message)
    }

    /// The methods that would have been right.
    pub fn method(allow: &'static str, message: &'static str) -> Self {
        Self {
            allow: Some(HeaderValue::from_static(allow)),
            ..Self::new(Code::MethodNotAllowed, message)
        }
    }

    pub fn code(&self) -> Code {
        self.code
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let code = match &refused {
            Refused::TooMuch { excess, .. } => match excess {
                Excess::Depth | Excess::Levels => Code::DocumentTooDeep,
                Excess::Nodes => Code::TooManyNodes,
                Excess::Aliases => Code::TooManyAliases,
                Excess::RootFields => Code::TooManyRootFields,
                Excess::Logins => Code::LoginLimit,
                Excess::Fields
                | Excess::Introspection
                | Excess::Parts
                | Excess::Overlaps
                | Excess::Variables
                | Excess::Copies => Code::DocumentTooComplex,
            },
            Refused::Cycle(_) => Code::ValidationFailed,
        };
        Self::new(code, refused.to_string())
    }
}

impl From<Refusal> for async_graphql::Response {
    fn from(refusal: Refusal) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", refusal.code.as_str());
        if let Some(id) = &refusal.request_id {
            extensions.set("requestId", id.as_str());
        }
        let mut error = ServerError::new(refusal.message, None);
        error.extensions = Some(extensions);
        let allow = refusal.allow.map(|methods| (header::ALLOW, methods));
        Self::from_errors(vec![error]).http_headers(HeaderMap::from_iter(allow))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let id = self.request_id.clone();
        respond(MediaType::Json, id.as_ref(), self.into())
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    /// The contract's table.
    #[test]
    fn codes_have_the_status_and_header_of_the_contract() {
        for (code, name, status, header) in [
            (Code::TenantNotFound, "TENANT_NOT_FOUND", 404, None),
            (Code::TenantConflict, "TENANT_CONFLICT", 400, None),
            (Code::TenantInvalid, "TENANT_INVALID", 400, None),
            (Code::TenantSuspended, "TENANT_SUSPENDED", 403, None),
            (
                Code::TenantUnavailable,
                "TENANT_UNAVAILABLE",
                503,
                Some("retry-after"),
            ),
            (
                Code::DatabaseUnavailable,
                "DATABASE_UNAVAILABLE",
                503,
                Some("retry-after"),
            ),
            (
                Code::Unauthenticated,
                "UNAUTHENTICATED",
                401,
                Some("www-authenticate"),
            ),
            (Code::Timeout, "TIMEOUT", 504, None),
            (Code::Internal, "INTERNAL", 500, None),
        ] {
            let response = Refusal::new(code, "no").into_response();
            assert_eq!(code.as_str(), name);
            assert_eq!(response.status(), StatusCode::from_u16(status).unwrap());
            for demanded in ["retry-after", "www-authenticate"] {
                let has = response.headers().contains_key(demanded);
                assert_eq!(has, header == Some(demanded), "{name}: {demanded}");
            }
        }
    }

    #[test]
    fn what_a_document_has_too_much_of_is_its_code() {
        for (excess, code) in [
            (Excess::Depth, "DOCUMENT_TOO_DEEP"),
            (Excess::Levels, "DOCUMENT_TOO_DEEP"),
            (Excess::Nodes, "TOO_MANY_NODES"),
            (Excess::Aliases, "TOO_MANY_ALIASES"),
            (Excess::RootFields, "TOO_MANY_ROOT_FIELDS"),
            (Excess::Logins, "LOGIN_LIMIT"),
            (Excess::Parts, "DOCUMENT_TOO_COMPLEX"),
        ] {
            let refused = Refused::TooMuch {
                excess,
                limit: 1,
                counted: 2,
            };
            let refusal = Refusal::from(refused);
            assert_eq!(refusal.code().as_str(), code);
            assert_eq!(refusal.into_response().status(), StatusCode::BAD_REQUEST);
        }
        let cycle = Refusal::from(Refused::Cycle("f".to_owned()));
        assert_eq!(cycle.code(), Code::ValidationFailed);
    }

    #[test]
    fn every_code_has_its_row_and_is_found_by_its_name() {
        for (place, (code, name, _)) in TABLE.into_iter().enumerate() {
            assert_eq!(code as usize, place, "{name}");
            assert_eq!(Code::parse(name), Some(code));
        }
        assert_eq!(Code::parse("FORBIDDEN"), None);
        assert_eq!(Code::parse("internal"), None);
    }
}
