//! Why a document is refused before it is validated.

use std::fmt::{self, Display, Formatter};

/// A document that isn't worth validating.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is too much of something.
    #[error("{excess}: {counted}, at most {limit}; {}", excess.remedy())]
    TooMuch {
        excess: Excess,
        limit: u64,
        counted: u64,
    },
    /// A fragment that contains itself has no end.
    #[error("The fragment `{0}` spreads itself")]
    Cycle(String),
}

/// What there is too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// Fields in fields.
    Depth,
    /// Brackets in brackets, or selections in selections.
    Levels,
    Nodes,
    Aliases,
    RootFields,
    Logins,
    /// Fields to resolve.
    Fields,
    Introspection,
    /// Selections, directives and values.
    Parts,
    /// Fields that may share a response key.
    Overlaps,
    Variables,
    /// Values of variables, used again and again.
    Copies,
}

impl Excess {
    pub(super) fn check(self, counted: u64, limit: u64) -> Result<(), Refused> {
        if counted <= limit {
            return Ok(());
        }
        Err(Refused::TooMuch {
            excess: self,
            limit,
            counted,
        })
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Depth | Self::Levels => "nest less, or ask in several requests",
            Self::Nodes => "ask for smaller pages, or fewer lists in lists",
            Self::Aliases | Self::RootFields | Self::Logins => "ask in several requests",
            Self::Introspection => "ask for the schema once",
            Self::Fields | Self::Parts | Self::Overlaps => "ask for less at once",
            Self::Variables => "send objects instead of their fields",
            Self::Copies => "use large variables once",
        }
    }
}

impl Display for Excess {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Depth => "Fields are nested too deeply",
            Self::Levels => "The document is nested too deeply",
            Self::Nodes => "The operation asks for too many nodes",
            Self::Aliases => "The operation has too many aliases",
            Self::RootFields => "The operation has too many root fields",
            Self::Logins => "The operation logs in too often",
            Self::Fields => "The operation asks for too many fields",
            Self::Introspection => "The operation asks too much about the schema",
            Self::Parts => {
                "The document has too many selections, directives and values, its fragments spread"
            }
            Self::Overlaps => "The document has too many fields and arguments side by side",
            Self::Variables => "An operation has too many variables",
            Self::Copies => "The values of the variables are repeated too often",
        })
    }
}
