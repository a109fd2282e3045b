//! The database that every test's own is copied from: migrated and seeded once per run.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::app::{demo, fleet, tenants};
use api::auth::permission::ViewFleet;
use api::auth::{Caller, OperatorRole, Password, Principal, TenantRole};
use api::state::State;
use chrono::Utc;
use entity::shared::account;
use entity::tenant::user;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, EntityTrait, Set, Statement, Value};
use tenancy::{Access, Tenant};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::console;
use crate::server::{self, Settings};

/// What every copy has in common.
pub struct Template {
    pub url: String,
    tenants: BTreeMap<String, Shop>,
    operators: BTreeMap<&'static str, Uuid>,
}

/// A demo shop and who may sign in there.
struct Shop {
    tenant: Tenant,
    users: BTreeMap<&'static str, Uuid>,
}

impl Template {
    /// The one of this process, made by whoever asks first.
    pub async fn get() -> &'static Self {
        static TEMPLATE: OnceCell<Template> = OnceCell::const_new();
        TEMPLATE.get_or_init(make).await
    }

    /// A demo shop as the registry knows it.
    pub fn tenant(&self, slug: &str) -> &Tenant {
        &self.shop(slug).tenant
    }

    /// A demo shop's user of this role, signed in.
    pub fn user(&self, slug: &str, role: TenantRole) -> Principal {
        let shop = self.shop(slug);
        let user = shop.users[role.code()];
        Principal::of_tenant(shop.tenant.id.as_uuid(), user, session_of(user), role)
    }

    /// An operator of this role, signed in.
    pub fn operator(&self, role: OperatorRole) -> Principal {
        let user = self.operators[role.code()];
        Principal::operator(user, session_of(user), role)
    }

    fn shop(&self, slug: &str) -> &Shop {
        let shop = self.tenants.get(slug);
        shop.unwrap_or_else(|| panic!("the demo has no tenant {slug:?}"))
    }
}

/// The session of everybody's that the copies begin with.
fn session_of(user: Uuid) -> Uuid {
    Uuid::from_u128(!user.as_u128())
}

async fn make() -> Template {
    let url = tenancy::testing::fresh_database()
        .await
        .expect("a fresh database");
    let state = server::state(&url, &Settings::default());
    let console = console();
    let by = console.by().expect("a console may");
    fleet::migrate(
        &state,
        &by,
        &fleet::Scope::default(),
        fleet::Listener::default(),
    )
    .await
    .expect("an empty database can be migrated");
    demo::seed(&state, &console)
        .await
        .expect("an empty registry can be seeded");
    let password = Password::parse(demo::PASSWORD).expect("the demo's password is one");
    let hash = state.hasher.hash(&password).await.expect("a hash");
    let operators = hire_operators(&state, &hash).await;
    let mut shops = BTreeMap::new();
    for shop in &demo::SHOPS {
        shops.insert(shop.slug.to_owned(), settle(&state, shop.slug, &hash).await);
    }
    // Nobody may be connected to a database that is to be copied.
    state.database.close().await;
    state.operator.close().await;
    Template {
        url,
        tenants: shops,
        operators,
    }
}

/// `viewer@insula.test` beside the demo's operator.
async fn hire_operators(state: &State, hash: &str) -> BTreeMap<&'static str, Uuid> {
    let shared = state.operator.shared(Access::Write);
    let viewer = account::ActiveModel {
        email: Set("viewer@insula.test".to_owned()),
        name: Set("Viewer".to_owned()),
        role: Set(account::Role::Viewer),
        password_hash: Set(hash.to_owned()),
        created_at: Set(Utc::now()),
        ..Default::default()
    };
    viewer.insert(&shared).await.expect("a viewer");
    let all = account::Entity::find().all(&shared).await;
    sign_in(&shared, "account").await;
    shared.commit().await.expect("a viewer is kept");
    let code = |role| match role {
        account::Role::Operator => OperatorRole::Operator.code(),
        account::Role::Viewer => OperatorRole::Viewer.code(),
    };
    let all = all.expect("the accounts").into_iter();
    all.map(|account| (code(account.role), account.id))
        .collect()
}

/// `manager@<slug>.test` and `staff@<slug>.test` beside the demo's owner.
async fn settle(state: &Arc<State>, slug: &str, hash: &str) -> Shop {
    let can = Caller::Console.can::<ViewFleet>().expect("a console may");
    let shared = state.operator.shared(Access::Read);
    let row = tenants::by_slug(&shared, can, slug).await;
    let row = row.expect("the registry").expect("the demo's tenant");
    let tenant = tenants::known(&row).expect("its registration is sound");
    let db = state.operator.tenant(&tenant, Access::Write);
    for (role, code) in [
        (user::Role::Manager, "manager"),
        (user::Role::Staff, "staff"),
    ] {
        let user = user::ActiveModel {
            email: Set(format!("{code}@{slug}.test")),
            name: Set(format!("The {code} of {slug}")),
            role: Set(role),
            password_hash: Set(hash.to_owned()),
            created_at: Set(Utc::now()),
            ..Default::default()
        };
        user.insert(&db).await.expect("one more user");
    }
    let users = user::Entity::find().all(&db).await.expect("the users");
    sign_in(&db, r#""user""#).await;
    db.commit().await.expect("the users are kept");
    let code = |role| match role {
        user::Role::Owner => TenantRole::Owner.code(),
        user::Role::Manager => TenantRole::Manager.code(),
        user::Role::Staff => TenantRole::Staff.code(),
    };
    let users = users.into_iter().map(|user| (code(user.role), user.id));
    Shop {
        tenant,
        users: users.collect(),
    }
}

/// Somebody new at any tenant, signed in.
pub(crate) async fn hire(state: &State, tenant: &Tenant, role: TenantRole) -> Principal {
    let db = state.operator.tenant(tenant, Access::Write);
    let id = Uuid::now_v7();
    let sql = "INSERT INTO \"user\" (id, email, name, role, password_hash, created_at)
        VALUES ($1, $2, 'Somebody', $3, '', now())";
    let email = format!("{}@hired.test", id.simple());
    run(&db, sql, [id.into(), email.into(), role.code().into()]).await;
    begin_session(&db, id).await;
    db.commit().await.expect("somebody new is kept");
    Principal::of_tenant(tenant.id.as_uuid(), id, session_of(id), role)
}

/// Gives everybody of this table a session, for the tokens that tests mint by themselves.
async fn sign_in(db: &impl ConnectionTrait, users: &str) {
    let select = Statement::from_string(DbBackend::Postgres, format!("SELECT id FROM {users}"));
    for row in db.query_all_raw(select).await.expect("the users") {
        begin_session(db, row.try_get_by_index(0).expect("an id")).await;
    }
}

async fn begin_session(db: &impl ConnectionTrait, user: Uuid) {
    let sql = "INSERT INTO session (id, user_id, refresh_hash, created_at, expires_at)
        VALUES ($1, $2, sha256($1::text::bytea), now(), now() + interval '1 day')";
    run(db, sql, [session_of(user).into(), user.into()]).await;
}

async fn run(db: &impl ConnectionTrait, sql: &str, values: impl IntoIterator<Item = Value>) {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    db.execute_raw(statement).await.expect("a row");
}
