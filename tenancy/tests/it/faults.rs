use futures::FutureExt;
use sea_orm::{ConnectionTrait, TransactionTrait};
use tenancy::testing::{Proxy, Shops, Way, two_shops_by};
use tenancy::{Access, Database, Error, PoolOptions, TenantDb};

use crate::support::{
    NAMES, Outside, assert_clean, cut_off, flights_of, get, hold_execution, names,
    nobody_idles_in_transaction, polled, pool_of_one, pool_of_one_at, run, sent, statement,
    watched,
};

tenancy::both_ways! {
    an_error_inside_a_scope_ends_with_it,
    c19_a_scope_in_which_a_statement_failed_is_never_committed,
    a_statement_that_never_reached_the_database_spoils_nothing,
    a_constraint_that_speaks_up_at_commit_keeps_nothing,
    c25_a_panic_inside_a_scope_ends_with_it,
    a_statement_that_takes_too_long_is_cancelled_by_the_database,
    a_connection_that_is_lost_inside_a_scope_takes_nobody_with_it,
    c24_a_request_cancelled_at_any_await_leaves_a_clean_connection,
    c24_a_request_cut_off_at_any_round_trip_leaves_a_clean_connection,
    c24_a_first_statement_cut_off_wherever_it_waits_leaves_a_clean_connection,
    c24_whoever_comes_while_another_leaves_waits_for_the_end,
    c19_entering_cancelled_at_any_await_leaves_a_clean_connection,
    a_scope_goes_on_after_a_statement_that_was_cancelled,
}

const HIRE: &str = "INSERT INTO employee VALUES (gen_random_uuid(), 'Boa')";

async fn an_error_inside_a_scope_ends_with_it(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let db = database.tenant(&shops.python, Access::Write);
    run(&db, HIRE).await.unwrap();

    run(&db, "SELECT 1 / 0").await.unwrap_err();

    drop(db);
    assert_clean(&shops, &database).await;
}

async fn c19_a_scope_in_which_a_statement_failed_is_never_committed(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let db = database.tenant(&shops.python, Access::Write);
    run(&db, HIRE).await.unwrap();
    run(&db, "SELECT 1 / 0").await.unwrap_err();
    let error = names(&db).await.unwrap_err();
    assert!(error.to_string().contains("aborted"), "{error}");

    assert!(matches!(db.commit().await, Err(Error::Aborted)));

    assert_clean(&shops, &database).await;
}

async fn a_statement_that_never_reached_the_database_spoils_nothing(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let db = database.tenant(&shops.python, Access::Write);
    run(&db, "DELETE FROM employee").await.unwrap();

    let too_many = crate::support::with("SELECT 1", (0..70_000).map(Into::into));
    let error = db.execute_raw(too_many).await.unwrap_err();
    assert!(!tenancy::error::is_unavailable(&error), "{error}");

    db.commit().await.unwrap();
    let db = database.tenant(&shops.python, Access::Read);
    assert!(names(&db).await.unwrap().is_empty());
}

async fn a_constraint_that_speaks_up_at_commit_keeps_nothing(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
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

async fn c25_a_panic_inside_a_scope_ends_with_it(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);

    let request = async {
        let db = database.tenant(&shops.python, Access::Write);
        run(&db, HIRE).await.unwrap();
        assert!(names(&db).await.unwrap().is_empty(), "on purpose");
    };
    let end = std::panic::AssertUnwindSafe(request).catch_unwind().await;

    assert!(end.is_err());
    assert_clean(&shops, &database).await;
}

async fn a_statement_that_takes_too_long_is_cancelled_by_the_database(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let options = PoolOptions {
        max_connections: 1,
        statement_timeout: std::time::Duration::from_millis(50),
        ..PoolOptions::default()
    };
    let database = shops.door(&shops.address(1), &options).unwrap();
    let db = database.tenant(&shops.python, Access::Write);
    run(&db, HIRE).await.unwrap();

    let error = run(&db, "SELECT pg_sleep(20)").await.unwrap_err();

    assert!(error.to_string().contains("timeout"), "{error}");
    assert!(!tenancy::error::is_unavailable(&error));
    assert!(matches!(db.commit().await, Err(Error::Aborted)));
    assert_clean(&shops, &database).await;
}

async fn a_connection_that_is_lost_inside_a_scope_takes_nobody_with_it(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
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

async fn c24_a_request_cancelled_at_any_await_leaves_a_clean_connection(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
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

async fn c24_a_request_cut_off_at_any_round_trip_leaves_a_clean_connection(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let (proxy, database) = watched(&shops).await;
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
            let of_statements = 2 * flights_of(way);
            assert_eq!(flight, of_statements + 3, "after entering and committing");
            return end.unwrap();
        }
    }
}

async fn c24_a_first_statement_cut_off_wherever_it_waits_leaves_a_clean_connection(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let request = async |db: &TenantDb| {
        db.begin_with(statement(NAMES)).await?;
        run(db, HIRE).await?;
        db.commit().await
    };
    for polls in 1.. {
        let db = database.tenant(&shops.python, Access::Write);
        let end = polled(polls, request(&db)).await;
        drop(db);
        assert_clean_or_hired(&shops, &database).await;
        if end.is_some() {
            break;
        }
    }
    for flight in 1.. {
        let db = database.tenant(&shops.python, Access::Write);
        let end = cut_off(&proxy, flight, request(&db)).await;
        drop(db);
        assert_clean_or_hired(&shops, &database).await;
        if let Some(end) = end {
            return end.unwrap();
        }
    }
}

async fn c24_whoever_comes_while_another_leaves_waits_for_the_end(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let (proxy, database) = watched(&shops).await;
    for access in [Access::Read, Access::Write] {
        for ended in [true, false] {
            let db = database.tenant(&shops.python, access);
            names(&db).await.unwrap();
            proxy.forget();
            proxy.hold();
            if ended {
                db.end().await;
            }
            drop(db);
            let other = database.tenant(&shops.ruby, Access::Read);
            let mut next = Box::pin(names(&other));
            // Nobody is let in before the answer to this.
            sent(&proxy, "ROLLBACK", &mut next).await;
            proxy.resume();
            assert_eq!(next.await.unwrap(), ["Diamond", "Emerald"]);
            other.end().await;
            assert_clean(&shops, &database).await;
        }
    }
}

async fn c19_entering_cancelled_at_any_await_leaves_a_clean_connection(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let proxy = Proxy::start(&shops.address(1)).await.unwrap();
    let mut polls = 1;
    loop {
        // Each time without a connection to begin with. Making one takes several hundred polls,
        // most of them for the password's sake, so the steps grow.
        let database = pool_of_one_at(&shops, proxy.url());
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

async fn a_scope_goes_on_after_a_statement_that_was_cancelled(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let cancelled = async |db: &TenantDb, sql: &str| {
        // Prepared before, so that it is the execution that is cut off.
        let nested = db.begin().await.unwrap();
        let _ = run(&nested, sql).await;
        nested.rollback().await.unwrap();
        hold_execution(&proxy, way);
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
