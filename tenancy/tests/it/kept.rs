use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, StreamTrait};
use tenancy::testing::{Shops, two_shops};
use tenancy::{Access, ActiveTenant, Database, PoolOptions, Tenant};

use crate::support::{NAMES, Outside, get, name, names, pool_of_one, run, statement};

/// Which statements this connection keeps of those that contain a word, as they were prepared.
async fn kept(database: &Database, tenant: &ActiveTenant, word: &str) -> Vec<String> {
    let db = database.tenant(tenant, Access::Read);
    let sql = format!(
        "SELECT statement FROM pg_prepared_statements \
         WHERE statement LIKE '%{word}%' AND statement NOT LIKE '%LIKE%' ORDER BY 1"
    );
    let rows = db.query_all_raw(statement(&sql)).await.unwrap();
    rows.iter()
        .map(|row| row.try_get_by_index(0).unwrap())
        .collect()
}

#[tokio::test]
async fn each_tenant_has_its_own_statements_and_keeps_their_plans() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    for _ in 0..8 {
        for tenant in [&shops.python, &shops.ruby] {
            names(&database.tenant(tenant, Access::Read)).await.unwrap();
        }
    }

    let texts = kept(&database, &shops.python, "employee").await;

    assert_eq!(texts.len(), 2, "{texts:?}");
    for (text, tenant) in texts.iter().zip([&shops.python, &shops.ruby]) {
        assert!(text.starts_with(&format!("/*{}.", tenant.schema)), "{text}");
        assert!(text.ends_with(&format!("*/ {NAMES}")), "{text}");
    }
    let plans = "SELECT sum(generic_plans)::bigint FROM pg_prepared_statements \
                 WHERE statement LIKE '%name FROM employee%'";
    let db = database.tenant(&shops.python, Access::Read);
    let generic: i64 = get(&db, plans).await.unwrap();
    assert!(
        generic > 0,
        "a statement without parameters is planned once"
    );
}

#[tokio::test]
async fn no_more_statements_are_kept_than_was_said() {
    let shops = two_shops().await.unwrap();
    let options = PoolOptions {
        max_connections: 1,
        statements_per_connection: 20,
        ..PoolOptions::default()
    };
    let database = shops.door(&shops.url, &options).unwrap();
    let db = database.tenant(&shops.python, Access::Read);
    for n in 0..20 {
        assert_eq!(get::<i32>(&db, &format!("SELECT {n}")).await.unwrap(), n);
    }
    let count = "SELECT count(*) FROM pg_prepared_statements";
    assert_eq!(get::<i64>(&db, count).await.unwrap(), 5);
    drop(db);
    names(&database.tenant(&shops.ruby, Access::Read))
        .await
        .unwrap();
    assert_eq!(database.gauges().statements, 5);
}

#[tokio::test]
async fn a_version_that_is_known_has_statements_of_its_own() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    names(&database.tenant(&shops.python, Access::Read))
        .await
        .unwrap();
    let migrated = Tenant {
        version: Some("m000002*/ DROP".to_owned()),
        ..Tenant::clone(&shops.python)
    };
    let migrated = Arc::new(migrated).enter(shops.history.latest()).unwrap();
    names(&database.tenant(&migrated, Access::Read))
        .await
        .unwrap();

    let texts = kept(&database, &shops.python, "employee").await;

    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts.iter().all(|text| !text.contains("DROP")), "{texts:?}");
}

/// Changes the type of a column without rewriting the table, which old snapshots would see empty.
async fn change(outside: &mut Outside, tenant: &ActiveTenant, kind: &str) {
    let schema = &tenant.schema;
    let alter = format!("ALTER TABLE {schema}.employee ALTER name TYPE {kind}");
    outside.run(&alter).await;
}

#[tokio::test]
async fn a_first_statement_that_is_out_of_date_is_asked_anew_and_nobody_notices() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    let mut outside = Outside::of(&shops.url).await;
    let pid = async |tenant| {
        let db = database.tenant(tenant, Access::Read);
        get::<i32>(&db, "SELECT pg_backend_pid()").await.unwrap()
    };
    let before = pid(&shops.python).await;
    for (kind, access) in [
        ("varchar", Access::Read),
        ("text", Access::Write),
        ("varchar", Access::Write),
    ] {
        for tenant in [&shops.python, &shops.ruby] {
            names(&database.tenant(tenant, Access::Read)).await.unwrap();
        }
        change(&mut outside, &shops.python, kind).await;
        let db = database.tenant(&shops.python, access);
        assert_eq!(names(&db).await.unwrap(), ["Cobra", "Viper"]);
        if access == Access::Write {
            run(&db, "UPDATE employee SET name = name").await.unwrap();
        }
        db.commit().await.unwrap();
    }
    // As a stream too.
    change(&mut outside, &shops.python, "text").await;
    {
        use futures::TryStreamExt;
        let db = database.tenant(&shops.python, Access::Read);
        let rows = db.stream_raw(statement(NAMES)).await.unwrap();
        let rows: Vec<_> = rows.try_collect().await.unwrap();
        assert_eq!(name(&rows[0]).unwrap(), "Cobra");
    }
    assert_eq!(pid(&shops.python).await, before, "the connection was kept");
    // Of the neighbour's nothing was forgotten.
    let ruby = shops.ruby.schema.as_str();
    let texts = kept(&database, &shops.ruby, "employee").await;
    let ruby: Vec<_> = texts.iter().filter(|text| text.contains(ruby)).collect();
    assert!(ruby.len() == 1 && ruby[0].contains(".0*/"), "{texts:?}");
}

#[tokio::test]
async fn a_later_statement_that_is_out_of_date_says_try_again_and_that_helps() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    let request = async || {
        let db = database.tenant(&shops.python, Access::Read);
        get::<i32>(&db, "SELECT 1").await?;
        names(&db).await
    };
    request().await.unwrap();
    change(&mut Outside::of(&shops.url).await, &shops.python, "varchar").await;

    let error = request().await.unwrap_err();

    assert!(tenancy::error::is_unavailable(&error), "{error:?}");
    assert_eq!(request().await.unwrap(), ["Cobra", "Viper"]);
}

/// One reader, until it is told to stop; answers how often it was answered.
async fn read(database: Database, tenant: ActiveTenant, stop: Arc<AtomicBool>) -> usize {
    let mut answered = 0;
    while !stop.load(Ordering::Relaxed) {
        for sql in [
            "SELECT * FROM employee ORDER BY id",
            "SELECT name::text FROM employee",
        ] {
            let db = database.tenant(&tenant, Access::Read);
            let rows = db.query_all_raw(statement(sql)).await.unwrap();
            // What was made a moment ago may be too new for the snapshot, which is no error.
            assert!(matches!(rows.len(), 0 | 2));
        }
        answered += 1;
    }
    answered
}

async fn migrate(shops: &Shops, steps: &[&str]) {
    for step in steps {
        let db = shops.operator.tenant(&shops.python, Access::Write);
        for statement in step.split(';') {
            db.run(statement).await.unwrap();
        }
        db.commit().await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_migrated_while_it_and_its_neighbour_are_read() {
    let shops = two_shops().await.unwrap();
    let options = PoolOptions {
        max_connections: 4,
        acquire_timeout: Duration::from_secs(30),
        ..PoolOptions::default()
    };
    let database = shops.door(&shops.url, &options).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = [
        &shops.python,
        &shops.python,
        &shops.python,
        &shops.ruby,
        &shops.ruby,
    ]
    .map(|tenant| tokio::spawn(read(database.clone(), tenant.clone(), Arc::clone(&stop))))
    .into();
    for _ in 0..10 {
        migrate(
            &shops,
            &[
                "ALTER TABLE employee ADD extra int",
                "ALTER TABLE employee ALTER name TYPE varchar",
                "ALTER TABLE employee ALTER extra TYPE text",
                "ALTER TABLE employee RENAME extra TO other",
                "ALTER TABLE employee DROP other",
                "CREATE TABLE another AS SELECT id, name::text FROM employee;\
                 DROP TABLE employee;ALTER TABLE another RENAME TO employee;\
                 GRANT SELECT ON employee TO PUBLIC",
            ],
        )
        .await;
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }

    // What is truly gone is an error, and the connection lives on.
    let ask = async || {
        let db = database.tenant(&shops.python, Access::Read);
        names(&db).await
    };
    assert_eq!(ask().await.unwrap(), ["Cobra", "Viper"]);
    migrate(&shops, &["ALTER TABLE employee RENAME name TO title"]).await;
    let error = ask().await.unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
    assert!(!tenancy::error::is_unavailable(&error));
    migrate(&shops, &["ALTER TABLE employee RENAME title TO name"]).await;
    assert_eq!(ask().await.unwrap(), ["Cobra", "Viper"]);
}
