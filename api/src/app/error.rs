//! How a step of business ends when it doesn't end well.

use sea_orm::DbErr;

use crate::auth::Denied;

/// Why something wasn't done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input is wrong: an expected outcome, told to whoever gave it.
    #[error("{}", .0.iter().map(|refusal| refusal.message.as_str()).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Refusal>),
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The database refused a statement, or is away.
    #[error("the database did not do what was asked")]
    Database(#[from] DbErr),
    /// A schema couldn't be entered, made or migrated.
    #[error(transparent)]
    Tenancy(#[from] tenancy::Error),
    /// Something that should never happen.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Whether the database is away or overloaded: try again later.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Database(error) => tenancy::error::is_unavailable(error),
            Self::Tenancy(error) => error.is_unavailable(),
            _ => false,
        }
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One thing that is wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    /// What is wrong and what would be right.
    pub message: String,
    /// The path inside the input, empty where it concerns the whole.
    pub field: Vec<String>,
}

/// What kind of wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    Required,
    Invalid,
    TooLong,
    OutOfRange,
    Taken,
    NotFound,
    InUse,
    NotAllowed,
    InvalidCredentials,
}

impl Code {
    /// The word that clients match on.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "REQUIRED",
            Self::Invalid => "INVALID",
            Self::TooLong => "TOO_LONG",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Taken => "TAKEN",
            Self::NotFound => "NOT_FOUND",
            Self::InUse => "IN_USE",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::InvalidCredentials => "INVALID_CREDENTIALS",
        }
    }
}

impl Refusal {
    pub fn new(code: Code, field: &[&str], message: impl Into<String>) -> Self {
        let field = field.iter().map(|&part| part.to_owned()).collect();
        Self {
            code,
            message: message.into(),
            field,
        }
    }

    /// A row that is not there, or not this tenant's: nobody can tell which.
    pub fn not_found(field: &str, what: &str) -> Self {
        Self::new(Code::NotFound, &[field], format!("no such {what}"))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

/// What a constraint's violation means to the one who gave the input.
pub type Meaning = (&'static str, Code, &'static str, &'static str);

/// Reads a violated constraint by a table of `(constraint, code, field, message)`; anything else
/// stays the database's error.
pub fn on_constraint(error: DbErr, meanings: &[Meaning]) -> Error {
    let name = violated(&error);
    let found = meanings
        .iter()
        .find(|(constraint, ..)| name.as_deref() == Some(*constraint));
    match found {
        Some((_, code, field, message)) => Refusal::new(*code, &[field], *message).into(),
        None => error.into(),
    }
}

fn violated(error: &DbErr) -> Option<String> {
    use sea_orm::RuntimeErr::SqlxError;
    let (DbErr::Exec(SqlxError(error)) | DbErr::Query(SqlxError(error))) = error else {
        return None;
    };
    match error.as_ref() {
        sqlx::Error::Database(error) => error.constraint().map(str::to_owned),
        _ => None,
    }
}
