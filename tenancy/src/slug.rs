use std::fmt;
use std::str::FromStr;

/// Labels that would be mistaken for the system's own names.
const RESERVED: &[&str] = &["extensions", "public", "shared", "www"];

/// A tenant's name in URLs and commands: one host label, `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`.
///
/// Capitals are lowered, anything else that doesn't fit is refused, never mangled. A slug may
/// change during a tenant's life, so nothing durable (schema, files, jobs) is named after it.
///
/// ```
/// use tenancy::Slug;
///
/// assert_eq!("Acme-2".parse::<Slug>().unwrap().as_str(), "acme-2");
/// assert!("acme'; --".parse::<Slug>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slug(String);

impl Slug {
    /// The text as it stands in a URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no [`Slug`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// No characters at all.
    #[error("the slug is empty; give 1 to 63 letters, digits or hyphens")]
    Empty,
    /// More than a host label can hold.
    #[error("the slug is longer than 63 characters; choose a shorter one")]
    TooLong,
    /// Something other than an ASCII letter, digit or hyphen.
    #[error("the slug may hold only the letters a to z, digits and hyphens")]
    Character,
    /// A hyphen at an end, which no host label has.
    #[error("the slug may not begin or end with a hyphen")]
    Hyphen,
    /// A name that the system uses itself, or that host names give a meaning of its own.
    #[error("the slug is a reserved name; choose another")]
    Reserved,
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        if text.is_empty() {
            return Err(SlugError::Empty);
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(SlugError::Character);
        }
        if text.len() > 63 {
            return Err(SlugError::TooLong);
        }
        if text.starts_with('-') || text.ends_with('-') {
            return Err(SlugError::Hyphen);
        }
        let slug = text.to_ascii_lowercase();
        if slug.starts_with("xn--") || RESERVED.contains(&slug.as_str()) {
            return Err(SlugError::Reserved);
        }
        Ok(Self(slug))
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Result<String, SlugError> {
        text.parse::<Slug>().map(|slug| slug.0)
    }

    #[test]
    fn n01_to_n04_ordinary_names_are_taken_and_lowered() {
        assert_eq!(parsed("tenant1"), Ok("tenant1".into()));
        assert_eq!(parsed("Tenant1"), Ok("tenant1".into()));
        assert_eq!(parsed("my-tenant"), Ok("my-tenant".into()));
        assert_eq!(parsed("tenant_1"), Err(SlugError::Character));
    }

    #[test]
    fn n05_sixty_three_characters_are_the_limit() {
        assert_eq!(parsed(&"a".repeat(63)), Ok("a".repeat(63)));
        assert_eq!(parsed(&"a".repeat(64)), Err(SlugError::TooLong));
    }

    #[test]
    fn n06_names_beginning_with_pg_underscore_are_refused() {
        assert_eq!(parsed("pg_catalog"), Err(SlugError::Character));
        assert_eq!(parsed("PG_toast"), Err(SlugError::Character));
        assert_eq!(parsed("pgadmin"), Ok("pgadmin".into()));
    }

    #[test]
    fn n07_n08_keywords_and_digits_are_names_like_any_other() {
        assert_eq!(parsed("select"), Ok("select".into()));
        assert_eq!(parsed("123"), Ok("123".into()));
    }

    #[test]
    fn n09_n15_everything_else_is_refused_and_never_mangled() {
        for text in [
            "test@at", "a`b", "a'b", "a\"b", "a;b", "a.b", "a b", "a\nb", "a\0b", "ä",
        ] {
            assert_eq!(parsed(text), Err(SlugError::Character), "{text:?}");
        }
        assert_eq!(parsed(""), Err(SlugError::Empty));
        assert_eq!(parsed("-a"), Err(SlugError::Hyphen));
        assert_eq!(parsed("a-"), Err(SlugError::Hyphen));
    }

    #[test]
    fn n17_names_of_the_system_are_refused() {
        for text in ["public", "Shared", "extensions", "www", "xn--mnchen-3ya"] {
            assert_eq!(parsed(text), Err(SlugError::Reserved), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_a_host_label(text in "\\PC{0,70}|[a-zA-Z0-9-]{0,70}") {
            if let Ok(slug) = text.parse::<Slug>() {
                prop_assert_eq!(slug.as_str(), text.to_ascii_lowercase());
                prop_assert!(slug.as_str().len() <= 63);
                prop_assert!(slug.as_str().parse::<Slug>().is_ok());
            }
        }
    }
}
