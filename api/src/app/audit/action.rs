//! Everything that the audit trail tells about.

/// Turns the table into the enum, its codes and the list of all.
macro_rules! actions {
    ($($(#[$doc:meta])+ $name:ident = $code:literal,)+) => {
        /// What was done or tried. The codes are part of rows that are never changed: add new ones, never
        /// change or re-use one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[$doc])+ $name,)+
        }

        impl Action {
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The text in the trail.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }

            /// Whether somebody tried to get where they don't belong.
            pub fn is_crossing(self) -> bool {
                self.code().starts_with("crossing.")
            }
        }
    };
}

actions! {
    /// A tenant's row and its first domain, with which its making begins.
    TenantRegister = "tenant.register",
    /// A tenant, ready to be entered.
    TenantCreate = "tenant.create",
    /// From now on the tenant is refused.
    TenantSuspend = "tenant.suspend",
    /// From now on the tenant is served again.
    TenantResume = "tenant.resume",
    /// One more host name leads to a tenant.
    DomainAdd = "domain.add",
    /// A host name leads nowhere any more.
    DomainRemove = "domain.remove",
    /// The host name that a tenant is known by.
    DomainPrimary = "domain.primary",
    /// A user of a tenant, made by somebody who is none of them.
    UserCreate = "user.create",
    /// A look at a tenant's users by somebody who is none of them.
    UserList = "user.list",
    /// An operator who signs in, or somebody who tries to be one.
    SessionLogin = "session.login",
    /// An operator who signs out.
    SessionLogout = "session.logout",
    /// An operator's own password.
    PasswordChange = "password.change",
    /// An operator's account.
    AccountCreate = "account.create",
    /// An access token for exploring, given without a password.
    TokenMint = "token.mint",
    /// A statement that was typed, in a tenant or in the shared realm.
    SqlRun = "sql.run",
    /// A schema, brought to its newest version.
    Migrate = "migrate",
    /// What the doctor mended; what it migrated is told beside it.
    DoctorFix = "doctor.fix",
    /// Something in the operators' API that the role doesn't allow.
    PermissionDenied = "permission.denied",
    /// A good token, presented at another tenant or realm than its own.
    CrossingToken = "crossing.token",
    /// A header and a host that name two tenants.
    CrossingHeader = "crossing.header",
    /// A global id of another tenant or realm.
    CrossingId = "crossing.id",
    /// A statement that PostgreSQL refused, since the realm's role may not do that.
    CrossingPrivilege = "crossing.privilege",
    /// Crossings that were too many to be told one by one.
    CrossingDropped = "crossing.dropped",
    /// Acts of operators that were too many to be told one by one.
    ActDropped = "act.dropped",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_words_with_dots_and_each_is_one_actions() {
        let mut codes: Vec<_> = Action::ALL.iter().map(|action| action.code()).collect();
        for code in &codes {
            assert!(
                code.chars().all(|c| c.is_ascii_lowercase() || c == '.'),
                "{code}"
            );
        }
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Action::ALL.len());
    }
}
