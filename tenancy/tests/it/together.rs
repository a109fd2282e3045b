use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::poll;
use proptest::prelude::*;
use sea_orm::{DbErr, Statement};
use tenancy::testing::{Shops, block_on, two_shops};
use tenancy::{Access, ActiveTenant, Database, Error, PoolOptions, TenantDb};

use crate::support::{
    NAMES, Outside, assert_clean, names, pool_of_one, rested, statement, watched, with,
};

/// How long it may take until some have shared a flight.
const PATIENCE: Duration = Duration::from_secs(20);

/// Fails for 0, and says whose it is: by the path, the role and a row.
const WHOSE: &str =
    "SELECT concat_ws(chr(32), current_schema(), current_user, $1 / $1, min(name)) FROM employee";

async fn ask(db: &Database, of: &ActiveTenant, question: Statement) -> Result<Vec<String>, DbErr> {
    let rows = db.tenant(of, Access::Read).ask_only(question).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

fn pool_of_two(shops: &Shops) -> Database {
    let options = PoolOptions {
        max_connections: 2,
        ..PoolOptions::default()
    };
    shops.door(&shops.url, &options).unwrap()
}

fn whose(number: i32) -> Statement {
    with(WHOSE, [number.into()])
}

fn own(of: &ActiveTenant, first: &str) -> Vec<String> {
    vec![format!("{0} {0} 1 {first}", of.schema)]
}

/// Both shops in turn, each with the first of its names.
fn everybody(shops: &Shops) -> impl Iterator<Item = (&ActiveTenant, &'static str)> {
    [(&shops.python, "Cobra"), (&shops.ruby, "Diamond")]
        .into_iter()
        .cycle()
}

/// Does this until somebody has been taken along in it: what isn't known to be quick never is, and on a
/// busy machine everything takes long at times.
async fn until_shared(database: &Database, mut round: impl AsyncFnMut()) {
    let deadline = Instant::now() + PATIENCE;
    while database.gauges().carried == 0 {
        assert!(Instant::now() < deadline, "{:?}", database.gauges());
        round().await;
    }
}

#[tokio::test]
async fn c18_those_who_share_a_flight_have_each_their_own_tenant() {
    const MANY: usize = 24;
    let shops = two_shops().await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let mut saved = 0;
    let deadline = Instant::now() + PATIENCE;
    while saved < MANY / 2 {
        assert!(Instant::now() < deadline, "{:?}", database.gauges());
        let crowd = everybody(&shops)
            .take(MANY)
            .zip(1..)
            .map(async |((of, first), n)| (ask(&database, of, whose(n)).await, own(of, first)));
        rested(&database).await;
        proxy.forget();
        for (seen, own) in join_all(crowd).await {
            assert_eq!(seen.unwrap(), own);
        }
        saved = MANY.saturating_sub(proxy.flights());
    }
    assert!(database.gauges().carried >= saved as u64);
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn each_who_shares_a_flight_has_a_transaction_of_its_own() {
    const TRANSACTION: &str =
        "SELECT max(virtualtransaction) FROM pg_locks WHERE pid = pg_backend_pid()";
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    until_shared(&database, async || {
        let crowd = everybody(&shops).take(16);
        let crowd = crowd.map(|(of, _)| ask(&database, of, statement(TRANSACTION)));
        let all = join_all(crowd).await.into_iter().map(Result::unwrap);
        assert_eq!(all.collect::<BTreeSet<_>>().len(), 16);
    })
    .await;
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn c19_who_fails_in_a_shared_flight_fails_alone() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    until_shared(&database, async || {
        // What failed must be quick some times until it is trusted again.
        for (of, _) in everybody(&shops).take(40) {
            ask(&database, of, whose(1)).await.unwrap();
        }
        let numbers = [1, 2, 3, 0, 4, 5, 0, 6, 7];
        let crowd = everybody(&shops).zip(numbers).map(|((of, first), n)| {
            let seen = ask(&database, of, whose(n));
            async move { (n, seen.await, own(of, first)) }
        });
        for (n, seen, own) in join_all(crowd).await {
            match seen {
                Ok(seen) => assert_eq!((n != 0, seen), (true, own)),
                Err(error) => assert!(n == 0 && error.to_string().contains("division"), "{error}"),
            }
        }
    })
    .await;
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn c24_whoever_was_taken_along_by_one_who_leaves_is_answered_all_the_same() {
    let shops = two_shops().await.unwrap();
    let (proxy, database) = watched(&shops).await;
    until_shared(&database, async || {
        for (of, _) in everybody(&shops).take(4) {
            ask(&database, of, whose(1)).await.unwrap();
        }
        rested(&database).await;
        // The first has the connection; the second will, and take the others along.
        let mut crowd = everybody(&shops).zip(1..7).map(|((of, first), n)| {
            let seen = ask(&database, of, whose(n));
            Box::pin(async move { assert_eq!(seen.await.unwrap(), own(of, first)) })
        });
        let [mut first, mut second] = [(); 2].map(|()| crowd.next().unwrap());
        let mut others = Box::pin(join_all(crowd));
        proxy.forget();
        proxy.hold();
        assert!(poll!(&mut first).is_pending());
        assert!(poll!(&mut second).is_pending());
        assert!(poll!(&mut others).is_pending());
        proxy.resume();
        first.await;
        assert!(poll!(&mut second).is_pending());
        drop(second);
        others.await;
    })
    .await;
    assert_clean(&shops, &database).await;
}

/// Sleeps for so many seconds.
fn nap(seconds: f64) -> Statement {
    let sql = "SELECT concat(pg_sleep(CAST($1 AS double precision)), min(name)) FROM employee";
    with(sql, [seconds.to_string().into()])
}

/// Two scopes that have both connections.
async fn both_taken(database: &Database, shops: &Shops) -> [TenantDb; 2] {
    let scopes = [(); 2].map(|()| database.tenant(&shops.python, Access::Read));
    for scope in &scopes {
        names(scope).await.unwrap();
    }
    scopes
}

#[tokio::test]
async fn nobody_waits_for_long_for_one_who_is_slow() {
    const LONG: f64 = 3.0;
    let shops = two_shops().await.unwrap();
    let database = pool_of_two(&shops);
    let mut outside = Outside::of(&shops.url).await;
    let shared = "SELECT query FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active' AND query LIKE '%EXECUTE%EXECUTE%'
            AND pid <> pg_backend_pid()";
    let deadline = Instant::now() + PATIENCE;
    let mut seen = Vec::new();
    while seen.is_empty() {
        assert!(Instant::now() < deadline, "{:?}", database.gauges());
        // As often as it must be quick to be trusted again.
        for _ in 0..20 {
            ask(&database, &shops.python, nap(0.0)).await.unwrap();
        }
        let [home, other] = both_taken(&database, &shops).await;
        let crowd = [0.0, 0.0, LONG, 0.0, 0.0].map(async |seconds| {
            let begun = Instant::now();
            let seen = ask(&database, &shops.python, nap(seconds)).await;
            assert_eq!(seen.unwrap(), ["Cobra"]);
            (seconds, begun.elapsed().as_secs_f64())
        });
        let mut crowd = Box::pin(join_all(crowd));
        assert!(poll!(&mut crowd).is_pending());
        drop(home);
        assert!(poll!(&mut crowd).is_pending());
        drop(other);
        let (crowd, queries) = tokio::join!(crowd, outside.all(shared));
        for (seconds, waited) in crowd {
            assert!(seconds > 0.0 || waited < LONG, "{waited}");
        }
        seen = queries;
    }
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn nobody_waits_for_ever_for_one_who_looks_at_no_answer() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_two(&shops);
    let deadline = Instant::now() + PATIENCE;
    let mut longest = Duration::ZERO;
    while longest < Duration::from_secs(1) {
        assert!(Instant::now() < deadline, "{:?}", database.gauges());
        for _ in 0..3 {
            ask(&database, &shops.python, whose(1)).await.unwrap();
        }
        let [home, other] = both_taken(&database, &shops).await;
        let mut crowd = (1..5).map(|n| Box::pin(ask(&database, &shops.python, whose(n))));
        let mut first = crowd.next().unwrap();
        let mut others = Box::pin(join_all(crowd));
        assert!(poll!(&mut first).is_pending());
        assert!(poll!(&mut others).is_pending());
        drop(home);
        // It sends, and never looks again, unless the answer was there at once.
        let _ = poll!(&mut first);
        drop(other);
        let begun = Instant::now();
        for seen in others.await {
            assert_eq!(seen.unwrap(), own(&shops.python, "Cobra"));
        }
        longest = begun.elapsed();
    }
    assert!(longest < Duration::from_secs(3), "{longest:?}");
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn what_took_long_is_asked_by_itself() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    let two = async || {
        let scope = database.tenant(&shops.python, Access::Read);
        names(&scope).await.unwrap();
        let crowd = [(); 2].map(|()| ask(&database, &shops.python, nap(0.0)));
        let mut crowd = Box::pin(join_all(crowd));
        assert!(poll!(&mut crowd).is_pending());
        drop(scope);
        crowd.await.into_iter().for_each(|seen| drop(seen.unwrap()));
    };
    until_shared(&database, two).await;
    ask(&database, &shops.python, nap(0.1)).await.unwrap();
    let carried = database.gauges().carried;
    for _ in 0..5 {
        two().await;
    }
    assert_eq!(database.gauges().carried, carried);
}

#[tokio::test]
async fn what_is_out_of_date_is_asked_anew_by_those_who_shared_a_flight() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    let mut outside = Outside::of(&shops.url).await;
    let schema = &shops.python.schema;
    let mut kinds = ["varchar", "text"].into_iter().cycle();
    until_shared(&database, async || {
        for _ in 0..3 {
            let all = everybody(&shops).take(12).map(async |(of, first)| {
                let seen = ask(&database, of, statement(NAMES)).await;
                assert_eq!(seen.unwrap()[0], first);
            });
            join_all(all).await;
        }
        let kind = kinds.next().unwrap();
        let alter = format!("ALTER TABLE {schema}.employee ALTER name TYPE {kind}");
        outside.run(&alter).await;
    })
    .await;
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn what_is_all_that_is_asked_ends_its_scope_and_keeps_nothing() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    for access in [Access::Read, Access::Write] {
        let db = database.tenant(&shops.python, access);
        assert_eq!(db.ask_only(statement(NAMES)).await.unwrap().len(), 2);
        assert!(names(&db).await.is_err(), "it has ended");
        assert!(matches!(db.commit().await, Err(Error::Ended)));
    }
    let db = database.tenant(&shops.python, Access::Write);
    let fire = statement("DELETE FROM employee RETURNING name");
    assert_eq!(db.ask_only(fire).await.unwrap().len(), 2);
    // What was asked for before is part of the scope.
    let db = database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Cobra", "Viper"]);
    assert_eq!(db.ask_only(statement(NAMES)).await.unwrap().len(), 2);
    assert!(names(&db).await.is_err(), "it has ended");
    assert_clean(&shops, &database).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    /// Answers of any number of rows, and failures, among many who ask on a few connections.
    #[test]
    fn c18_whatever_is_asked_together_is_answered_as_if_it_were_asked_alone(
        all in proptest::collection::vec((any::<bool>(), -1..5_i32), 200),
    ) {
        const MANY: &str = "SELECT name || n FROM employee, generate_series(1, $1 / least($1 + 1, 1)) n ORDER BY 1";
        block_on(async {
            let shops = two_shops().await?;
            let options = PoolOptions { max_connections: 2, ..PoolOptions::default() };
            let database = shops.door(&shops.url, &options).unwrap();
            let crowd = all.iter().map(async |(python, rows)| {
                let of = if *python { &shops.python } else { &shops.ruby };
                (*python, *rows, ask(&database, of, with(MANY, [(*rows).into()])).await)
            });
            for (python, rows, seen) in join_all(crowd).await {
                let names = if python { ["Cobra", "Viper"] } else { ["Diamond", "Emerald"] };
                let expected: Vec<String> = names
                    .iter()
                    .flat_map(|name| (1..=rows).map(move |n| format!("{name}{n}")))
                    .collect();
                match seen {
                    Ok(seen) => assert_eq!((rows >= 0, seen), (true, expected)),
                    Err(error) => assert!(rows < 0, "{error}"),
                }
            }
            assert_clean(&shops, &database).await;
            Ok::<_, Error>(())
        });
    }
}
