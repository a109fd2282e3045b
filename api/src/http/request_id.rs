//! The name of a request, which its answer, its log lines and its caller share.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Among a request's extensions from the first layer on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The caller's, or a new one.
    pub(super) fn of_request(headers: &HeaderMap) -> Self {
        let given = headers.get(&HEADER).and_then(Self::given);
        given.unwrap_or_else(Self::generate)
    }

    /// The caller's id, if nothing in it could disturb a log line or a search.
    fn given(value: &HeaderValue) -> Option<Self> {
        let text = value.to_str().ok()?;
        let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        let valid = (1..=64).contains(&text.len()) && text.chars().all(harmless);
        valid.then(|| Self(text.into()))
    }

    #[cfg(test)]
    pub(super) fn of(text: &str) -> Self {
        Self(text.into())
    }

    fn generate() -> Self {
        let mut buffer = Uuid::encode_buffer();
        Self((*Uuid::now_v7().hyphenated().encode_lower(&mut buffer)).into())
    }

    pub(super) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("an id is made of harmless characters")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_over_only_if_it_is_harmless() {
        let given = |text: &'static str| RequestId::given(&HeaderValue::from_static(text));
        assert_eq!(given("a-B_3.4:5").unwrap().as_str(), "a-B_3.4:5");
        for wrong in ["", "a b", "a\tb", "<b>", "a\"b", "a,b"] {
            assert_eq!(given(wrong), None, "{wrong}");
        }
        let long = |length| HeaderValue::from_str(&"x".repeat(length)).unwrap();
        assert!(RequestId::given(&long(64)).is_some());
        assert!(RequestId::given(&long(65)).is_none());
        let not_ascii = HeaderValue::from_bytes("é".as_bytes()).unwrap();
        assert_eq!(RequestId::given(&not_ascii), None);
    }
}
