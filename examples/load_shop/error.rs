//! What can go wrong, and what to do then.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::path::PathBuf;

/// How many differences are told one by one.
const TOLD: usize = 20;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("say who you are: --token, or --email and --password")]
    NoLogin,
    #[error("{} can't be read", path.display())]
    File { path: PathBuf, source: csv::Error },
    #[error("the files contradict each other: {0}")]
    Files(String),
    #[error("{url} does not answer; is the server running?")]
    Http { url: String, source: reqwest::Error },
    #[error("{url} answered {status} without GraphQL; is it the server's address?")]
    NotGraphql { url: String, status: u16 },
    #[error("the server refused: {message} ({code}){}", remedy(code))]
    Server { code: String, message: String },
    #[error("{what} was refused: {why}")]
    Refused { what: String, why: String },
    #[error("the server's answer is not what its schema says: {0}")]
    Shape(#[from] serde_json::Error),
    #[error("the tenant has other data, so nothing was entered{}", list(.0))]
    Others(Vec<String>),
    #[error("the tenant is not as the files are{}", list(.0))]
    Differs(Vec<String>),
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

fn remedy(code: &str) -> &'static str {
    match code {
        "TENANT_NOT_FOUND" => "; make the tenant first: insula tenant create",
        "UNAUTHENTICATED" => "; get a fresh token: insula token --tenant SLUG",
        "FORBIDDEN" => "; a manager's or an owner's login is needed",
        _ => "",
    }
}

fn list(differences: &[String]) -> String {
    let mut text = String::from(":");
    for difference in differences.iter().take(TOLD) {
        let _ = write!(text, "\n  {difference}");
    }
    if differences.len() > TOLD {
        let _ = write!(text, "\n  and {} more", differences.len() - TOLD);
    }
    text
}

/// An error with all that caused it, in one line.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}
