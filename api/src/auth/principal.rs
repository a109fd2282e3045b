//! Somebody who is signed in, and the roles of both realms.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;

/// Somebody who is signed in: a user of one tenant, or an operator of the shared realm.
///
/// The fields are private and the two constructors take the role of their realm, so a tenant's user
/// with an operator's role can't be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Principal {
    audience: Audience,
    user: Uuid,
    session: Uuid,
    role: Role,
}

impl Principal {
    /// A user of the tenant with the id `tenant`.
    pub fn of_tenant(tenant: Uuid, user: Uuid, session: Uuid, role: TenantRole) -> Self {
        Self {
            audience: Audience::Tenant(tenant),
            user,
            session,
            role: Role::Tenant(role),
        }
    }

    /// An operator, who is known in the shared realm only.
    pub fn operator(user: Uuid, session: Uuid, role: OperatorRole) -> Self {
        Self {
            audience: Audience::Shared,
            user,
            session,
            role: Role::Operator(role),
        }
    }

    /// From a role's text, which must be one of the audience's realm.
    pub(super) fn parse(
        audience: Audience,
        user: Uuid,
        session: Uuid,
        role: &str,
    ) -> Result<Self, UnknownRole> {
        Ok(match audience {
            Audience::Tenant(tenant) => Self::of_tenant(tenant, user, session, role.parse()?),
            Audience::Shared => Self::operator(user, session, role.parse()?),
        })
    }

    /// Where this principal is known; worth nothing anywhere else.
    pub fn audience(&self) -> Audience {
        self.audience
    }

    pub fn user(&self) -> Uuid {
        self.user
    }

    pub fn session(&self) -> Uuid {
        self.session
    }

    /// The role when the token was minted. A changed role ends the session.
    pub fn role(&self) -> Role {
        self.role
    }
}

/// For whom a token is meant: its `aud` claim is a tenant's id, or the literal `shared`.
///
/// The id and not the slug, so that a tenant re-created under the same slug is somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    Tenant(Uuid),
    Shared,
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(id) => id.hyphenated().fmt(f),
            Self::Shared => f.write_str("shared"),
        }
    }
}

impl FromStr for Audience {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        match text {
            "shared" => Ok(Self::Shared),
            id => id.parse().map(Self::Tenant),
        }
    }
}

/// A role, of either realm. They aren't comparable across realms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Tenant(TenantRole),
    Operator(OperatorRole),
}

impl Role {
    pub fn code(self) -> &'static str {
        match self {
            Self::Tenant(role) => role.code(),
            Self::Operator(role) => role.code(),
        }
    }
}

/// The roles of a tenant's users, least first: each may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TenantRole {
    Staff,
    Manager,
    Owner,
}

impl TenantRole {
    pub const ALL: [Self; 3] = [Self::Staff, Self::Manager, Self::Owner];

    /// The text in tokens and in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Manager => "manager",
            Self::Owner => "owner",
        }
    }
}

impl FromStr for TenantRole {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let found = Self::ALL.into_iter().find(|role| role.code() == text);
        found.ok_or(UnknownRole)
    }
}

/// The roles of operators, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OperatorRole {
    Viewer,
    Operator,
}

impl OperatorRole {
    pub const ALL: [Self; 2] = [Self::Viewer, Self::Operator];

    /// The text in tokens and in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
        }
    }
}

impl FromStr for OperatorRole {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let found = Self::ALL.into_iter().find(|role| role.code() == text);
        found.ok_or(UnknownRole)
    }
}

/// A text that names no role of the realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "not a role of this realm: a tenant has owner, manager and staff, the shared realm operator and viewer"
)]
pub struct UnknownRole;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_is_read_back_from_its_text_and_only_in_its_own_realm() {
        for role in TenantRole::ALL {
            assert_eq!(role.code().parse(), Ok(role));
            assert_eq!(role.code().parse::<OperatorRole>(), Err(UnknownRole));
        }
        for role in OperatorRole::ALL {
            assert_eq!(role.code().parse(), Ok(role));
            assert_eq!(role.code().parse::<TenantRole>(), Err(UnknownRole));
        }
        for text in ["", "Owner", "owner ", "admin", "superuser"] {
            assert_eq!(text.parse::<TenantRole>(), Err(UnknownRole), "{text:?}");
            assert_eq!(text.parse::<OperatorRole>(), Err(UnknownRole), "{text:?}");
        }
    }

    #[test]
    fn roles_rank_from_least_to_most() {
        assert!(TenantRole::Owner > TenantRole::Manager);
        assert!(TenantRole::Manager > TenantRole::Staff);
        assert!(OperatorRole::Operator > OperatorRole::Viewer);
    }
}
