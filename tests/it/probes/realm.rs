//! The two realms, as far as probes differ between them.

use api::app::demo;
use api::app::sessions::{Accounts, Sessions, SignedIn};
use api::auth::{Caller, OperatorRole, Principal, TenantRole};
use tenancy::{SharedRealm, TenantRealm};
use tests::{Client, TestServer};
use uuid::Uuid;

use super::declare::Probes;
use super::{shared, tenant};

/// The tenant where everything is tried, and the one that must not notice.
pub(super) const HOME: &str = "python";
pub(super) const NEIGHBOUR: &str = "ruby";

/// Whose realm it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Realm {
    Tenant,
    Shared,
}

/// Somebody who tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Nobody,
    User(&'static str, TenantRole),
    Operator(OperatorRole),
}

/// What somebody has who has just logged in.
pub(super) struct Newcomer {
    pub(super) email: String,
    pub(super) access: String,
    pub(super) refresh: String,
}

impl Realm {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Tenant => "A tenant's API",
            Self::Shared => "The operators' API",
        }
    }

    pub(super) fn sdl(self) -> String {
        match self {
            Self::Tenant => api::graphql::tenant_sdl(),
            Self::Shared => api::graphql::shared_sdl(),
        }
    }

    /// Where this realm's probes are written down.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Tenant => "tests/it/probes/tenant/",
            Self::Shared => "tests/it/probes/shared/",
        }
    }

    pub(super) fn probes(self) -> Probes {
        let nouns = match self {
            Self::Tenant => tenant::probes(),
            Self::Shared => shared::probes(),
        };
        let mut all = Probes::default();
        for noun in nouns {
            all.rows.extend(noun.rows);
            all.probes.extend(noun.probes);
        }
        all
    }

    /// Those who are at home here, from the least to the greatest.
    pub(super) fn roles(self) -> Vec<(&'static str, Who)> {
        match self {
            Self::Tenant => vec![
                ("nobody", Who::Nobody),
                ("staff", Who::User(HOME, TenantRole::Staff)),
                ("manager", Who::User(HOME, TenantRole::Manager)),
                ("owner", Who::User(HOME, TenantRole::Owner)),
            ],
            Self::Shared => vec![
                ("nobody", Who::Nobody),
                ("viewer", Who::Operator(OperatorRole::Viewer)),
                ("operator", Who::Operator(OperatorRole::Operator)),
            ],
        }
    }

    /// Those whose token is good, but somewhere else.
    pub(super) fn strangers(self) -> Vec<(&'static str, Who)> {
        match self {
            Self::Tenant => vec![
                (
                    "another tenant's owner",
                    Who::User(NEIGHBOUR, TenantRole::Owner),
                ),
                ("operator", Who::Operator(OperatorRole::Operator)),
            ],
            Self::Shared => vec![("a tenant's owner", Who::User(HOME, TenantRole::Owner))],
        }
    }

    /// Somebody without a token at the place where everything is tried.
    pub(super) fn at(self, server: &TestServer) -> Client<'_> {
        match self {
            Self::Tenant => server.tenant(HOME),
            Self::Shared => server.shared(),
        }
    }

    /// What the ids of this realm's rows are marked with.
    pub(super) fn mark(self, server: &TestServer) -> Uuid {
        match self {
            Self::Tenant => server.people().tenant(HOME).id.as_uuid(),
            Self::Shared => Uuid::nil(),
        }
    }

    /// The schema that a change belongs to.
    pub(super) fn schema(self, server: &TestServer) -> String {
        match self {
            Self::Tenant => server.sql(HOME).schema().to_owned(),
            Self::Shared => server.shared_sql().schema().to_owned(),
        }
    }
}

impl Who {
    pub(super) fn principal(self, server: &TestServer) -> Option<Principal> {
        match self {
            Self::Nobody => None,
            Self::User(slug, role) => Some(server.people().user(slug, role)),
            Self::Operator(role) => Some(server.people().operator(role)),
        }
    }

    /// Somebody new of the same standing, who logs in.
    pub(super) async fn newcomer(self, server: &TestServer) -> Newcomer {
        let (sql, table, model) = match self {
            Self::Nobody => panic!("nobody logs in"),
            Self::User(slug, role) => (
                server.sql(slug),
                "\"user\"",
                format!("{}@{slug}.test", role.code()),
            ),
            Self::Operator(role) => (
                server.shared_sql(),
                "account",
                format!("{}@insula.test", role.code()),
            ),
        };
        let id = Uuid::now_v7();
        let email = format!("{id}@newcomers.test");
        sql.run(&format!(
            "INSERT INTO {table} (id, email, name, role, password_hash, created_at)
             SELECT '{id}', '{email}', 'Newcomer', role, password_hash, now() FROM {table} WHERE email = '{model}'"
        ))
        .await;
        let state = &server.state;
        match self {
            Self::User(slug, _) => {
                let domain = format!("{slug}.localhost").parse().unwrap();
                let tenant = state.directory.find(&domain).await.unwrap().unwrap();
                let tenant = tenant.enter(state.histories.tenant.latest()).unwrap();
                log_in(Sessions::<TenantRealm>::new(state, &tenant), email).await
            }
            _ => log_in(Sessions::<SharedRealm>::new(state, &()), email).await,
        }
    }
}

async fn log_in<A: Accounts>(sessions: Sessions<'_, A>, email: String) -> Newcomer {
    let can = Caller::Anonymous.can().unwrap();
    let password = demo::PASSWORD.to_owned();
    let signed_in = sessions.login(can, &email, password).await;
    let SignedIn {
        access, refresh, ..
    } = signed_in.unwrap_or_else(|error| panic!("{error}"));
    Newcomer {
        email,
        access: access.token,
        refresh: refresh.unwrap(),
    }
}
