//! What each role may do: one table, and the proof of a check.

use std::fmt;
use std::marker::PhantomData;

use thiserror::Error;

use super::principal::{OperatorRole, Principal, Role, TenantRole};

permissions! {
    /// Log in and refresh a session, in either realm.
    SignIn: Everybody,
    /// See one's own account and permissions, in either realm.
    ViewSelf: SignedIn,
    /// Log out and change one's own password, in either realm.
    EditSelf: SignedIn,

    /// See the tenant itself: its name, address, domains.
    SeeTenant: Everybody,
    /// See departments and employees.
    ViewStaff: Tenant(TenantRole::Staff),
    /// Create, change and delete departments and employees.
    EditStaff: Tenant(TenantRole::Manager),
    /// See customers, invoices and their lines.
    ViewSales: Tenant(TenantRole::Staff),
    /// Create and change customers and invoices.
    EditSales: Tenant(TenantRole::Staff),
    /// Delete customers and invoices.
    DeleteSales: Tenant(TenantRole::Manager),
    /// See who may sign in to this tenant.
    ViewUsers: Tenant(TenantRole::Manager),
    /// Create, change and disable the tenant's users.
    ManageUsers: Tenant(TenantRole::Owner),

    /// See tenants, their domains and their state.
    ViewFleet: Operator(OperatorRole::Viewer),
    /// Create, change, suspend and drop tenants.
    ManageFleet: Operator(OperatorRole::Operator),
    /// Read the audit trail: who looks after others' work needn't be able to do any.
    ViewAudit: Operator(OperatorRole::Viewer),
}

/// The proof that somebody was asked for the permission `P` and has it.
///
/// A function that takes one can't be called by somebody who may not, and its signature says what
/// it needs. Only [`Caller::can`] and [`Principal::can`] make one:
///
/// ```
/// use api::auth::permission::{Caller, Can, EditSales, SignIn};
///
/// fn create_invoice(_allowed: Can<EditSales>) {}
///
/// assert!(Caller::Anonymous.can::<SignIn>().is_ok());
/// assert!(Caller::Anonymous.can::<EditSales>().map(create_invoice).is_err());
/// ```
///
/// ```compile_fail
/// use api::auth::permission::{Can, EditSales};
///
/// let forged = Can::<EditSales>(std::marker::PhantomData);
/// ```
pub struct Can<P: Permission>(PhantomData<P>);

/// A permission: a type without values, declared in the table above and nowhere else.
pub trait Permission: sealed::Declared {
    const NAME: &'static str;
    const GRANTED_TO: GrantedTo;

    fn allows(caller: &Caller) -> bool {
        Self::GRANTED_TO.includes(caller)
    }
}

/// The least standing that has a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantedTo {
    Everybody,
    SignedIn,
    Tenant(TenantRole),
    Operator(OperatorRole),
}

impl GrantedTo {
    fn includes(self, caller: &Caller) -> bool {
        match caller {
            Caller::Anonymous => self == Self::Everybody,
            // A console is nobody's account, so there is no self to see or to change.
            Caller::Console => self != Self::SignedIn,
            Caller::Known(who) => self.includes_role(who.role()),
        }
    }

    fn includes_role(self, role: Role) -> bool {
        match (self, role) {
            (Self::Everybody | Self::SignedIn, _) => true,
            (Self::Tenant(least), Role::Tenant(role)) => role >= least,
            (Self::Operator(least), Role::Operator(role)) => role >= least,
            (Self::Tenant(_), Role::Operator(_)) | (Self::Operator(_), Role::Tenant(_)) => false,
        }
    }
}

/// Who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// A request without a token.
    Anonymous,
    /// A request with a good token of this tenant, or of this realm.
    Known(Principal),
    /// Somebody at a terminal who holds the database's credentials and could do anything without
    /// us. For `cli` alone: a request is never this.
    Console,
}

impl Caller {
    pub fn principal(&self) -> Option<&Principal> {
        match self {
            Self::Known(principal) => Some(principal),
            Self::Anonymous | Self::Console => None,
        }
    }

    /// Checks for the permission `P`.
    pub fn can<P: Permission>(&self) -> Result<Can<P>, Denied> {
        if P::allows(self) {
            return Ok(Can(PhantomData));
        }
        Err(Denied {
            permission: P::NAME,
            signed_in: !matches!(self, Self::Anonymous),
        })
    }
}

impl Principal {
    /// Checks for the permission `P`.
    pub fn can<P: Permission>(&self) -> Result<Can<P>, Denied> {
        Caller::Known(*self).can()
    }
}

/// A permission that the caller lacks.
///
/// Answered as `UNAUTHENTICATED` where nobody is signed in and as `FORBIDDEN` where somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{}", if *.signed_in { "your role does not allow this" } else { "this needs somebody who is signed in" })]
pub struct Denied {
    /// The permission's name, for the log.
    pub permission: &'static str,
    pub signed_in: bool,
}

/// A row of the table of permissions, as a value.
#[derive(Debug, Clone, Copy)]
pub struct Declaration {
    pub name: &'static str,
    pub granted_to: GrantedTo,
}

impl Declaration {
    pub fn allows(&self, caller: &Caller) -> bool {
        self.granted_to.includes(caller)
    }
}

// By hand, since derives would ask `P` for the same.
impl<P: Permission> Clone for Can<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Permission> Copy for Can<P> {}

impl<P: Permission> fmt::Debug for Can<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Can<{}>", P::NAME)
    }
}

mod sealed {
    /// Only the table's types have this, so that no other module can declare a permission.
    pub trait Declared {}
}

/// Turns the table into one type without values per row, and into [`ALL`].
macro_rules! permissions {
    ($($(#[$doc:meta])+ $name:ident: $realm:ident $(($least:expr))?,)+) => {
        $(
            $(#[$doc])+
            #[derive(Debug)]
            pub enum $name {}

            impl sealed::Declared for $name {}

            impl Permission for $name {
                const NAME: &'static str = stringify!($name);
                const GRANTED_TO: GrantedTo = GrantedTo::$realm $(($least))?;
            }
        )+

        /// Every permission that there is.
        pub const ALL: &[Declaration] = &[
            $(Declaration { name: $name::NAME, granted_to: $name::GRANTED_TO },)+
        ];
    };
}
use permissions;

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// One line per permission; columns as in [`standings`].
    const MATRIX: &str = "
                    nobody  staff  manager  owner  viewer  operator  console
        SignIn      yes     yes    yes      yes    yes     yes       yes
        ViewSelf    -       yes    yes      yes    yes     yes       -
        EditSelf    -       yes    yes      yes    yes     yes       -
        SeeTenant   yes     yes    yes      yes    yes     yes       yes
        ViewStaff   -       yes    yes      yes    -       -         yes
        EditStaff   -       -      yes      yes    -       -         yes
        ViewSales   -       yes    yes      yes    -       -         yes
        EditSales   -       yes    yes      yes    -       -         yes
        DeleteSales -       -      yes      yes    -       -         yes
        ViewUsers   -       -      yes      yes    -       -         yes
        ManageUsers -       -      -        yes    -       -         yes
        ViewFleet   -       -      -        -      yes     yes       yes
        ManageFleet -       -      -        -      -       yes       yes
        ViewAudit   -       -      -        -      yes     yes       yes
    ";

    fn tenant(role: TenantRole) -> Caller {
        let id = Uuid::now_v7();
        Caller::Known(Principal::of_tenant(id, id, id, role))
    }

    fn operator(role: OperatorRole) -> Caller {
        let id = Uuid::now_v7();
        Caller::Known(Principal::operator(id, id, role))
    }

    fn standings() -> [(&'static str, Caller); 7] {
        [
            ("nobody", Caller::Anonymous),
            ("staff", tenant(TenantRole::Staff)),
            ("manager", tenant(TenantRole::Manager)),
            ("owner", tenant(TenantRole::Owner)),
            ("viewer", operator(OperatorRole::Viewer)),
            ("operator", operator(OperatorRole::Operator)),
            ("console", Caller::Console),
        ]
    }

    fn words(line: &str) -> Vec<&str> {
        line.split_whitespace().collect()
    }

    #[test]
    fn the_table_grants_what_the_matrix_says() {
        let mut actual = vec![standings().map(|(name, _)| name).to_vec()];
        for permission in ALL {
            let cells =
                standings().map(|(_, who)| if permission.allows(&who) { "yes" } else { "-" });
            actual.push([&[permission.name], &cells[..]].concat());
        }
        let expected: Vec<_> = MATRIX.trim().lines().map(words).collect();
        assert_eq!(actual, expected);
    }

    #[test]
    fn a_check_gives_the_proof_to_those_the_table_names() {
        assert!(tenant(TenantRole::Owner).can::<ManageUsers>().is_ok());
        assert!(
            operator(OperatorRole::Operator)
                .can::<ManageFleet>()
                .is_ok()
        );
        assert!(Caller::Anonymous.can::<SignIn>().is_ok());
        let known = Principal::operator(Uuid::nil(), Uuid::nil(), OperatorRole::Viewer);
        assert!(known.can::<ViewFleet>().is_ok());
        assert_eq!(
            known.can::<ManageFleet>().unwrap_err().permission,
            "ManageFleet"
        );
    }

    #[test]
    fn a_denial_tells_somebody_from_nobody() {
        let nobody = Caller::Anonymous.can::<ManageUsers>().unwrap_err();
        assert_eq!(
            (nobody.permission, nobody.signed_in),
            ("ManageUsers", false)
        );
        let manager = tenant(TenantRole::Manager)
            .can::<ManageUsers>()
            .unwrap_err();
        assert_eq!(
            (manager.permission, manager.signed_in),
            ("ManageUsers", true)
        );
        assert_ne!(nobody.to_string(), manager.to_string());
    }
}
