//! The long-lived random text that gets a new access token.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// So that a scanner for leaked secrets, and a human, can tell what it is.
const PREFIX: &str = "rt_";

/// 256 random bits that stand for a session. The client keeps the text, the database its hash.
#[derive(Clone)]
pub struct RefreshToken([u8; 32]);

impl RefreshToken {
    pub fn generate() -> Self {
        Self(rand::random())
    }

    pub fn parse(text: &str) -> Result<Self, NotARefreshToken> {
        let encoded = text.strip_prefix(PREFIX).ok_or(NotARefreshToken)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(encoded)
            .map_err(|_| NotARefreshToken)?;
        bytes.try_into().map(Self).map_err(|_| NotARefreshToken)
    }

    /// The text for the client. Named so that it stands out; there is no `Display`.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    /// What the database keeps and looks up. A plain hash is enough: there is nothing to guess in
    /// 256 random bits, and a look-up by hash tells nothing by its timing.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(hidden)")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is not a refresh token; log in again to get one")]
pub struct NotARefreshToken;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_leads_back_to_the_same_token() {
        let token = RefreshToken::generate();
        let text = token.reveal();
        assert!(text.starts_with("rt_") && text.len() == 46, "{text}");
        assert_eq!(RefreshToken::parse(&text).unwrap().hash(), token.hash());
    }

    #[test]
    fn every_token_is_another() {
        let [one, two] = [RefreshToken::generate(), RefreshToken::generate()];
        assert_ne!(one.reveal(), two.reveal());
        assert_ne!(one.hash(), two.hash());
    }

    #[test]
    fn the_hash_is_sha256_of_the_bytes() {
        let zeros = RefreshToken::parse(&format!("rt_{}", "A".repeat(43))).unwrap();
        let hex = zeros
            .hash()
            .iter()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert_eq!(
            hex,
            "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
        );
    }

    #[test]
    fn a_text_has_one_spelling() {
        let good = format!("rt_{}", "A".repeat(43));
        assert!(RefreshToken::parse(&good).is_ok());
        let bad = [
            String::new(),
            "rt_".into(),
            "A".repeat(43),
            format!("RT_{}", "A".repeat(43)),
            format!("rt_{}", "A".repeat(42)),
            format!("rt_{}", "A".repeat(44)),
            format!("rt_{}=", "A".repeat(43)),
            format!("rt_{}B", "A".repeat(42)), // bits beyond the 256
            format!(" {good}"),
            format!("{good}\n"),
        ];
        for text in bad {
            assert_eq!(
                RefreshToken::parse(&text).unwrap_err(),
                NotARefreshToken,
                "{text:?}"
            );
        }
    }

    #[test]
    fn debug_hides_it() {
        let token = RefreshToken::generate();
        let shown = format!("{token:?}");
        assert_eq!(shown, "RefreshToken(hidden)");
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_the_one_spelling(text in "(rt_)?[A-Za-z0-9_=-]{40,46}|\\PC*") {
            if let Ok(token) = RefreshToken::parse(&text) {
                prop_assert_eq!(token.reveal(), text);
            }
        }
    }
}
