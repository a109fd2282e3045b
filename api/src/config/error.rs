//! What can be wrong with the configuration, told all at once.

use std::{fmt, io, path::Path};

use super::{all_keys, key::Wrong, layers::Source};

/// The configuration can't be used. Every problem names its source, the setting, what is wrong and what would be right.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl From<Vec<Problem>> for ConfigError {
    fn from(problems: Vec<Problem>) -> Self {
        Self { problems }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.problems.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// One thing that is wrong.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error(
        "{path}: can't be read ({why}); create it, or name another with --config or INSULA_CONFIG"
    )]
    Unreadable { path: String, why: String },
    #[error("{origin}: line {line}: {message}")]
    Syntax {
        origin: String,
        line: usize,
        message: String,
    },
    #[error("{origin}: `{key}` is no setting; there are: {known}")]
    Unknown {
        origin: String,
        key: String,
        known: String,
    },
    #[error("{origin}: `{key}` is \"{found}\"; expected {expected}")]
    Invalid {
        origin: String,
        key: &'static str,
        found: String,
        expected: String,
    },
    #[error("{origin}: `{key}` is empty; give it a value or leave it out")]
    Empty { origin: String, key: &'static str },
    #[error("`{key}` is missing; {remedy}")]
    Missing {
        key: &'static str,
        remedy: &'static str,
    },
    #[error("`{key}` {clash}")]
    Conflict { key: &'static str, clash: String },
}

impl Problem {
    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::Unreadable {
            path: path.display().to_string(),
            why: error.to_string(),
        }
    }

    /// Only the line's number: its text may hold a secret.
    pub(super) fn syntax(source: &Source, text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start));
        Self::Syntax {
            origin: source.to_string(),
            line: before.unwrap_or_default().matches('\n').count() + 1,
            message: error.message().trim().replace('\n', ", "),
        }
    }

    /// Lists what the section has, or else all sections.
    pub(super) fn unknown(source: &Source, key: &str) -> Self {
        let section = key.split('.').next().unwrap_or_default();
        let of_section = |name: &&str| name.split('.').next() == Some(section);
        let names = || all_keys().map(|key| key.name);
        let mut known: Vec<_> = names().filter(of_section).collect();
        if known.is_empty() {
            known = names().filter_map(|name| name.split('.').next()).collect();
            known.dedup();
        }
        Self::Unknown {
            origin: source.to_string(),
            key: key.to_owned(),
            known: known.join(", "),
        }
    }

    pub(super) fn invalid(source: &Source, key: &'static str, wrong: Wrong) -> Self {
        Self::Invalid {
            origin: source.to_string(),
            key,
            found: wrong.found,
            expected: wrong.expected,
        }
    }

    pub(super) fn empty(source: &Source, key: &'static str) -> Self {
        Self::Empty {
            origin: source.to_string(),
            key,
        }
    }
}
