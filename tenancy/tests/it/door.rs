use sea_orm::ConnectionTrait;
use tenancy::testing::{FIRST, Proxy, Way, logins, two_shops, two_shops_by};
use tenancy::{Access, Database, Error, PoolOptions};

use crate::support::{
    Outside, STATES, get, names, nobody_idles_in_transaction, path, path_of, pool_of_one,
    pool_of_one_at, run, statement, watched, with,
};

tenancy::both_ways! {
    a_scope_that_is_never_used_takes_no_connection,
    the_end_of_a_read_scope_is_not_awaited,
    writes_are_kept_by_commit_and_by_nothing_else,
    a_read_scope_refuses_writes,
    a_read_scope_is_one_snapshot,
    a_scope_names_its_schema_and_temporary_tables_last,
    c19_whoever_leaves_the_transaction_sees_nothing,
    several_statements_in_one_text_are_refused,
    clones_share_one_transaction,
    a_pool_takes_the_next_connection_when_its_own_have_died,
}

async fn a_scope_that_is_never_used_takes_no_connection(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);

    let unused = database.tenant(&shops.python, Access::Write);
    let other = database.tenant(&shops.ruby, Access::Read);

    // With a single connection this would wait for ever, had the first scope taken it.
    assert_eq!(names(&other).await.unwrap(), ["Diamond", "Emerald"]);
    unused.commit().await.unwrap();
}

#[tokio::test]
async fn entering_and_reading_a_row_costs_three_round_trips() {
    let shops = two_shops().await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let request = async || {
        let db = database.tenant(&shops.python, Access::Read);
        let by_id = with("SELECT name FROM employee WHERE id = $1", [FIRST.into()]);
        let row = db.query_one_raw(by_id).await.unwrap().unwrap();
        assert_eq!(row.try_get::<String>("", "name").unwrap(), "Cobra");
        let spent = proxy.flights();
        db.end().await;
        spent
    };
    request().await; // prepares
    nobody_idles_in_transaction(&shops.url).await;
    proxy.forget();

    let spent = request().await;

    assert_eq!(spent, 2, "one to enter, one to read");
    nobody_idles_in_transaction(&shops.url).await;
    assert_eq!(
        proxy.flights(),
        3,
        "and one to leave, for which nobody waits"
    );
    let begin = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL ROLE {schema}; \
         SET LOCAL search_path TO {schema}, pg_temp",
        schema = shops.python.schema.quoted()
    );
    assert_eq!(
        proxy.statements(),
        [
            begin.as_str(),
            "SELECT name FROM employee WHERE id = $1",
            "ROLLBACK"
        ]
    );
}

async fn the_end_of_a_read_scope_is_not_awaited(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let db = database.tenant(&shops.python, Access::Read);
    names(&db).await.unwrap();

    proxy.hold();
    // No answer can come, so whoever waits for one waits for ever.
    db.end().await;
    proxy.resume();

    assert!(matches!(db.commit().await, Err(Error::Ended)));
    nobody_idles_in_transaction(&shops.url).await;
}

async fn writes_are_kept_by_commit_and_by_nothing_else(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let hire = async |name: &str| {
        let db = database.tenant(&shops.python, Access::Write);
        let sql = format!("INSERT INTO employee VALUES (gen_random_uuid(), '{name}')");
        assert_eq!(run(&db, &sql).await.unwrap(), 1);
        db
    };

    drop(hire("Dropped").await);
    hire("Ended").await.end().await;
    hire("Kept").await.commit().await.unwrap();

    let db = database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Cobra", "Kept", "Viper"]);
}

async fn a_read_scope_refuses_writes(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let hire = "INSERT INTO employee VALUES (gen_random_uuid(), 'Boa')";

    let read = shops.database.tenant(&shops.python, Access::Read);
    let error = run(&read, hire).await.unwrap_err();
    assert!(
        error.to_string().contains("read-only transaction"),
        "{error}"
    );

    let write = shops.database.tenant(&shops.python, Access::Write);
    assert_eq!(run(&write, hire).await.unwrap(), 1);
}

async fn a_read_scope_is_one_snapshot(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let read = shops.database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&read).await.unwrap(), ["Cobra", "Viper"]);

    let write = shops.database.tenant(&shops.python, Access::Write);
    run(&write, "DELETE FROM employee").await.unwrap();
    write.commit().await.unwrap();

    assert_eq!(names(&read).await.unwrap(), ["Cobra", "Viper"]);
    let later = shops.database.tenant(&shops.python, Access::Read);
    assert!(names(&later).await.unwrap().is_empty());
}

async fn a_scope_names_its_schema_and_temporary_tables_last(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Write);
    assert_eq!(path(&db).await, path_of(&shops.python));
    let schemas = "SELECT current_schemas(true)";
    let seen: Vec<String> = get(&db, schemas).await.unwrap();
    assert_eq!(seen, ["pg_catalog", shops.python.schema.as_str()]);

    // Who may make one doesn't see it in place of the tenant's.
    let operator = shops.operator.tenant(&shops.python, Access::Write);
    run(&operator, "CREATE TEMPORARY TABLE employee (name text)")
        .await
        .unwrap();
    let seen: Vec<String> = get(&operator, schemas).await.unwrap();
    assert_eq!(seen[..2], ["pg_catalog", shops.python.schema.as_str()]);
    assert!(seen[2].starts_with("pg_temp_"), "{seen:?}");
    assert_eq!(names(&operator).await.unwrap(), ["Cobra", "Viper"]);
    operator.end().await;
    // And a tenant may not.
    let made = run(&db, "CREATE TEMPORARY TABLE employee (name text)").await;
    assert!(made.unwrap_err().to_string().contains("permission denied"));

    let shared = shops.database.shared(Access::Read);
    let seen: Vec<String> = get(&shared, schemas).await.unwrap();
    assert_eq!(seen, ["pg_catalog", "shared"]);
}

async fn c19_whoever_leaves_the_transaction_sees_nothing(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    Outside::of(&shops.url)
        .await
        .run("CREATE TABLE public.employee (name text)")
        .await;
    let db = shops.database.tenant(&shops.python, Access::Write);
    assert_eq!(names(&db).await.unwrap(), ["Cobra", "Viper"]);

    run(&db, "COMMIT").await.unwrap();

    let seen: Vec<String> = get(&db, "SELECT current_schemas(true)").await.unwrap();
    assert_eq!(seen, ["pg_catalog"]);
    let error = names(&db).await.unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
}

async fn several_statements_in_one_text_are_refused(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Write);
    let two = "SET LOCAL search_path TO public; SELECT 1";

    assert!(db.execute_unprepared(two).await.is_err());
    assert!(run(&db, two).await.is_err());

    let db = shops.database.tenant(&shops.python, Access::Write);
    run(&db, "SELECT 1").await.unwrap();
}

async fn clones_share_one_transaction(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Write);
    let clone = db.clone();
    run(&clone, "DELETE FROM employee").await.unwrap();
    assert!(names(&db).await.unwrap().is_empty());

    db.commit().await.unwrap();

    let error = names(&clone).await.unwrap_err();
    assert!(error.to_string().contains("the scope has ended"), "{error}");
    assert!(matches!(clone.commit().await, Err(Error::Ended)));
}

async fn a_pool_takes_the_next_connection_when_its_own_have_died(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let options = PoolOptions {
        max_connections: 3,
        ..PoolOptions::default()
    };
    let database = shops.door(&shops.address(3), &options).unwrap();
    let scopes = [(); 3].map(|()| database.tenant(&shops.python, Access::Read));
    for db in &scopes {
        names(db).await.unwrap();
    }
    drop(scopes);
    nobody_idles_in_transaction(&shops.url).await;
    let mut outside = Outside::of(&shops.url).await;
    let others = "pid <> pg_backend_pid() AND datname = current_database()";
    let kill = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}");
    outside.run(&kill).await;
    outside.until(STATES, <[String]>::is_empty).await;

    let db = database.tenant(&shops.ruby, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Diamond", "Emerald"]);
}

#[tokio::test]
async fn behind_a_pooler_nothing_is_kept_prepared_and_time_is_limited_all_the_same() {
    let shops = two_shops().await.unwrap();
    let options = PoolOptions {
        pooled: true,
        ..PoolOptions::default()
    };
    let proxy = Proxy::start(&shops.url).await.unwrap();
    let database = Database::new(&logins(proxy.url()), &options);

    let db = database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Cobra", "Viper"]);

    let kept: i64 = get(
        &db,
        "SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql",
    )
    .await
    .unwrap();
    assert_eq!(kept, 0);
    let timeout: String = get(&db, "SHOW statement_timeout").await.unwrap();
    assert_eq!(timeout, "10s");
    assert_eq!(
        db.query_all_raw(statement("SELECT 1")).await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn plans_are_made_for_tables_in_memory_unless_the_address_says_otherwise() {
    let shops = two_shops().await.unwrap();
    for (options, cost) in [("", "1.1"), ("?options=-c%20random_page_cost%3D3", "3")] {
        let address = format!("{}{options}", shops.address(1));
        let database = pool_of_one_at(&shops, &address);
        let db = database.tenant(&shops.python, Access::Read);
        let found: String = get(&db, "SHOW random_page_cost").await.unwrap();
        assert_eq!(found, cost, "{address}");
    }
}
