use std::sync::Arc;

use tenancy::testing::{
    ShopMigrations, Shops, SupplierMigrations, Way, fresh_database, shops_of, two_shops,
    two_shops_by,
};
use tenancy::{
    Access, ActiveTenant, Database, History, Isolation, Logins, Operator, PoolOptions, SchemaName,
    Tenant, TenantDb, TenantId,
};

use crate::support::{Outside, get, names, run};

tenancy::both_ways! {
    a_statement_that_names_another_schema_is_refused,
    no_scope_of_a_tenant_alters_structure,
    the_shared_realms_roles_keep_to_their_tables,
    a_table_of_a_later_migration_is_granted_when_it_is_made,
    what_is_not_promised_a_statement_may_set_another_role,
}

/// Why PostgreSQL refuses a statement in a fresh scope of the shop.
async fn refusal(shops: &Shops, sql: &str) -> String {
    let db = shops.database.tenant(&shops.python, Access::Write);
    let error = run(&db, sql).await.expect_err(sql);
    error.to_string()
}

async fn may(shops: &Shops, sql: &str) -> TenantDb {
    let db = shops.database.tenant(&shops.python, Access::Write);
    run(&db, sql).await.expect(sql);
    db
}

async fn a_statement_that_names_another_schema_is_refused(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let (own, other) = (shops.python.schema.quoted(), shops.ruby.schema.quoted());
    for statement in [
        "SELECT name FROM {}.employee",
        "SELECT (SELECT count(*) FROM {}.employee)",
        "INSERT INTO {}.employee SELECT gen_random_uuid(), 'Mallory'",
        "UPDATE {}.employee SET name = 'Mallory'",
        "DELETE FROM {}.employee",
    ] {
        may(&shops, &statement.replace("{}", &own)).await;
        for foreign in [other.as_str(), "shared"] {
            let foreign = statement
                .replace("{}", foreign)
                .replace("shared.employee", "shared.supplier");
            let why = refusal(&shops, &foreign).await;
            assert!(
                why.contains("permission denied for schema"),
                "{why}: {foreign}"
            );
        }
    }
    let ruby = shops.database.tenant(&shops.ruby, Access::Read);
    assert_eq!(names(&ruby).await.unwrap(), ["Diamond", "Emerald"]);
}

async fn no_scope_of_a_tenant_alters_structure(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    for statement in [
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE VIEW mine AS SELECT 1",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA mine",
        "ALTER TABLE employee ADD email text",
        "ALTER TABLE employee DISABLE ROW LEVEL SECURITY",
        "CREATE INDEX mine ON employee (name)",
        "DROP TABLE employee",
        "TRUNCATE employee",
        "CREATE ROLE mine",
        "CREATE TABLE public.mine (id int)",
    ] {
        let why = refusal(&shops, statement).await;
        let denied = why.contains("permission denied") || why.contains("must be owner");
        assert!(denied, "{why}: {statement}");
    }
    may(&shops, "UPDATE employee SET name = name").await;
}

#[tokio::test]
async fn a_login_without_a_role_touches_nothing() {
    let shops = two_shops().await.unwrap();
    let mut outside = Outside::of(&shops.url).await;
    let login = shops.logins.login(1);
    outside
        .run(&format!("SET SESSION AUTHORIZATION {login}"))
        .await;
    let readable = "SELECT n.nspname FROM pg_namespace n
        WHERE n.nspname !~ '^(pg_|information_schema)' AND has_schema_privilege(n.oid, 'USAGE')";
    assert_eq!(
        outside.all(readable).await,
        ["public"],
        "which holds nothing"
    );
    let creatable =
        "SELECT n.nspname FROM pg_namespace n WHERE has_schema_privilege(n.oid, 'CREATE')";
    assert_eq!(outside.all(creatable).await, Vec::<String>::new());
    // With a role it does: so it is the role that makes the difference.
    outside
        .run(&format!("SET ROLE {}", shops.python.schema.quoted()))
        .await;
    let mut readable = outside.all(readable).await;
    readable.sort();
    assert_eq!(readable, ["public", shops.python.schema.as_str()]);
}

async fn the_shared_realms_roles_keep_to_their_tables(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let count = "SELECT count(*) FROM supplier";
    let shared = || shops.database.shared(Access::Write);
    assert_eq!(get::<i64>(&shared(), count).await.unwrap(), 1);
    run(
        &shared(),
        "INSERT INTO supplier SELECT gen_random_uuid(), 'Emca'",
    )
    .await
    .unwrap();
    let foreign = format!("SELECT name FROM {}.employee", shops.python.schema.quoted());
    for refused in [
        "UPDATE supplier SET name = 'Mallory'",
        "DELETE FROM supplier",
        "DELETE FROM schema_migration",
        "ALTER TABLE supplier ADD email text",
        &foreign,
    ] {
        let why = run(&shared(), refused)
            .await
            .expect_err(refused)
            .to_string();
        assert!(
            why.contains("permission denied") || why.contains("must be owner"),
            "{why}"
        );
    }
    // What isn't said to be readable, the directory doesn't read.
    let directory = shops.database.directory();
    let why = get::<i64>(&directory, count)
        .await
        .expect_err("unreadable")
        .to_string();
    assert!(why.contains("permission denied"), "{why}");
    let ledger = "SELECT count(*) FROM schema_migration";
    assert_eq!(
        get::<i64>(&shops.database.directory(), ledger)
            .await
            .unwrap(),
        3
    );
}

#[tokio::test]
async fn who_reads_the_fleet_changes_nothing_of_it() {
    let shops = two_shops().await.unwrap();
    for tenant in [&shops.python, &shops.ruby] {
        let db = shops.operator.tenant(tenant, Access::Read);
        assert_eq!(names(&db).await.unwrap().len(), 2);
        let fleet = get::<String>(&db, "SELECT current_user::text")
            .await
            .unwrap();
        assert_eq!(fleet, format!("{}_fleet", shops.logins.login(1)));
        let writable = "SELECT has_table_privilege('employee', 'INSERT, UPDATE, DELETE, TRUNCATE')";
        assert!(!get::<bool>(&db, writable).await.unwrap());
        let accounts = "SELECT has_schema_privilege('shared', 'USAGE')";
        assert!(!get::<bool>(&db, accounts).await.unwrap());
    }
}

async fn a_table_of_a_later_migration_is_granted_when_it_is_made(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let operator = shops.operator.tenant(&shops.python, Access::Write);
    run(&operator, "CREATE TABLE later (id int)").await.unwrap();
    operator.commit().await.unwrap();
    may(&shops, "INSERT INTO later VALUES (1)").await;
    may(&shops, "SELECT * FROM later").await;
}

#[tokio::test]
async fn a_further_login_has_its_own_tenants_and_no_others() {
    let shops = two_shops().await.unwrap();
    let entered = enter_second(&shops).await;
    let second = Tenant::clone(&entered);
    let db = shops.database.tenant(&entered, Access::Read);
    let session = get::<String>(&db, "SELECT session_user::text")
        .await
        .unwrap();
    assert_eq!(session, shops.logins.login(2));
    assert_eq!(names(&db).await.unwrap(), Vec::<String>::new());
    assert_eq!(shops.database.audit(Some(&entered)).await.unwrap(), []);
    // By the first login it can't be entered, nor the others by the second.
    for (tenant, login) in [(&second, 1), (&*shops.python, 2)] {
        let wrong = Tenant {
            login,
            ..tenant.clone()
        };
        let wrong = Arc::new(wrong).enter(shops.history.latest()).unwrap();
        let db = shops.database.tenant(&wrong, Access::Read);
        let why = names(&db).await.unwrap_err().to_string();
        assert!(why.contains("permission denied to set role"), "{why}");
    }
}

async fn served_elsewhere(shops: &Shops) -> Tenant {
    let id = TenantId::new();
    assert_eq!(shops.operator.ungranted().await.unwrap().len(), 0);
    Tenant {
        id,
        slug: "perl".parse().unwrap(),
        schema: SchemaName::of(id),
        ..Tenant::clone(&shops.python)
    }
}

/// What was made with the path alone is granted when it is migrated with roles.
#[tokio::test]
async fn tenants_of_before_there_were_roles_get_theirs() {
    let url = fresh_database().await.unwrap();
    let by_path = Logins::new(&url, &url, Isolation::Path).unwrap();
    let shops = shops_of(url.clone(), by_path, Way::Direct).await.unwrap();
    let mut outside = Outside::of(&url).await;
    let roles = format!(
        "SELECT rolname FROM pg_roles WHERE rolname = '{}'",
        shops.python.schema
    );
    assert_eq!(outside.all(&roles).await.len(), 0);

    let logins = tenancy::testing::logins(&url);
    let operator = Operator::new(&logins, &PoolOptions::default());
    let ungranted = operator.ungranted().await.unwrap();
    assert_eq!(ungranted.len(), 2);
    assert!(ungranted.contains(shops.python.schema.as_str()));
    History::of::<SupplierMigrations>(&[])
        .migrate_shared(&operator)
        .await
        .unwrap();
    let history = History::of::<ShopMigrations>(&[]);
    for tenant in [&shops.python, &shops.ruby] {
        let applied = history.migrate_tenant(&operator, tenant).await.unwrap();
        assert_eq!(applied, Vec::<String>::new(), "the version stays");
    }

    assert!(operator.ungranted().await.unwrap().is_empty());
    let database = Database::new(&logins, &PoolOptions::default());
    assert_eq!(database.audit(Some(&shops.python)).await.unwrap(), []);
    let db = database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Cobra", "Viper"]);
}

/// Where two users are given and no roles wanted, the serving one is granted the rows.
#[tokio::test]
async fn by_the_path_alone_the_serving_login_is_granted_rows_and_no_structure() {
    let url = fresh_database().await.unwrap();
    let serving = of_user(
        &url,
        &format!("path_{}", TenantId::new().as_uuid().simple()),
    );
    let logins = Logins::new(&serving, &url, Isolation::Path).unwrap();
    let shops = shops_of(url, logins, Way::Direct).await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Write);
    assert_eq!(names(&db).await.unwrap(), ["Cobra", "Viper"]);
    let why = refusal(&shops, "CREATE TABLE mine (id int)").await;
    assert!(why.contains("permission denied"), "{why}");
    // What this level doesn't promise.
    may(
        &shops,
        &format!("SELECT * FROM {}.employee", shops.ruby.schema.quoted()),
    )
    .await;
}

/// The limit of roles: a statement that runs as a tenant may set another role of its login. So no
/// text of a user's may ever become a statement; here it is shown, lest somebody promises it.
async fn what_is_not_promised_a_statement_may_set_another_role(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let set = format!("SELECT set_config('role', '{}', true)", shops.ruby.schema);
    let db = may(&shops, &set).await;
    let stolen = format!("SELECT name FROM {}.employee", shops.ruby.schema.quoted());
    run(&db, &stolen).await.unwrap();
    // It ends with the transaction, whatever it did.
    db.end().await;
    let db = shops.database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Cobra", "Viper"]);
    // And it never gets beyond the tenants of that login.
    for role in ["postgres", "pg_read_all_data", "postgres_serving_fleet"] {
        let set = format!("SELECT set_config('role', '{role}', true)");
        let why = refusal(&shops, &set).await;
        assert!(why.contains("permission denied to set role"), "{why}");
    }
}

/// The address with another user, and a password.
pub(crate) fn of_user(url: &str, user: &str) -> String {
    let (_, place) = url.rsplit_once('@').unwrap();
    format!("postgres://{user}:a-password-of-theirs@{place}")
}

/// As the documents tell to set it up: the owner of the database may make roles, and is no superuser.
#[tokio::test]
async fn an_owner_who_is_no_superuser_can_do_all_of_it() {
    let url = fresh_database().await.unwrap();
    let mut outside = Outside::of(&url).await;
    let name = format!("owner_{}", TenantId::new().as_uuid().simple());
    let database = outside
        .all("SELECT current_database()::text")
        .await
        .remove(0);
    let make = format!("CREATE ROLE {name} LOGIN CREATEROLE PASSWORD 'a-password-of-theirs'");
    outside.run(&make).await;
    outside
        .run(&format!("ALTER DATABASE {database} OWNER TO {name}"))
        .await;
    let own = of_user(&url, &name);
    let logins = Logins::new(&own, &own, Isolation::Role).unwrap();
    let shops = shops_of(url, logins, Way::Direct).await.unwrap();
    assert_eq!(shops.database.audit(Some(&shops.python)).await.unwrap(), []);
    for tenant in [&shops.python, &shops.ruby] {
        let db = shops.operator.tenant(tenant, Access::Read);
        assert_eq!(names(&db).await.unwrap().len(), 2);
    }
    let entered = enter_second(&shops).await;
    assert_eq!(shops.database.audit(Some(&entered)).await.unwrap(), []);
    // Migrating again changes nothing, and makes nothing twice.
    let again = History::of::<SupplierMigrations>(&[]);
    let applied = again.migrate_shared(&shops.operator).await.unwrap();
    assert_eq!(applied, Vec::<String>::new());
}

/// The number of a login is of no account where no roles are wanted.
#[tokio::test]
async fn by_the_path_alone_one_login_serves_any_number_of_tenants() {
    let url = fresh_database().await.unwrap();
    let logins = Logins::new(&url, &url, Isolation::Path).unwrap();
    let shops = shops_of(url, logins, Way::Direct).await.unwrap();
    let entered = enter_second(&shops).await;
    let db = shops.database.tenant(&entered, Access::Read);
    assert_eq!(names(&db).await.unwrap(), Vec::<String>::new());
    assert_eq!(shops.database.audit(Some(&entered)).await.unwrap(), []);
}

/// A new tenant of the second login.
async fn enter_second(shops: &Shops) -> ActiveTenant {
    let second = Tenant {
        login: 2,
        ..served_elsewhere(shops).await
    };
    let made = shops.history.migrate_tenant(&shops.operator, &second).await;
    made.unwrap();
    Arc::new(second).enter(shops.history.latest()).unwrap()
}
