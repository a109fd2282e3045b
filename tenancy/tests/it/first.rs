use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use sea_orm::prelude::Decimal;
use sea_orm::sea_query::ArrayType;
use sea_orm::{DbErr, QueryResult, TryGetable, Value};
use tenancy::testing::{FIRST, Way, block_on, two_shops, two_shops_by};
use tenancy::{Access, Database, Error, PoolOptions, TenantDb};
use uuid::Uuid;

use crate::support::{
    NAMES, Outside, assert_clean, get, name, names, nobody_idles_in_transaction, path_of,
    pool_of_one, run, statement, watched, with,
};

tenancy::both_ways! {
    c18_each_begins_with_its_own_rows,
    what_begins_is_a_transaction_like_any_other,
    a_read_scope_that_begins_with_a_change_refuses_it,
    what_cannot_be_prepared_begins_as_well,
    a_text_of_several_statements_is_refused,
    c19_a_scope_that_began_with_a_failure_is_never_committed,
    a_connection_that_died_in_the_pool_is_not_noticed,
}

async fn begin_with(db: &TenantDb, sql: &str) -> Result<Vec<String>, DbErr> {
    let rows = db.begin_with(statement(sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

async fn c18_each_begins_with_its_own_rows(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let by_id = || with("SELECT name FROM employee WHERE id = $1", [FIRST.into()]);
    for _ in 0..7 {
        for (tenant, first) in [(&shops.python, "Cobra"), (&shops.ruby, "Diamond")] {
            let db = database.tenant(tenant, Access::Read);
            let rows = db.begin_with(by_id()).await.unwrap();
            assert_eq!(
                rows.iter().map(name).collect::<Vec<_>>(),
                [Ok(first.into())]
            );
        }
    }
}

#[tokio::test]
async fn beginning_with_a_statement_costs_one_round_trip() {
    let shops = two_shops().await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let request = async || {
        let db = database.tenant(&shops.python, Access::Read);
        let rows = begin_with(&db, NAMES).await.unwrap();
        assert_eq!(rows, ["Cobra", "Viper"]);
        proxy.flights()
    };
    request().await;
    for _ in 0..2 {
        nobody_idles_in_transaction(&shops.url).await;
        proxy.forget();
        assert_eq!(request().await, 1, "{:?}", proxy.statements());
        assert_eq!(proxy.statements()[1..], [NAMES]);
    }
    // A statement that is new on the connection costs none more.
    nobody_idles_in_transaction(&shops.url).await;
    proxy.forget();
    let db = database.tenant(&shops.python, Access::Read);
    begin_with(&db, "SELECT name FROM employee").await.unwrap();
    assert_eq!(proxy.flights(), 1);
}

async fn what_begins_is_a_transaction_like_any_other(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let fire = "DELETE FROM employee WHERE id = $1 RETURNING name";
    let db = database.tenant(&shops.python, Access::Write);
    let rows = db.begin_with(with(fire, [FIRST.into()])).await.unwrap();
    assert_eq!(name(&rows[0]).unwrap(), "Cobra");
    // What isn't the first any more is asked as ever.
    assert_eq!(begin_with(&db, NAMES).await.unwrap(), ["Viper"]);
    drop(db);
    assert_clean(&shops, &database).await;

    let db = database.tenant(&shops.python, Access::Write);
    db.begin_with(with(fire, [FIRST.into()])).await.unwrap();
    db.commit().await.unwrap();
    assert!(begin_with(&db, NAMES).await.is_err(), "it has ended");
    let db = database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Viper"]);
}

async fn a_read_scope_that_begins_with_a_change_refuses_it(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let db = database.tenant(&shops.python, Access::Read);
    let error = begin_with(&db, "DELETE FROM employee RETURNING name").await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("read-only transaction"), "{error}");
    drop(db);
    assert_clean(&shops, &database).await;
}

async fn what_cannot_be_prepared_begins_as_well(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    for sql in ["SHOW search_path", "select current_setting('search_path')"] {
        let db = database.tenant(&shops.python, Access::Read);
        let path = begin_with(&db, sql).await.unwrap();
        assert_eq!(path, [path_of(&shops.python)]);
    }
}

async fn a_text_of_several_statements_is_refused(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    for several in [
        "DELETE FROM employee; COMMIT",
        "SELECT 1; COMMIT; DELETE FROM employee",
        "SELECT 'a; COMMIT",
    ] {
        let db = database.tenant(&shops.python, Access::Write);
        assert!(begin_with(&db, several).await.is_err(), "{several}");
        drop(db);
        assert_clean(&shops, &database).await;
    }
}

async fn c19_a_scope_that_began_with_a_failure_is_never_committed(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    // One fails when it is prepared, one when it is executed: twice, since that one is then known.
    for failure in [
        "SELECT name FROM nothing",
        "SELECT (1 / (SELECT 0))::text",
        "SELECT (1 / (SELECT 0))::text",
    ] {
        let db = database.tenant(&shops.python, Access::Write);
        let error = begin_with(&db, failure).await.unwrap_err();
        assert!(!tenancy::error::is_unavailable(&error), "{error}");
        let error = names(&db).await.unwrap_err();
        assert!(error.to_string().contains("aborted"), "{error}");
        assert!(matches!(db.commit().await, Err(Error::Aborted)));
        drop(db);
        assert_clean(&shops, &database).await;
    }
    // What couldn't be prepared is prepared when it can be.
    let schema = &shops.python.schema;
    let mut outside = Outside::of(&shops.url).await;
    for sql in [
        format!("CREATE TABLE {schema}.nothing AS SELECT 'there'::text AS name"),
        format!("GRANT SELECT ON {schema}.nothing TO {schema}"),
    ] {
        outside.run(&sql).await;
    }
    let db = database.tenant(&shops.python, Access::Read);
    let there = begin_with(&db, "SELECT name FROM nothing").await.unwrap();
    assert_eq!(there, ["there"]);
}

async fn a_connection_that_died_in_the_pool_is_not_noticed(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let pid = async || {
        let db = database.tenant(&shops.python, Access::Read);
        let pid = "SELECT pg_backend_pid()::text, current_schema()";
        begin_with(&db, pid).await.unwrap().remove(0)
    };
    let before = pid().await;
    let mut outside = Outside::of(&shops.url).await;
    outside
        .run(&format!("SELECT pg_terminate_backend({before})"))
        .await;
    let there = format!("SELECT usename::text FROM pg_stat_activity WHERE pid = {before}");
    outside.until(&there, <[String]>::is_empty).await;
    assert_ne!(pid().await, before);
}

#[tokio::test]
async fn a_connection_that_dies_on_the_way_is_told_of() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    let db = database.tenant(&shops.python, Access::Write);
    let sleep = "SELECT pg_sleep(60)::text AS s";
    let mut outside = Outside::of(&shops.url).await;
    let killed = async {
        let kill = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
                    WHERE wait_event = 'PgSleep' AND datname = current_database()";
        outside.until(kill, |killed| !killed.is_empty()).await;
    };
    let (error, ()) = tokio::join!(begin_with(&db, sleep), killed);
    let error = error.unwrap_err();
    assert!(tenancy::error::is_unavailable(&error), "{error:?}");
    assert!(db.commit().await.is_err());
    drop(db);
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn no_more_first_statements_are_kept_than_was_said() {
    let shops = two_shops().await.unwrap();
    let count = "SELECT count(*) FROM pg_prepared_statements";
    for (most, kept) in [(20, 15), (4, 3), (3, 0), (0, 0)] {
        let options = PoolOptions {
            max_connections: 1,
            statements_per_connection: most,
            ..PoolOptions::default()
        };
        let database = shops.door(&shops.url, &options).unwrap();
        for round in 0..2 {
            for n in 0..most + 10 {
                let db = database.tenant(&shops.python, Access::Read);
                let answer = begin_with(&db, &format!("SELECT {n}::text")).await;
                assert_eq!(answer.unwrap(), [n.to_string()], "in round {round}");
            }
        }
        let db = database.tenant(&shops.python, Access::Read);
        let all: i64 = get(&db, count).await.unwrap();
        assert!(all <= i64::from(most), "{all} of {most}");
        assert!(all >= kept, "{all} of {most}");
        drop(db);
        let gauges = database.gauges();
        assert!(gauges.statements <= most as usize, "{gauges:?}");
    }
}

#[tokio::test]
async fn a_first_statement_that_is_out_of_date_is_asked_anew_and_nobody_notices() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    let mut outside = Outside::of(&shops.url).await;
    for kind in ["varchar", "text"] {
        for _ in 0..2 {
            for tenant in [&shops.ruby, &shops.python] {
                let db = database.tenant(tenant, Access::Write);
                begin_with(&db, NAMES).await.unwrap();
            }
        }
        let schema = &shops.python.schema;
        let alter = format!("ALTER TABLE {schema}.employee ALTER name TYPE {kind}");
        outside.run(&alter).await;
        let db = database.tenant(&shops.python, Access::Write);
        assert_eq!(begin_with(&db, NAMES).await.unwrap(), ["Cobra", "Viper"]);
        run(&db, "UPDATE employee SET name = name").await.unwrap();
        db.commit().await.unwrap();
    }
}

/// What a value comes back as: sent with the beginning, and by itself.
async fn both<T: TryGetable>(
    database: &Database,
    tenant: &tenancy::ActiveTenant,
    value: &Value,
) -> [T; 2] {
    let db = database.tenant(tenant, Access::Read);
    let echo = |name: &str| with(&format!(r#"SELECT $1 AS "{name}""#), [value.clone()]);
    let read = |rows: Vec<QueryResult>| rows[0].try_get_by_index::<T>(0).unwrap();
    let name = std::any::type_name::<T>();
    let first = db.begin_with(echo(name)).await.unwrap();
    let second = db.begin_with(echo(name)).await.unwrap();
    [read(first), read(second)]
}

#[test]
fn every_value_arrives_as_what_it_is_and_as_nothing_else() {
    let sayings = [
        "",
        "'",
        "''; COMMIT; DROP TABLE employee; --",
        r"\'; COMMIT; --",
        r"\",
        "$1 $$ $a$ \" /* -- \n\r\t",
        "Grüße 🦀 \u{2019}\u{ff07}",
        "x'41'",
    ];
    block_on(async {
        let shops = two_shops().await.unwrap();
        let mut outside = Outside::of(&shops.url).await;
        for strings in ["on", "off"] {
            let database = pool_of_one(&shops);
            let db = database.tenant(&shops.python, Access::Read);
            let login: String = get(&db, "SELECT session_user::text").await.unwrap();
            outside
                .run(&format!(
                    "ALTER ROLE \"{login}\" SET standard_conforming_strings = {strings}"
                ))
                .await;
            let database = pool_of_one(&shops);
            for saying in sayings {
                let [first, second] =
                    both::<String>(&database, &shops.python, &saying.into()).await;
                assert_eq!([first.as_str(), second.as_str()], [saying, saying]);
            }
            let words = sayings.map(Value::from).to_vec();
            let list = Value::Array(ArrayType::String, Some(Box::new(words)));
            let [first, second] = both::<Vec<String>>(&database, &shops.python, &list).await;
            assert_eq!([&first[..], &second[..]], [sayings; 2]);
        }
        Ok::<_, Error>(())
    });
}

#[tokio::test]
async fn one_text_with_values_of_other_types_is_another_statement() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    for _ in 0..2 {
        for (value, kind) in [
            (Value::from("7"), "text"),
            (7_i32.into(), "integer"),
            (7_i64.into(), "bigint"),
        ] {
            let db = database.tenant(&shops.python, Access::Read);
            let asked = with("SELECT pg_typeof($1)::text AS name", [value]);
            let rows = db.begin_with(asked).await.unwrap();
            assert_eq!(name(&rows[0]).unwrap(), kind);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn values_of_each_type_come_back_alike(
        texts in proptest::collection::vec("[^\0]{0,12}|['\"\\\\$;-]{0,6}", 60),
        numbers in proptest::collection::vec((any::<i64>(), any::<i32>(), any::<i16>(), 0..29_u32), 5),
        days in proptest::collection::vec(-719_162..2_932_896_i32, 5),
        bits in any::<u128>(),
    ) {
        block_on(async {
            let shops = two_shops().await?;
            let database = pool_of_one(&shops);
            macro_rules! alike {
                ($type:ty, $value:expr) => {{
                    let value: $type = $value;
                    let [first, second] = both::<$type>(&database, &shops.python, &value.clone().into()).await;
                    assert_eq!(&first, &value);
                    assert_eq!(second, value);
                }};
            }
            for text in texts {
                alike!(String, text);
            }
            for (number, middle, small, scale) in numbers {
                alike!(i64, number);
                alike!(i32, middle);
                alike!(i16, small);
                alike!(bool, number % 2 == 0);
                alike!(Decimal, Decimal::new(number, scale));
                alike!(Option<i64>, None);
                alike!(Option<String>, None);
            }
            for day in days {
                let day = NaiveDate::from_epoch_days(day).unwrap();
                alike!(NaiveDate, day);
                let moment = day.and_hms_micro_opt(23, 59, 59, 999_999).unwrap();
                alike!(DateTime<Utc>, moment.and_utc());
            }
            alike!(Uuid, Uuid::from_u128(bits));
            alike!(Vec<i32>, vec![i32::MIN, 0, i32::MAX]);
            alike!(Vec<i32>, vec![]);
            alike!(Vec<Decimal>, vec![Decimal::new(-1, 2), Decimal::MAX]);
            // Not written into texts, and so sent by itself.
            alike!(Vec<u8>, bits.to_be_bytes().to_vec());
            Ok::<_, Error>(())
        });
    }
}
