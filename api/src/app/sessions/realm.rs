//! What differs between the realms when somebody signs in: whose table it is, and what they become.

use sea_orm::{EntityTrait, PrimaryKeyTrait};
use tenancy::{Access, ActiveTenant, Scoped, SharedRealm, TenantRealm};
use uuid::Uuid;

use crate::auth::{OperatorRole, Principal, TenantRole};
use crate::state::State;
use entity::{shared, tenant};

/// A realm with people who may sign in to it.
pub trait Accounts: Send + Sync + Sized + 'static {
    /// Whose realm it is, where there are several.
    type Subject: Sync;
    /// The table of those who may sign in.
    type User: EntityTrait<
            Model: Send + Sync,
            PrimaryKey: PrimaryKeyTrait<ValueType = Uuid>,
            Column: Send + Sync,
        >;
    /// The table of their sessions.
    type Session: EntityTrait<
            ActiveModel: Send,
            PrimaryKey: PrimaryKeyTrait<ValueType = Uuid>,
            Column: Send + Sync,
        >;

    /// Whether a token's session is looked up each time, whatever was heard of it.
    const ALWAYS_ASKED: bool;
    const USER: UserColumns<Column<Self::User>>;
    const SESSION: SessionColumns<Column<Self::Session>>;

    fn open(state: &State, subject: &Self::Subject, access: Access) -> Scoped<Self>;

    fn login(user: &Row<Self::User>) -> Login<'_>;

    /// The user as somebody who is signed in, with the role that the row has now.
    fn principal(subject: &Self::Subject, user: &Row<Self::User>, session: Uuid) -> Principal;
}

pub(super) type Column<E> = <E as EntityTrait>::Column;
pub(super) type Row<E> = <E as EntityTrait>::Model;

/// What signing in needs to know of somebody.
pub struct Login<'a> {
    pub id: Uuid,
    pub password_hash: &'a str,
    pub disabled: bool,
}

pub struct UserColumns<C> {
    pub id: C,
    pub email: C,
    pub password_hash: C,
    pub disabled_at: C,
}

pub struct SessionColumns<C> {
    pub id: C,
    pub user_id: C,
    pub refresh_hash: C,
    pub previous_hash: C,
    pub rotated_at: C,
    pub created_at: C,
    pub expires_at: C,
    pub revoked_at: C,
}

/// What the two realms have under the same names.
macro_rules! tables {
    ($user:path, $session:path) => {
        type User = $user;
        type Session = $session;

        const USER: UserColumns<Column<$user>> = UserColumns {
            id: Column::<$user>::Id,
            email: Column::<$user>::Email,
            password_hash: Column::<$user>::PasswordHash,
            disabled_at: Column::<$user>::DisabledAt,
        };
        const SESSION: SessionColumns<Column<$session>> = SessionColumns {
            id: Column::<$session>::Id,
            user_id: Column::<$session>::UserId,
            refresh_hash: Column::<$session>::RefreshHash,
            previous_hash: Column::<$session>::PreviousHash,
            rotated_at: Column::<$session>::RotatedAt,
            created_at: Column::<$session>::CreatedAt,
            expires_at: Column::<$session>::ExpiresAt,
            revoked_at: Column::<$session>::RevokedAt,
        };

        fn login(user: &Row<$user>) -> Login<'_> {
            Login {
                id: user.id,
                password_hash: &user.password_hash,
                disabled: user.disabled_at.is_some(),
            }
        }
    };
}

impl Accounts for TenantRealm {
    type Subject = ActiveTenant;

    const ALWAYS_ASKED: bool = false;

    tables!(tenant::user::Entity, tenant::session::Entity);

    fn open(state: &State, tenant: &ActiveTenant, access: Access) -> Scoped<Self> {
        state.database.tenant(tenant, access)
    }

    fn principal(tenant: &ActiveTenant, user: &tenant::user::Model, session: Uuid) -> Principal {
        use tenant::user::Role;
        let role = match user.role {
            Role::Staff => TenantRole::Staff,
            Role::Manager => TenantRole::Manager,
            Role::Owner => TenantRole::Owner,
        };
        Principal::of_tenant(tenant.id.as_uuid(), user.id, session, role)
    }
}

impl Accounts for SharedRealm {
    type Subject = ();

    const ALWAYS_ASKED: bool = true;

    tables!(shared::account::Entity, shared::session::Entity);

    fn open(state: &State, (): &(), access: Access) -> Scoped<Self> {
        state.database.shared(access)
    }

    fn principal((): &(), account: &shared::account::Model, session: Uuid) -> Principal {
        use shared::account::Role;
        let role = match account.role {
            Role::Viewer => OperatorRole::Viewer,
            Role::Operator => OperatorRole::Operator,
        };
        Principal::operator(account.id, session, role)
    }
}
