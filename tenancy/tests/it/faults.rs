use futures::FutureExt;
use sea_orm::{ConnectionTrait, TransactionTrait};
use tenancy::testing::{Proxy, Shops, two_shops};
use tenancy::{Access, Database, Error, PoolOptions, TenantDb};

use crate::support::{
    Outside, assert_clean, cut_off, get, names, nobody_idles_in_transaction, polled, pool_of_one,
    run, sent,
};

const HIRE: &str = "INSERT INTO employee VALUES (gen_random_uuid(), 'Boa')";

#[tokio::test]
async fn an_error_inside_a_scope_ends_with_it() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops.url);
    let db = database.tenant(&shops.python, Access::Write);
    run(&db, HIRE).await.unwrap();

    run(&db, "SELECT 1 / 0").await.unwrap_err();

    drop(db);
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn c19_a_scope_in_which_a_statement_failed_is_never_committed() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops.url);
    let db = database.tenant(&shops.python, Access::Write);
    run(&db, HIRE).await.unwrap();
    run(&db, "SELECT 1 / 0").await.unwrap_err();
    let error = names(&db).await.unwrap_err();
    assert!(error.to_string().contains("aborted"), "{error}");

    assert!(matches!(db.commit().await, Err(Error::Aborted)));

    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn a_statement_that_never_reached_the_database_spoils_nothing() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops.url);
    let db = database.tenant(&shops.python, Access::Write);
    run(&db, "DELETE FROM employee").await.unwrap();

    let too_many = crate::support::with("SELECT 1", (0..70_000).map(Into::into));
    let error = db.execute_raw(too_many).await.unwrap_err();
    assert!(!tenancy::error::is_unavailable(&error), "{error}");

    db.commit().await.unwrap();
    let db = database.tenant(&shops.python, Access::Read);
    assert!(names(&db).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_constraint_that_speaks_up_at_commit_keeps_nothing() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops.url);
    let schema = &shops.python.schema;
    Outside::of(&shops.url)
        .await
        .run(&format!(
            "ALTER TABLE {schema}.employee ADD CONSTRAINT one_name UNIQUE (name) DEFERRABLE INITIALLY DEFERRED"
        ))
        .await;
    let db = database.tenant(&shops.python, Access::Write);
    run(&db, "UPDATE employee SET name = 'Boa'").await.unwrap();

    let error = db.commit().await.unwrap_err();

    assert!(matches!(error, Error::Database(_)), "{error:?}");
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn c25_a_panic_inside_a_scope_ends_with_it() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops.url);

    let request = async {
        let db = database.tenant(&shops.python, Access::Write);
        run(&db, HIRE).await.unwrap();
        assert!(names(&db).await.unwrap().is_empty(), "on purpose");
    };
    let end = std::panic::AssertUnwindSafe(request).catch_unwind().await;

    assert!(end.is_err());
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_cancelled_by_the_database() {
    let shops = two_shops().await.unwrap();
    let options = PoolOptions {
        max_connections: 1,
        statement_timeout: std::time::Duration::from_millis(50),
        ..PoolOptions::default()
    };
    for pooled in [false, true] {
        let options = PoolOptions {
            pooled,
            ..options.clone()
        };
        let database = Database::new(&shops.url, &options).unwrap();
        let db = database.tenant(&shops.python, Access::Write);
        run(&db, HIRE).await.unwrap();

        let error = run(&db, "SELECT pg_sleep(20)").await.unwrap_err();

        assert!(error.to_string().contains("timeout"), "{error}");
        assert!(!tenancy::error::is_unavailable(&error));
        assert!(matches!(db.commit().await, Err(Error::Aborted)));
        assert_clean(&shops, &database).await;
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_inside_a_scope_takes_nobody_with_it() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops.url);
    for found_by_commit in [false, true] {
        let db = database.tenant(&shops.python, Access::Write);
        run(&db, HIRE).await.unwrap();
        let pid: i32 = get(&db, "SELECT pg_backend_pid()").await.unwrap();
        let mut outside = Outside::of(&shops.url).await;
        outside
            .run(&format!("SELECT pg_terminate_backend({pid})"))
            .await;
        let there = format!("SELECT usename::text FROM pg_stat_activity WHERE pid = {pid}");
        outside.until(&there, <[String]>::is_empty).await;

        if !found_by_commit {
            let error = names(&db).await.unwrap_err();
            assert!(tenancy::error::is_unavailable(&error), "{error:?}");
        }
        let error = db.commit().await.unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");

        drop(db);
        assert_clean(&shops, &database).await;
    }
}

/// What a request does, in one line per await.
async fn request(db: &TenantDb) -> Result<(), Error> {
    names(db).await?;
    run(db, HIRE).await?;
    db.commit().await
}

/// As [`assert_clean`], after a commit that may have come through.
async fn assert_clean_or_hired(shops: &Shops, database: &Database) {
    nobody_idles_in_transaction(&shops.url).await;
    let mut outside = Outside::of(&shops.url).await;
    let fire = format!(
        "DELETE FROM {}.employee WHERE name = 'Boa'",
        shops.python.schema
    );
    outside.run(&fire).await;
    assert_clean(shops, database).await;
}

#[tokio::test]
async fn c24_a_request_cancelled_at_any_await_leaves_a_clean_connection() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops.url);
    for polls in 1.. {
        let db = database.tenant(&shops.python, Access::Write);
        let end = polled(polls, request(&db)).await;
        drop(db);
        assert_clean_or_hired(&shops, &database).await;
        if let Some(end) = end {
            return end.unwrap();
        }
    }
}

#[tokio::test]
async fn c24_a_request_cut_off_at_any_round_trip_leaves_a_clean_connection() {
    let shops = two_shops().await.unwrap();
    let proxy = Proxy::start(&shops.url).await.unwrap();
    let database = pool_of_one(proxy.url());
    for flight in 1.. {
        // What is cut off closes its connection, and the next one knows no statement.
        let warm = database.tenant(&shops.python, Access::Write);
        request(&warm).await.unwrap();
        assert_clean_or_hired(&shops, &database).await;
        let db = database.tenant(&shops.python, Access::Write);
        let end = cut_off(&proxy, flight, request(&db)).await;
        drop(db);
        assert_clean_or_hired(&shops, &database).await;
        if let Some(end) = end {
            assert_eq!(flight, 5, "after entering, reading, writing and committing");
            return end.unwrap();
        }
    }
}

#[tokio::test]
async fn c19_entering_cancelled_at_any_await_leaves_a_clean_connection() {
    let shops = two_shops().await.unwrap();
    let proxy = Proxy::start(&shops.url).await.unwrap();
    let mut polls = 1;
    loop {
        // Each time without a connection to begin with. Making one takes several hundred polls,
        // most of them for the password's sake, so the steps grow.
        let database = pool_of_one(proxy.url());
        let db = database.tenant(&shops.python, Access::Read);
        let end = polled(polls, names(&db)).await;
        drop(db);
        assert_clean(&shops, &database).await;
        if let Some(end) = end {
            assert_eq!(end.unwrap(), ["Cobra", "Viper"]);
            return;
        }
        polls += polls.div_ceil(2);
    }
}

#[tokio::test]
async fn a_scope_goes_on_after_a_statement_that_was_cancelled() {
    let shops = two_shops().await.unwrap();
    let proxy = Proxy::start(&shops.url).await.unwrap();
    let database = pool_of_one(proxy.url());
    let cancelled = async |db: &TenantDb, sql: &str| {
        // Prepared before, so that it is the execution that is cut off.
        let nested = db.begin().await.unwrap();
        let _ = run(&nested, sql).await;
        nested.rollback().await.unwrap();
        proxy.forget();
        proxy.hold();
        sent(&proxy, sql, &mut Box::pin(run(db, sql))).await;
        proxy.resume();
    };

    // It went well, unseen.
    let db = database.tenant(&shops.python, Access::Write);
    cancelled(&db, "UPDATE employee SET name = upper(name)").await;
    assert_eq!(names(&db).await.unwrap().len(), 2);
    db.commit().await.unwrap();

    // It failed, unseen.
    let db = database.tenant(&shops.python, Access::Write);
    run(&db, "DELETE FROM employee").await.unwrap();
    cancelled(&db, "SELECT 1 / (SELECT count(*) FROM employee)").await;
    assert!(matches!(db.commit().await, Err(Error::Aborted)));

    let db = database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap().len(), 2);
}
