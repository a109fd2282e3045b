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
use sea_orm::{ActiveModelTrait, EntityTrait, Set};
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
        Principal::of_tenant(shop.tenant.id.as_uuid(), user, Uuid::now_v7(), role)
    }

    /// An operator of this role, signed in.
    pub fn operator(&self, role: OperatorRole) -> Principal {
        Principal::operator(self.operators[role.code()], Uuid::now_v7(), role)
    }

    fn shop(&self, slug: &str) -> &Shop {
        let shop = self.tenants.get(slug);
        shop.unwrap_or_else(|| panic!("the demo has no tenant {slug:?}"))
    }
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
