use std::fmt;
use std::str::FromStr;

use ulid::Ulid;

use crate::TenantId;

/// The schema of the shared realm: registry, operators, ledger of migrations.
pub const SHARED_SCHEMA: &str = "shared";

/// The default path of every connection. No schema bears this name, so that an unscoped
/// connection sees nothing.
pub const NO_SCHEMA: &str = "unscoped";

/// A tenant's schema in PostgreSQL: `t_` and 26 letters or digits.
///
/// It is generated from the tenant's id, never chosen and never used again, and so outlives every
/// change of slug or domain. This type is the only place where a schema's name is quoted for SQL.
///
/// ```
/// use tenancy::{SchemaName, TenantId};
///
/// let schema = SchemaName::of(TenantId::new());
/// assert!(schema.as_str().starts_with("t_"));
/// assert!("public".parse::<SchemaName>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaName(String);

impl SchemaName {
    /// The schema that belongs to the tenant of this id.
    pub fn of(tenant: TenantId) -> Self {
        let ulid = Ulid::from_bytes(tenant.as_uuid().into_bytes());
        Self(format!("t_{}", ulid.to_string().to_ascii_lowercase()))
    }

    /// The bare name, as the catalogue of PostgreSQL has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as an SQL identifier.
    pub fn quoted(&self) -> String {
        quote(&self.0)
    }
}

/// The condition in SQL that a name has the form of a tenant's schema.
pub(crate) const TENANTS: &str = "~ '^t_[0-9a-z]{26}$'";

/// Any name as an SQL identifier.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text that names no tenant's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a tenant's schema, which is t_ and 26 letters or digits")]
pub struct SchemaNameError;

impl FromStr for SchemaName {
    type Err = SchemaNameError;

    fn from_str(text: &str) -> Result<Self, SchemaNameError> {
        let body = text.strip_prefix("t_").ok_or(SchemaNameError)?;
        let lower = |b: u8| b.is_ascii_digit() || b.is_ascii_lowercase();
        if body.len() == 26 && body.bytes().all(lower) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SchemaNameError)
        }
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tenants_never_share_a_schema() {
        let (a, b) = (TenantId::new(), TenantId::new());
        assert_ne!(SchemaName::of(a), SchemaName::of(b));
        assert_eq!(SchemaName::of(a), SchemaName::of(a));
    }

    #[test]
    fn n15_only_generated_names_are_taken_back() {
        let name = SchemaName::of(TenantId::new());
        assert_eq!(name.as_str().parse(), Ok(name.clone()));
        for text in [
            "",
            "t_",
            "shared",
            "t_01jd\"; drop schema shared; --",
            "T_01jdz0y3k6s9c2v8w4x5a7b1cd",
        ] {
            assert_eq!(text.parse::<SchemaName>(), Err(SchemaNameError), "{text:?}");
        }
    }
}
