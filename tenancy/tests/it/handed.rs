use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::{FutureExt, poll};
use tenancy::testing::{Way, two_shops, two_shops_by};
use tenancy::{Access, TenantDb};

use crate::support::{
    assert_clean, get, names, path, path_of, polled, pool_of_one, rested, run, sent, watched,
};

tenancy::both_ways! {
    c24_whoever_is_handed_a_connection_sees_nothing_of_its_former_user,
    c24_a_connection_whose_user_left_in_the_middle_of_something_long_is_closed,
    c24_a_connection_handed_to_somebody_who_has_left_goes_to_the_next,
    c24_a_connection_that_dies_while_it_rests_in_a_transaction_is_closed,
}

const BACKEND: &str = "SELECT pg_backend_pid()";

/// How somebody leaves a scope.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Leaving {
    Ended,
    Dropped,
    Failed,
    Panicked,
    Cancelled,
    Written,
    Committed,
}

async fn leave(db: TenantDb, leaving: Leaving) {
    match leaving {
        Leaving::Ended => db.end().await,
        Leaving::Dropped | Leaving::Written => drop(db),
        Leaving::Failed => drop(run(&db, "SELECT 1 / 0").await.unwrap_err()),
        Leaving::Cancelled => assert!(polled(1, names(&db)).await.is_none()),
        Leaving::Committed => db.commit().await.unwrap(),
        Leaving::Panicked => {
            let request = async move {
                let _db = db;
                panic!("on purpose");
            };
            let end: Result<(), _> = std::panic::AssertUnwindSafe(request).catch_unwind().await;
            assert!(end.is_err());
        }
    }
}

async fn c24_whoever_is_handed_a_connection_sees_nothing_of_its_former_user(way: Way) {
    for leaving in [
        Leaving::Ended,
        Leaving::Dropped,
        Leaving::Failed,
        Leaving::Panicked,
        Leaving::Cancelled,
        Leaving::Written,
        Leaving::Committed,
    ] {
        hand_over(way, leaving).await;
    }
}

async fn hand_over(way: Way, leaving: Leaving) {
    let shops = two_shops_by(way).await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let access = if leaving == Leaving::Written {
        Access::Write
    } else {
        Access::Read
    };
    let former = database.tenant(&shops.python, access);
    assert_eq!(names(&former).await.unwrap(), ["Cobra", "Viper"]);
    if leaving == Leaving::Written {
        run(&former, "DELETE FROM employee").await.unwrap();
    }
    let pid: i32 = get(&former, BACKEND).await.unwrap();
    let since: String = get(&former, "SELECT now()::text").await.unwrap();
    let next = database.tenant(&shops.ruby, Access::Read);
    let mut seen = Box::pin(names(&next));
    assert!(poll!(&mut seen).is_pending());
    proxy.forget();

    leave(former, leaving).await;

    assert_eq!(seen.await.unwrap(), ["Diamond", "Emerald"], "{leaving:?}");
    let said = proxy.statements();
    let at_once = said.iter().any(|text| text.starts_with("ROLLBACK; BEGIN"));
    let reads = [
        Leaving::Ended,
        Leaving::Dropped,
        Leaving::Failed,
        Leaving::Panicked,
    ];
    let is_read = reads.contains(&leaving) && way == Way::Direct;
    assert_eq!(at_once, is_read, "{leaving:?}: {said:?}");
    assert_eq!(path(&next).await, path_of(&shops.ruby));
    let user: String = get(&next, "SELECT current_user::text").await.unwrap();
    assert_eq!(user, shops.ruby.schema.as_str());
    let level: String = get(&next, "SHOW transaction_isolation").await.unwrap();
    assert_eq!(level, "repeatable read");
    let now: String = get(&next, "SELECT now()::text").await.unwrap();
    assert_ne!(now, since, "another transaction");
    if way == Way::Direct {
        let same: i32 = get(&next, BACKEND).await.unwrap();
        assert_eq!(same, pid, "{leaving:?}");
    }
    drop(next);
    assert_clean(&shops, &database).await;
}

async fn c24_a_connection_whose_user_left_in_the_middle_of_something_long_is_closed(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let db = database.tenant(&shops.python, Access::Write);
    let pid: i32 = get(&db, BACKEND).await.unwrap();
    let long = "SELECT pg_sleep(60)";
    sent(&proxy, long, &mut Box::pin(run(&db, long))).await;
    drop(db);
    let begun = Instant::now();
    let next = database.tenant(&shops.ruby, Access::Read);
    assert_eq!(names(&next).await.unwrap(), ["Diamond", "Emerald"]);
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert_ne!(get::<i32>(&next, BACKEND).await.unwrap(), pid);
    drop(next);
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn a_connection_whose_users_leave_again_and_again_is_closed_some_time() {
    let shops = two_shops().await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let mut pids = BTreeSet::new();
    for _ in 0..70 {
        let db = database.tenant(&shops.python, Access::Read);
        pids.insert(get::<i32>(&db, BACKEND).await.unwrap());
        proxy.forget();
        proxy.hold();
        sent(&proxy, BACKEND, &mut Box::pin(get::<i32>(&db, BACKEND))).await;
        drop(db);
        proxy.resume();
        rested(&database).await;
    }
    assert_eq!(pids.len(), 2);
    assert_clean(&shops, &database).await;
}

async fn c24_a_connection_handed_to_somebody_who_has_left_goes_to_the_next(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let former = database.tenant(&shops.python, Access::Read);
    names(&former).await.unwrap();
    let (one, other) = (
        database.tenant(&shops.python, Access::Write),
        database.tenant(&shops.ruby, Access::Read),
    );
    let (mut handed, mut next) = (Box::pin(names(&one)), Box::pin(names(&other)));
    assert!(poll!(&mut handed).is_pending());
    assert!(poll!(&mut next).is_pending());
    former.end().await;
    drop(handed);
    assert_eq!(next.await.unwrap(), ["Diamond", "Emerald"]);
    drop((one, other));
    rested(&database).await;

    // And to nobody, if nobody is left.
    let former = database.tenant(&shops.python, Access::Read);
    names(&former).await.unwrap();
    let one = database.tenant(&shops.ruby, Access::Read);
    let mut handed = Box::pin(names(&one));
    assert!(poll!(&mut handed).is_pending());
    former.end().await;
    drop(handed);
    rested(&database).await;
    assert_eq!(database.gauges().idle, 1);
    assert_clean(&shops, &database).await;
}

async fn c24_a_connection_that_dies_while_it_rests_in_a_transaction_is_closed(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let (proxy, database) = watched(&shops).await;
    let db = database.tenant(&shops.python, Access::Read);
    names(&db).await.unwrap();
    proxy.forget();
    proxy.hold();
    drop(db);
    // Nobody comes, so it is rolled back; and the answer to that never arrives.
    let deadline = Instant::now() + Duration::from_secs(20);
    while !proxy.statements().iter().any(|text| text == "ROLLBACK") {
        assert!(Instant::now() < deadline, "{:?}", proxy.statements());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(proxy);

    rested(&database).await;

    assert_eq!(database.gauges().open, 0);
    assert_clean(&shops, &shops.database).await;
}
