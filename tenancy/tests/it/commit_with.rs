use std::time::{Duration, Instant};

use sea_orm::{DbErr, TransactionTrait};
use tenancy::testing::{FIRST, Way, two_shops, two_shops_by};
use tenancy::{Access, ActiveTenant, Database, Error, TenantDb};

use crate::support::{
    NAMES, Outside, assert_clean, cut_off, get, names, nobody_idles_in_transaction, pool_of_one,
    run, statement, watched, with,
};

tenancy::both_ways! {
    c18_each_keeps_what_it_did_among_its_own_rows,
    what_was_done_before_is_kept_too,
    c19_what_fails_keeps_nothing,
    what_fails_when_it_is_kept_keeps_nothing,
    a_scope_with_an_open_savepoint_keeps_nothing,
    a_read_scope_changes_nothing,
    c24_whoever_leaves_keeps_all_or_nothing,
}

const RENAME: &str = "UPDATE employee SET name = $2 WHERE id = $1 RETURNING name";

const MARK: &str = "UPDATE employee SET name = name || $1 RETURNING name";

const FAILS: &str = "UPDATE employee SET name = (1 / (length(name) - 5))::text RETURNING name";

/// Renames the first employee, as the last thing that the scope does.
async fn rename(db: &TenantDb, to: &str) -> Result<usize, DbErr> {
    let rename = with(RENAME, [FIRST.into(), to.into()]);
    Ok(db.commit_with(rename).await?.len())
}

async fn employees(database: &Database, tenant: &ActiveTenant) -> Vec<String> {
    let db = database.tenant(tenant, Access::Read);
    names(&db).await.unwrap()
}

async fn c18_each_keeps_what_it_did_among_its_own_rows(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    for round in 0..5 {
        for (tenant, letter) in [(&shops.python, "A"), (&shops.ruby, "B")] {
            let db = database.tenant(tenant, Access::Write);
            assert_eq!(rename(&db, &format!("{letter}{round}")).await.unwrap(), 1);
        }
        let [python, ruby] = [format!("A{round}"), format!("B{round}")];
        assert_eq!(
            employees(&database, &shops.python).await,
            [&python, "Viper"]
        );
        assert_eq!(employees(&database, &shops.ruby).await, [&ruby, "Emerald"]);
    }
}

#[tokio::test]
async fn a_scope_of_one_statement_is_kept_in_one_round_trip() {
    let shops = two_shops().await.unwrap();
    let (proxy, database) = watched(&shops).await;
    rename(&database.tenant(&shops.python, Access::Write), "Adder")
        .await
        .unwrap();
    proxy.forget();
    let db = database.tenant(&shops.python, Access::Write);
    assert_eq!(rename(&db, "Anaconda").await.unwrap(), 1);
    assert_eq!(proxy.flights(), 1, "{:?}", proxy.statements());
    assert_eq!(
        employees(&database, &shops.python).await,
        ["Anaconda", "Viper"]
    );
}

#[tokio::test]
async fn the_scope_has_ended_as_kept() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    for _ in 0..2 {
        let db = database.tenant(&shops.python, Access::Write);
        rename(&db, "Adder").await.unwrap();
        db.commit().await.unwrap();
        assert!(names(&db).await.is_err(), "it has ended");
        let again = rename(&db, "Boa").await.unwrap_err();
        assert_eq!(again, DbErr::Custom(Error::Ended.to_string()));
        db.end().await;
        assert_eq!(
            employees(&database, &shops.python).await,
            ["Adder", "Viper"]
        );
    }
}

async fn what_was_done_before_is_kept_too(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let db = database.tenant(&shops.python, Access::Write);
    run(&db, "DELETE FROM employee WHERE name = 'Viper'")
        .await
        .unwrap();
    rename(&db, "Adder").await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(employees(&database, &shops.python).await, ["Adder"]);
}

async fn c19_what_fails_keeps_nothing(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    for before in [None, Some("DELETE FROM employee WHERE name = 'Viper'")] {
        // Once as it is prepared, and once as it is known.
        for _ in 0..2 {
            let db = database.tenant(&shops.python, Access::Write);
            if let Some(before) = before {
                run(&db, before).await.unwrap();
            }
            let error = db.commit_with(statement(FAILS)).await.unwrap_err();
            assert!(error.to_string().contains("division by zero"), "{error}");
            assert!(matches!(db.commit().await, Err(Error::Ended)));
            assert!(names(&db).await.is_err(), "it has ended");
            drop(db);
            assert_clean(&shops, &database).await;
        }
    }
    // Nor is it kept where an earlier one has failed.
    let db = database.tenant(&shops.python, Access::Write);
    run(&db, "SELECT 1 / 0").await.unwrap_err();
    rename(&db, "Adder").await.unwrap_err();
    drop(db);
    assert_clean(&shops, &database).await;
}

/// A constraint that is looked at by `COMMIT` alone.
async fn what_fails_when_it_is_kept_keeps_nothing(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let schema = &shops.python.schema;
    let mut outside = Outside::of(&shops.url).await;
    outside
        .run(&format!(
            "ALTER TABLE {schema}.employee ADD CONSTRAINT one_of_a_name UNIQUE (name) \
             DEFERRABLE INITIALLY DEFERRED"
        ))
        .await;
    for _ in 0..3 {
        let db = database.tenant(&shops.python, Access::Write);
        let error = rename(&db, "Viper").await.unwrap_err();
        assert!(error.to_string().contains("one_of_a_name"), "{error}");
        assert!(matches!(db.commit().await, Err(Error::Ended)));
        assert!(names(&db).await.is_err(), "it has ended");
        drop(db);
        assert_clean(&shops, &database).await;
    }
    let db = database.tenant(&shops.python, Access::Write);
    rename(&db, "Adder").await.unwrap();
}

async fn a_scope_with_an_open_savepoint_keeps_nothing(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let db = database.tenant(&shops.python, Access::Write);
    let nested = db.begin().await.unwrap();
    let error = rename(&db, "Adder").await.unwrap_err();
    assert_eq!(error, DbErr::Custom(Error::Unfinished.to_string()));
    nested.commit().await.unwrap_err();
    drop(db);
    assert_clean(&shops, &database).await;
}

async fn a_read_scope_changes_nothing(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let db = database.tenant(&shops.python, Access::Read);
    let error = rename(&db, "Adder").await.unwrap_err().to_string();
    assert!(error.contains("read-only transaction"), "{error}");
    let db = database.tenant(&shops.python, Access::Read);
    assert_eq!(db.commit_with(statement(NAMES)).await.unwrap().len(), 2);
    assert_clean(&shops, &database).await;
}

/// At every point where somebody can leave.
async fn c24_whoever_leaves_keeps_all_or_nothing(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let mut outside = Outside::of(&shops.url).await;
    let swap = format!(
        "SELECT string_agg(name, ' ' ORDER BY id) FROM {}.employee",
        shops.python.schema
    );
    rename(&database.tenant(&shops.python, Access::Write), "Cobra")
        .await
        .unwrap();
    for flight in 1.. {
        let db = database.tenant(&shops.python, Access::Write);
        let change = with(MARK, [flight.to_string().into()]);
        let ended = cut_off(&proxy, flight, db.commit_with(change)).await;
        // Nobody knows whether it was kept, and nobody may do more.
        assert_eq!(db.commit().await.is_ok(), ended.is_some());
        assert!(names(&db).await.is_err(), "it has ended");
        drop(db);
        nobody_idles_in_transaction(&shops.url).await;
        let now = outside.all(&swap).await.remove(0);
        let marks: Vec<bool> = now
            .split(' ')
            .map(|name| name.ends_with(&flight.to_string()))
            .collect();
        assert!(
            [[true; 2], [false; 2]].contains(&[marks[0], marks[1]]),
            "{now}"
        );
        assert_eq!(
            employees(&database, &shops.ruby).await,
            ["Diamond", "Emerald"]
        );
        if let Some(ended) = ended {
            assert_eq!(ended.unwrap().len(), 2);
            assert_eq!(marks, [true; 2]);
            assert!(flight > 1, "nobody has left");
            break;
        }
    }
}

#[tokio::test]
async fn whoever_leaves_closes_no_connection_and_is_not_rolled_back_in_vain() {
    let shops = two_shops().await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let pid = async || {
        let db = database.tenant(&shops.python, Access::Read);
        get::<i32>(&db, "SELECT pg_backend_pid()").await.unwrap()
    };
    rename(&database.tenant(&shops.python, Access::Write), "Adder")
        .await
        .unwrap();
    let before = pid().await;
    nobody_idles_in_transaction(&shops.url).await;
    let db = database.tenant(&shops.python, Access::Write);
    assert!(cut_off(&proxy, 1, rename(&db, "Boa")).await.is_none());
    drop(db);
    crate::support::rested(&database).await;
    // PostgreSQL would warn of it, and write that down.
    let said = proxy.statements();
    assert!(
        !said.iter().any(|it| it.starts_with("ROLLBACK")),
        "{said:?}"
    );
    assert_eq!(employees(&database, &shops.python).await, ["Boa", "Viper"]);
    assert_eq!(pid().await, before);
}

#[tokio::test]
async fn whoever_leaves_before_a_failure_leaves_nothing_behind() {
    let shops = two_shops().await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let fails = async || {
        let db = database.tenant(&shops.python, Access::Write);
        db.commit_with(statement(FAILS)).await
    };
    fails().await.unwrap_err();
    nobody_idles_in_transaction(&shops.url).await;
    assert!(cut_off(&proxy, 1, fails()).await.is_none());
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn what_was_lost_on_the_way_is_not_asked_twice() {
    let shops = two_shops().await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let ask = async || {
        let db = database.tenant(&shops.python, Access::Write);
        let answer = db.commit_with(with(MARK, ["+".into()])).await;
        (answer, db.commit().await)
    };
    ask().await.0.unwrap();
    proxy.forget();
    proxy.hold();
    let lost = async {
        let deadline = Instant::now() + Duration::from_secs(20);
        while proxy.flights() == 0 {
            assert!(Instant::now() < deadline, "it was never sent");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let schema = &shops.python.schema;
        let done = format!("SELECT name FROM {schema}.employee WHERE name LIKE '%++'");
        let mut outside = Outside::of(&shops.url).await;
        outside.until(&done, |done| done.len() == 2).await;
        proxy.cut();
        proxy.resume();
    };
    let ((answer, kept), ()) = tokio::join!(ask(), lost);
    let error = answer.unwrap_err();
    assert!(tenancy::error::is_unavailable(&error), "{error:?}");
    assert!(matches!(kept, Err(Error::Ended)), "{kept:?}");
    assert_eq!(
        employees(&database, &shops.python).await,
        ["Cobra++", "Viper++"]
    );
}

#[tokio::test]
async fn a_connection_that_died_in_the_pool_is_not_noticed() {
    let shops = two_shops().await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let mut outside = Outside::of(&shops.url).await;
    for (name, is_told) in [("Adder", true), ("Boa", false)] {
        rename(&database.tenant(&shops.python, Access::Write), "Cobra")
            .await
            .unwrap();
        nobody_idles_in_transaction(&shops.url).await;
        if is_told {
            let ours = "FROM pg_stat_activity WHERE datname = current_database() \
                        AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
            outside
                .run(&format!("SELECT pg_terminate_backend(pid) {ours}"))
                .await;
            outside
                .until(&format!("SELECT pid::text {ours}"), <[String]>::is_empty)
                .await;
        } else {
            proxy.cut();
            // For as long as it would be believed to be there.
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        rename(&database.tenant(&shops.python, Access::Write), name)
            .await
            .unwrap();
        assert_eq!(employees(&database, &shops.python).await, [name, "Viper"]);
    }
}

#[tokio::test]
async fn what_is_out_of_date_is_asked_anew_and_kept_once() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    let mut outside = Outside::of(&shops.url).await;
    for (kind, names) in [("varchar", "Cobra++"), ("text", "Cobra++++")] {
        for _ in 0..2 {
            let db = database.tenant(&shops.python, Access::Write);
            db.commit_with(with(MARK, ["+".into()])).await.unwrap();
        }
        assert_eq!(employees(&database, &shops.python).await[0], names);
        let schema = &shops.python.schema;
        let alter = format!("ALTER TABLE {schema}.employee ALTER name TYPE {kind}");
        outside.run(&alter).await;
    }
    let db = database.tenant(&shops.python, Access::Write);
    db.commit_with(with(MARK, ["+".into()])).await.unwrap();
    assert_eq!(employees(&database, &shops.python).await[0], "Cobra+++++");
}
