use std::sync::Arc;

use tenancy::testing::{
    Pooler, Shops, SupplierMigrations, Way, cluster, fresh_database, shops_of, two_shops_by,
};
use tenancy::{
    Access, Danger, Database, History, Isolation, Logins, Operator, PoolOptions, Tenant, TenantId,
};

use crate::rights::of_user;
use crate::support::{Outside, run};

/// Shops served by a login of their own, since logins are the whole cluster's.
struct Ground {
    shops: Shops,
    outside: Outside,
    login: String,
}

impl Ground {
    async fn new() -> Self {
        let url = fresh_database().await.unwrap();
        let login = format!("serving_{}", TenantId::new().as_uuid().simple());
        let logins = Logins::new(&of_user(&url, &login), &url, Isolation::Role).unwrap();
        let outside = Outside::of(&url).await;
        Self {
            shops: shops_of(url, logins, Way::Direct).await.unwrap(),
            outside,
            login,
        }
    }

    async fn dangers(&self) -> Vec<Danger> {
        let Shops { logins, python, .. } = &self.shops;
        // As when a server starts, with no connection to spare.
        let options = PoolOptions {
            max_connections: 1,
            ..PoolOptions::default()
        };
        let database = Database::new(logins, &options);
        let dangers = database.audit(Some(python)).await.unwrap();
        database.close().await;
        dangers
    }

    /// Finds this after `harm`, and nothing before or after `remedy`.
    async fn finds(&mut self, code: &str, harm: &str, remedy: Option<&str>) {
        let harm = self.filled(harm);
        assert_eq!(self.dangers().await, [], "before {harm}");
        self.outside.run(&harm).await;
        let dangers = self.dangers().await;
        let mut codes: Vec<_> = dangers.iter().map(|danger| danger.code).collect();
        // What is everybody's is each login's.
        codes.dedup();
        assert_eq!(codes, [code], "{dangers:?} after {harm}");
        let told = dangers[0].remedy.split(", or ").next().unwrap().to_owned();
        let remedy = remedy.map_or(told, |remedy| self.filled(remedy));
        self.outside.run(&remedy).await;
        assert_eq!(self.dangers().await, [], "after {remedy}");
    }

    fn filled(&self, sql: &str) -> String {
        sql.replace("LOGIN_", &self.login)
            .replace("PYTHON", self.shops.python.schema.as_str())
            .replace("RUBY", self.shops.ruby.schema.as_str())
    }
}

#[tokio::test]
async fn a_login_that_is_more_than_it_should_be_is_found_and_its_remedy_mends_it() {
    let mut ground = Ground::new().await;
    for attribute in [
        "SUPERUSER",
        "CREATEROLE",
        "INHERIT",
        "BYPASSRLS",
        "CREATEDB",
        "REPLICATION",
    ] {
        let harm = format!("ALTER ROLE LOGIN_ {attribute}");
        ground.finds("login-attributes", &harm, None).await;
    }
}

#[tokio::test]
async fn a_login_that_may_become_more_is_found_by_however_many_steps() {
    let mut ground = Ground::new().await;
    let harm = "GRANT pg_read_all_data TO LOGIN_";
    ground.finds("login-membership", harm, None).await;
    let harm = "GRANT LOGIN__fleet TO LOGIN_";
    ground.finds("login-membership", harm, None).await;
    ground
        .outside
        .run(&ground.filled("CREATE ROLE LOGIN__step"))
        .await;
    let harm = "GRANT LOGIN__step TO \"PYTHON\"";
    let remedy = "REVOKE LOGIN__step FROM \"PYTHON\"";
    ground.finds("login-membership", harm, Some(remedy)).await;
    for role in ["\"PYTHON\"", "LOGIN__shared", "LOGIN__directory"] {
        let harm = format!("ALTER ROLE {role} SUPERUSER");
        ground.finds("role-rights", &harm, None).await;
    }
}

#[tokio::test]
async fn what_a_login_may_without_a_role_is_found() {
    let mut ground = Ground::new().await;
    let database = ground
        .outside
        .all("SELECT current_database()::text")
        .await
        .remove(0);
    let harm = format!("GRANT TEMPORARY ON DATABASE {database} TO PUBLIC");
    ground.finds("login-rights", &harm, None).await;
    let harm = format!("GRANT CREATE ON DATABASE {database} TO LOGIN_");
    ground.finds("login-rights", &harm, None).await;
    ground
        .finds(
            "login-rights",
            "GRANT CREATE ON SCHEMA public TO PUBLIC",
            None,
        )
        .await;
}

#[tokio::test]
async fn guests_in_a_schema_are_found() {
    let mut ground = Ground::new().await;
    for guest in [
        "\"RUBY\"",
        "PUBLIC",
        "LOGIN_",
        "LOGIN__shared",
        "LOGIN__directory",
    ] {
        let harm = format!("GRANT USAGE ON SCHEMA \"PYTHON\" TO {guest}");
        ground.finds("role-rights", &harm, None).await;
    }
    let harm = "GRANT CREATE ON SCHEMA \"PYTHON\" TO \"PYTHON\"";
    ground.finds("role-rights", harm, None).await;
    let harm = "GRANT USAGE ON SCHEMA shared TO \"PYTHON\"";
    ground.finds("role-rights", harm, None).await;
    // Whom no request can become is the operators' guest.
    ground
        .outside
        .run(&ground.filled("CREATE ROLE LOGIN__reports"))
        .await;
    ground
        .outside
        .run(&ground.filled("GRANT USAGE ON SCHEMA \"PYTHON\" TO LOGIN__reports"))
        .await;
    assert_eq!(ground.dangers().await, []);
}

#[tokio::test]
async fn schemas_of_others_and_tables_in_public_are_found() {
    let mut ground = Ground::new().await;
    ground
        .outside
        .run(&ground.filled("CREATE ROLE LOGIN__other"))
        .await;
    let harm = "ALTER SCHEMA \"PYTHON\" OWNER TO LOGIN__other";
    ground.finds("schema-owner", harm, None).await;
    let harm = "CREATE TABLE public.employee (name text)";
    let remedy = "DROP TABLE public.employee";
    ground.finds("public-not-empty", harm, Some(remedy)).await;
    let remedy = "DROP SCHEMA unscoped CASCADE";
    ground
        .finds("default-path", "CREATE SCHEMA unscoped", Some(remedy))
        .await;
}

#[tokio::test]
async fn a_tenant_that_cannot_be_entered_and_a_login_that_is_not_let_in_are_found() {
    let mut ground = Ground::new().await;
    let remedy = "GRANT \"PYTHON\" TO LOGIN_";
    ground
        .finds(
            "scope-refused",
            "REVOKE \"PYTHON\" FROM LOGIN_",
            Some(remedy),
        )
        .await;
    let remedy = "ALTER ROLE LOGIN_ LOGIN";
    ground
        .finds("login-refused", "ALTER ROLE LOGIN_ NOLOGIN", Some(remedy))
        .await;
}

/// Not a limit on the clock: who asks a thousand tenants' roles needs as many questions as for two.
#[tokio::test]
async fn the_audit_asks_a_fixed_number_of_questions() {
    let ground = Ground::new().await;
    let proxy = tenancy::testing::Proxy::start(&ground.shops.url)
        .await
        .unwrap();
    let serving = of_user(proxy.url(), &ground.login);
    let logins = Logins::new(&serving, &ground.shops.url, Isolation::Role).unwrap();
    let database = Database::new(&logins, &PoolOptions::default());
    let dangers = database.audit(Some(&ground.shops.python)).await.unwrap();
    assert_eq!(dangers, []);
    assert!(proxy.statements().len() <= 24, "{:?}", proxy.statements());
}

#[tokio::test]
async fn behind_a_pooler_the_way_in_and_out_is_tried_on_one_backend() {
    let shops = two_shops_by(Way::Pooled).await.unwrap();
    assert_eq!(shops.database.audit(Some(&shops.python)).await.unwrap(), []);
    // One that nobody told of is found, by what it refuses.
    let untold = Database::new(&shops.logins, &PoolOptions::default());
    let dangers = untold.audit(Some(&shops.python)).await.unwrap();
    assert_eq!(dangers[0].code, "pooler", "{dangers:?}");
}

#[tokio::test]
async fn a_pooler_in_statement_mode_is_found() {
    let shops = two_shops_by(Way::Pooled).await.unwrap();
    let pooler = Pooler::start_in_mode("statement", &cluster().url("postgres"), 1).unwrap();
    let database = shops
        .door(&pooler.url(&shops.url), &PoolOptions::default())
        .unwrap();
    let dangers = database.audit(Some(&shops.python)).await.unwrap();
    assert_eq!(dangers[0].code, "pooler-mode", "{dangers:?}");
}

#[tokio::test]
async fn what_belongs_to_those_who_serve_is_found() {
    let mut ground = Ground::new().await;
    let harm = "ALTER TABLE \"PYTHON\".employee OWNER TO \"PYTHON\"";
    ground.finds("owner", harm, None).await;
    let harm = "ALTER TABLE shared.supplier OWNER TO LOGIN_";
    ground.finds("owner", harm, None).await;
    // All of it at once, as after one login was divided into two.
    let owner = |of: &str| {
        let schemas = ["shared", "\"PYTHON\"", "\"RUBY\""];
        let alter = schemas.map(|schema| format!("ALTER SCHEMA {schema} OWNER TO {of}"));
        alter.join("; ")
    };
    let (harm, remedy) = (owner("LOGIN_"), owner("postgres"));
    ground.finds("owner", &harm, Some(&remedy)).await;
}

#[tokio::test]
async fn what_works_with_its_owners_rights_is_found() {
    let mut ground = Ground::new().await;
    let harm = "CREATE VIEW \"PYTHON\".peek AS SELECT * FROM \"RUBY\".employee";
    ground.finds("definer", harm, None).await;
    let schemas = ["\"PYTHON\"", "public"];
    for schema in schemas {
        let harm = format!(
            "CREATE FUNCTION {schema}.spy() RETURNS bigint SECURITY DEFINER LANGUAGE sql
             AS 'SELECT count(*) FROM \"RUBY\".employee'"
        );
        ground.finds("definer", &harm, None).await;
    }
    ground.outside.run("CREATE SCHEMA aside").await;
    let harm = "GRANT USAGE ON SCHEMA aside TO PUBLIC";
    ground.finds("role-rights", harm, None).await;
}

#[tokio::test]
async fn a_tenant_with_another_tenants_rights_is_found() {
    let mut ground = Ground::new().await;
    let harm = "GRANT \"RUBY\" TO \"PYTHON\"";
    ground.finds("login-membership", harm, None).await;
    // And it would have to become it: it inherits nothing.
    ground.outside.run(&ground.filled(harm)).await;
    let db = ground
        .shops
        .database
        .tenant(&ground.shops.python, Access::Read);
    let stolen = format!(
        "SELECT name FROM {}.employee",
        ground.shops.ruby.schema.quoted()
    );
    let why = run(&db, &stolen).await.unwrap_err().to_string();
    assert!(why.contains("permission denied"), "{why}");
}

#[tokio::test]
async fn each_login_is_tried() {
    let mut ground = Ground::new().await;
    let harm = "ALTER ROLE LOGIN__lookup NOLOGIN";
    let remedy = "ALTER ROLE LOGIN__lookup LOGIN";
    ground.finds("login-refused", harm, Some(remedy)).await;
    let harm = "REVOKE LOGIN__directory FROM LOGIN__lookup";
    let remedy = "GRANT LOGIN__directory TO LOGIN__lookup";
    ground.finds("scope-refused", harm, Some(remedy)).await;
    let second = Tenant {
        login: 2,
        ..Tenant::clone(&ground.shops.python)
    };
    ground
        .outside
        .run(&ground.filled("REVOKE \"PYTHON\" FROM LOGIN_"))
        .await;
    let Shops {
        history, operator, ..
    } = &ground.shops;
    history.migrate_tenant(operator, &second).await.unwrap();
    ground.shops.python = Arc::new(second).enter(history.latest()).unwrap();
    let harm = "ALTER ROLE LOGIN__2 NOLOGIN";
    let remedy = "ALTER ROLE LOGIN__2 LOGIN";
    ground.finds("login-refused", harm, Some(remedy)).await;
}

/// From the path alone to roles it is the setting, and migrating.
#[tokio::test]
async fn what_the_login_had_before_there_were_roles_is_taken_back() {
    let url = fresh_database().await.unwrap();
    let serving = of_user(
        &url,
        &format!("both_{}", TenantId::new().as_uuid().simple()),
    );
    let by_path = Logins::new(&serving, &url, Isolation::Path).unwrap();
    let shops = shops_of(url.clone(), by_path, Way::Direct).await.unwrap();
    let logins = Logins::new(&serving, &url, Isolation::Role).unwrap();
    let operator = Operator::new(&logins, &PoolOptions::default());
    let shared = History::of::<SupplierMigrations>(&[]);
    shared.migrate_shared(&operator).await.unwrap();
    for tenant in [&shops.python, &shops.ruby] {
        shops
            .history
            .migrate_tenant(&operator, tenant)
            .await
            .unwrap();
    }
    let database = Database::new(&logins, &PoolOptions::default());
    assert_eq!(database.audit(Some(&shops.python)).await.unwrap(), []);
}
