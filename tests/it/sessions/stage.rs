//! A realm with a user in it, and what the tests do there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::app::sessions::{Accounts, Sessions, SignedIn};
use api::app::{Error, Refusal, Result, demo};
use api::auth::permission::SignIn;
use api::auth::{Audience, Caller, Can, OperatorRole, Password, Principal, TenantRole};
use api::state::State;
use chrono::{TimeDelta, Utc};
use sea_orm::{ConnectionTrait, EntityTrait, QueryResult, Statement, TryGetable, Value};
use tenancy::testing::clone_of_database;
use tenancy::{Access, ActiveTenant, Admitted, Scoped, SharedRealm, TenantRealm};
use tests::server;
use tests::template::Template;
use uuid::Uuid;

pub(super) const PASSWORD: &str = demo::PASSWORD;

/// What the tests need to know of a realm.
pub(super) trait Realm: Accounts {
    const USERS: &'static str;
    const ROLES: [&'static str; 2];
    /// Somebody of the first role.
    const OWNER: &'static str;

    fn owner(template: &Template) -> Uuid;

    fn subject(tenant: &ActiveTenant) -> Self::Subject;

    fn audience(tenant: &ActiveTenant) -> Audience;

    fn admitted(tenant: &ActiveTenant) -> Admitted;

    fn id(user: &<Self::User as EntityTrait>::Model) -> Uuid;
}

impl Realm for TenantRealm {
    const USERS: &'static str = r#""user""#;
    const ROLES: [&'static str; 2] = ["owner", "staff"];
    const OWNER: &'static str = "owner@python.test";

    fn owner(template: &Template) -> Uuid {
        template.user("python", TenantRole::Owner).user()
    }

    fn subject(tenant: &ActiveTenant) -> ActiveTenant {
        tenant.clone()
    }

    fn audience(tenant: &ActiveTenant) -> Audience {
        Audience::Tenant(tenant.id.as_uuid())
    }

    fn admitted(tenant: &ActiveTenant) -> Admitted {
        Admitted::Tenant(tenant.clone())
    }

    fn id(user: &entity::tenant::user::Model) -> Uuid {
        user.id
    }
}

impl Realm for SharedRealm {
    const USERS: &'static str = "account";
    const ROLES: [&'static str; 2] = ["operator", "viewer"];
    const OWNER: &'static str = demo::OPERATOR;

    fn owner(template: &Template) -> Uuid {
        template.operator(OperatorRole::Operator).user()
    }

    fn subject(_: &ActiveTenant) {}

    fn audience(_: &ActiveTenant) -> Audience {
        Audience::Shared
    }

    fn admitted(_: &ActiveTenant) -> Admitted {
        Admitted::Shared
    }

    fn id(account: &entity::shared::account::Model) -> Uuid {
        account.id
    }
}

/// One realm, and somebody in it.
pub(super) struct Stage<A: Realm> {
    pub(super) state: Arc<State>,
    pub(super) tenant: ActiveTenant,
    pub(super) subject: A::Subject,
    pub(super) owner: Uuid,
}

impl<A: Realm> Stage<A> {
    pub(super) async fn new() -> Self {
        Self::at(state(&fresh_database().await, &[])).await
    }

    pub(super) async fn at(state: Arc<State>) -> Self {
        let tenant = shop(&state, "python").await;
        let made = Self {
            state,
            subject: A::subject(&tenant),
            tenant,
            owner: A::owner(Template::get().await),
        };
        // Nobody is signed in so far.
        made.run("DELETE FROM session", []).await;
        made
    }

    pub(super) async fn add(&self, email: &str, role: &str) -> Uuid {
        let id = Uuid::now_v7();
        let password = Password::parse(PASSWORD).unwrap();
        let hash = self.state.hasher.hash(&password).await.unwrap();
        let sql = format!(
            "INSERT INTO {} (id, email, name, role, password_hash, created_at) VALUES ($1, $2, 'Somebody', $3, $4, now())",
            A::USERS
        );
        let values = [id.into(), email.into(), role.into(), hash.into()];
        self.run(&sql, values).await;
        id
    }

    pub(super) fn sessions(&self) -> Sessions<'_, A> {
        Sessions::new(&self.state, &self.subject)
    }

    pub(super) async fn login(&self) -> SignedIn<A> {
        let login = self.try_login(A::OWNER, PASSWORD);
        login.await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) async fn try_login(&self, email: &str, password: &str) -> Result<SignedIn<A>> {
        self.sessions()
            .login(anyone(), email, password.into())
            .await
    }

    pub(super) async fn refresh(&self, token: &str) -> Result<SignedIn<A>> {
        self.sessions().refresh(anyone(), token).await
    }

    pub(super) async fn change(&self, who: &Principal, current: &str, new: &str) -> Result<Uuid> {
        let (can, current, new) = (who.can()?, current.into(), new.into());
        let changed = self
            .sessions()
            .change_password(can, who, current, new)
            .await;
        changed.map(|user| A::id(&user))
    }

    pub(super) async fn logout(&self, who: &Principal, everywhere: bool) -> u64 {
        let can = who.can().unwrap();
        self.sessions().logout(can, who, everywhere).await.unwrap()
    }

    /// Whom an access token is for.
    pub(super) fn principal(&self, signed_in: &SignedIn<A>) -> Principal {
        let (token, realm) = (&signed_in.access.token, A::audience(&self.tenant));
        self.state.tokens.verify(token, realm, Utc::now()).unwrap()
    }

    /// Lets time pass for everything that has happened in this realm.
    pub(super) async fn pass(&self, time: TimeDelta) {
        let interval = format!("interval '{} milliseconds'", time.num_milliseconds());
        let sql = format!(
            "UPDATE session SET created_at = created_at - {interval}, expires_at = expires_at - {interval},
             rotated_at = rotated_at - {interval}, revoked_at = revoked_at - {interval}"
        );
        self.run(&sql, []).await;
    }

    pub(super) async fn disable(&self, user: Uuid, at: &str) {
        let sql = format!("UPDATE {} SET disabled_at = {at} WHERE id = $1", A::USERS);
        self.run(&sql, [user.into()]).await;
    }

    pub(super) async fn run(&self, sql: &str, values: impl IntoIterator<Item = Value>) {
        let db = A::open(&self.state, &self.subject, Access::Write);
        db.execute_raw(statement(&db, sql, values)).await.unwrap();
        db.commit().await.unwrap();
    }

    pub(super) async fn read<T: TryGetable>(&self, sql: &str) -> Vec<T> {
        let db = A::open(&self.state, &self.subject, Access::Read);
        let rows = db.query_all_raw(statement(&db, sql, [])).await.unwrap();
        let value = |row: &QueryResult| row.try_get_by_index(0).unwrap();
        rows.iter().map(value).collect()
    }

    /// Until so many transactions wait for a row that another one holds.
    pub(super) async fn until_waiting(&self, count: i64) {
        let waiting = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.ask::<i64>(waiting).await < count {
            assert!(Instant::now() < deadline, "nobody waits");
        }
    }

    /// What only an operator sees.
    async fn ask<T: TryGetable>(&self, sql: &str) -> T {
        let db = self.state.operator.shared(Access::Read);
        let row = db.query_one_raw(statement(&db, sql, [])).await.unwrap();
        row.unwrap().try_get_by_index(0).unwrap()
    }

    pub(super) async fn alive(&self) -> i64 {
        let sql = "SELECT count(*) FROM session WHERE revoked_at IS NULL";
        self.read(sql).await[0]
    }
}

pub(super) fn statement<R: Send + Sync>(
    db: &Scoped<R>,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

pub(super) fn anyone() -> Can<SignIn> {
    Caller::Anonymous.can().unwrap()
}

pub(super) fn refusal<T>(result: Result<T>) -> Refusal {
    match result {
        Err(Error::Refused(mut refusals)) if refusals.len() == 1 => refusals.remove(0),
        Err(error) => panic!("failed: {error}"),
        Ok(_) => panic!("went well"),
    }
}

pub(super) fn secret<A: Accounts>(signed_in: &SignedIn<A>) -> String {
    signed_in.refresh.clone().expect("a refresh token")
}

/// The server's parts before a database like the template, which may be behind a proxy.
pub(super) fn state(url: &str, settings: &[(&'static str, &str)]) -> Arc<State> {
    let own = |&(name, value): &(_, &str)| (name, value.to_owned());
    server::state(url, &settings.iter().map(own).collect())
}

pub(super) async fn fresh_database() -> String {
    let template = Template::get().await;
    clone_of_database(&template.url).await.unwrap()
}

/// A demo shop that may be entered.
pub(super) async fn shop(state: &State, slug: &str) -> ActiveTenant {
    let domain = format!("{slug}.localhost").parse().unwrap();
    let tenant = state.directory.find(&domain).await.unwrap().unwrap();
    tenant.enter(state.histories.tenant.latest()).unwrap()
}
