use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use futures::{StreamExt, poll, stream};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sea_orm::ConnectionTrait;
use tenancy::testing::{ShopMigrations, Shops, Way, two_shops, two_shops_by};
use tenancy::{
    Access, ActiveTenant, Database, History, Isolation, Logins, PoolOptions, SchemaName, Status,
    Tenant, TenantId,
};

use crate::support::{
    Outside, assert_clean, get, names, nobody_idles_in_transaction, path, path_of, polled,
    pool_of_one, rested,
};

tenancy::both_ways! {
    a_tenant_has_the_same_connection_again_and_again,
    a_hot_tenant_takes_what_is_idle,
    a_hot_tenants_neighbour_waits_for_two_turns_at_most,
    c24_ten_thousand_who_come_and_partly_leave_lose_no_connection on 2 threads,
}

const BACKEND: &str = "SELECT pg_backend_pid()";

/// A tenant that this login may enter, without a row.
pub(crate) async fn shop(shops: &Shops, login: u16) -> ActiveTenant {
    let history = History::of::<ShopMigrations>(&[]);
    let id = TenantId::new();
    let tenant = Tenant {
        id,
        slug: format!("shop-{}", id.as_uuid().simple()).parse().unwrap(),
        schema: SchemaName::of(id),
        login,
        status: Status::Active,
        version: Some(history.latest().to_owned()),
        breaking: None,
    };
    let made = history.migrate_tenant(&shops.operator, &tenant).await;
    made.unwrap();
    Arc::new(tenant).enter(history.latest()).unwrap()
}

fn door(shops: &Shops, total: u32, tenants_per_connection: u32) -> Database {
    let options = PoolOptions {
        max_connections: total,
        tenants_per_connection,
        acquire_timeout: Duration::from_secs(30),
        ..PoolOptions::default()
    };
    shops.door(&shops.address(total), &options).unwrap()
}

/// On which backend a request of this tenant works.
async fn backend(database: &Database, tenant: &ActiveTenant) -> i32 {
    let db = database.tenant(tenant, Access::Read);
    let pid = get(&db, BACKEND).await.unwrap();
    drop(db);
    rested(database).await;
    pid
}

async fn a_tenant_has_the_same_connection_again_and_again(way: Way) {
    const TENANTS: usize = 24;
    const TOTAL: u32 = 4;
    let shops = two_shops_by(way).await.unwrap();
    let tenants = join_all((0..TENANTS).map(|_| shop(&shops, 1))).await;
    let database = door(&shops, TOTAL, 100);
    let mut random = StdRng::seed_from_u64(1);
    let mut pids = BTreeMap::<usize, BTreeSet<i32>>::new();
    for n in 0..TENANTS * 5 {
        let nth = if n < TENANTS {
            n
        } else {
            random.random_range(0..TENANTS)
        };
        let pid = backend(&database, &tenants[nth]).await;
        pids.entry(nth).or_default().insert(pid);
    }

    let gauges = database.gauges();
    assert_eq!(gauges.spilled, 0, "{gauges:?}");
    assert_eq!(gauges.tenants, TENANTS, "each is known once");
    assert!(gauges.open > 1 && gauges.open == gauges.idle, "{gauges:?}");
    if way == Way::Direct {
        assert!(pids.values().all(|pids| pids.len() == 1), "{pids:?}");
        let all: BTreeSet<_> = pids.values().flatten().collect();
        assert_eq!(all.len(), gauges.open);
    }
}

async fn a_hot_tenant_takes_what_is_idle(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = door(&shops, 4, 100);
    let scopes = [(); 4].map(|()| database.tenant(&shops.python, Access::Read));
    for db in &scopes {
        names(db).await.unwrap();
    }

    let gauges = database.gauges();
    assert_eq!((gauges.busy, gauges.spilled), (4, 3), "{gauges:?}");
    let late = database.tenant(&shops.ruby, Access::Read);
    let mut seen = Box::pin(names(&late));
    assert!(poll!(&mut seen).is_pending());
    assert_eq!(database.gauges().waiting, 1);
    drop(scopes);
    assert_eq!(seen.await.unwrap(), ["Diamond", "Emerald"]);
    drop(late);
    assert_clean(&shops, &database).await;
}

async fn a_hot_tenants_neighbour_waits_for_two_turns_at_most(way: Way) {
    let shops = Arc::new(two_shops_by(way).await.unwrap());
    let database = pool_of_one(&shops);
    let hot = (0..32).map(|_| {
        let (database, python) = (database.clone(), shops.python.clone());
        tokio::spawn(async move {
            loop {
                let db = database.tenant(&python, Access::Read);
                names(&db).await.unwrap();
            }
        })
    });
    let hot: Vec<_> = hot.collect();
    while database.gauges().waiting < 30 {
        tokio::task::yield_now().await;
    }
    for _ in 0..50 {
        // There is one thread, so nobody comes in between.
        let before = database.gauges().leases;
        let db = database.tenant(&shops.ruby, Access::Read);
        assert_eq!(names(&db).await.unwrap(), ["Diamond", "Emerald"]);
        let turns = database.gauges().leases - before;
        assert!(turns <= 3, "two others and itself, not {turns}");
    }
    for task in hot {
        task.abort();
    }
}

async fn c24_ten_thousand_who_come_and_partly_leave_lose_no_connection(way: Way) {
    const TASKS: u64 = 64;
    const EACH: usize = 160;
    let shops = Arc::new(two_shops_by(way).await.unwrap());
    let database = door(&shops, 4, 100);
    let tasks = (0..TASKS).map(|task| {
        let (shops, database) = (Arc::clone(&shops), database.clone());
        tokio::spawn(async move {
            let mut random = StdRng::seed_from_u64(task);
            for _ in 0..EACH {
                let (tenant, first) =
                    [(&shops.python, "Cobra"), (&shops.ruby, "Diamond")][random.random_range(0..2)];
                let db = database.tenant(tenant, Access::Read);
                if random.random_ratio(1, 2) {
                    let polls = random.random_range(1..4);
                    if let Some(seen) = polled(polls, names(&db)).await {
                        assert_eq!(seen.unwrap()[0], first);
                    }
                } else {
                    assert_eq!(names(&db).await.unwrap()[0], first);
                }
            }
        })
    });
    for end in join_all(tasks).await {
        end.unwrap();
    }

    rested(&database).await;
    let gauges = database.gauges();
    assert_eq!((gauges.waiting, gauges.busy), (0, 0), "{gauges:?}");
    nobody_idles_in_transaction(&shops.url).await;
    // Each of the four is there to be had.
    let scopes = [(); 4].map(|()| database.tenant(&shops.python, Access::Read));
    for db in &scopes {
        names(db).await.unwrap();
    }
    assert_eq!(database.gauges().busy, 4);
}

#[tokio::test]
async fn a_connection_that_knows_too_many_tenants_makes_room_for_another() {
    let shops = two_shops().await.unwrap();
    let third = shop(&shops, 1).await;
    for (room, retired) in [(2, 1), (3, 0)] {
        let database = door(&shops, 1, room);
        let first = backend(&database, &shops.python).await;
        assert_eq!(backend(&database, &shops.ruby).await, first);
        assert_eq!(backend(&database, &shops.python).await, first);

        let then = backend(&database, &third).await;

        assert_eq!(then != first, retired == 1);
        let gauges = database.gauges();
        assert_eq!((gauges.retired, gauges.open), (retired, 1), "{gauges:?}");
        assert_eq!(gauges.tenants, if retired == 1 { 1 } else { 3 });
    }
}

/// A tenant that was never made: without roles nothing looks for its schema before its tables.
fn stranger() -> ActiveTenant {
    let id = TenantId::new();
    let tenant = Tenant {
        id,
        slug: format!("shop-{}", id.as_uuid().simple()).parse().unwrap(),
        schema: SchemaName::of(id),
        login: 1,
        status: Status::Active,
        version: Some(String::new()),
        breaking: None,
    };
    Arc::new(tenant).enter("").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_tenants_in_turn_leave_no_more_behind_than_was_said() {
    const TENANTS: usize = 10_000;
    const CONNECTIONS: usize = 4;
    const KNOWN: usize = 200;
    const KEPT: usize = 50;
    let shops = two_shops().await.unwrap();
    let logins = Logins::new(&shops.url, &shops.url, Isolation::Path).unwrap();
    let [
        max_connections,
        tenants_per_connection,
        statements_per_connection,
    ] = [CONNECTIONS, KNOWN, KEPT].map(|most| u32::try_from(most).unwrap());
    let options = PoolOptions {
        max_connections,
        tenants_per_connection,
        statements_per_connection,
        acquire_timeout: Duration::from_secs(30),
        ..PoolOptions::default()
    };
    let database = Database::new(&logins, &options);
    let touched = stream::iter(0..TENANTS).map(async |_| {
        let tenant = stranger();
        let db = database.tenant(&tenant, Access::Read);
        assert_eq!(path(&db).await, path_of(&tenant));
        let gauges = database.gauges();
        assert!(gauges.open <= CONNECTIONS, "{gauges:?}");
        assert!(gauges.tenants <= CONNECTIONS * KNOWN, "{gauges:?}");
        assert!(gauges.statements <= CONNECTIONS * KEPT, "{gauges:?}");
    });
    touched.buffer_unordered(16).count().await;

    rested(&database).await;
    let gauges = database.gauges();
    let least = TENANTS / KNOWN - CONNECTIONS;
    assert!(gauges.retired >= least as u64, "{gauges:?}");
    nobody_idles_in_transaction(&shops.url).await;
    // Those who come again are as welcome as ever.
    let scopes = [(); CONNECTIONS].map(|()| database.tenant(&shops.python, Access::Read));
    for db in &scopes {
        assert_eq!(names(db).await.unwrap(), ["Cobra", "Viper"]);
    }
}

#[tokio::test]
async fn all_logins_together_have_no_more_connections_than_the_total() {
    const TOTAL: u32 = 3;
    let shops = two_shops().await.unwrap();
    let mut tenants = Vec::new();
    for login in [1, 2, 3, 4] {
        for _ in 0..2 {
            tenants.push(shop(&shops, login).await);
        }
    }
    let database = door(&shops, TOTAL, 100);
    let requests = (0..120).map(async |n: usize| {
        let db = database.tenant(&tenants[n % tenants.len()], Access::Read);
        assert!(names(&db).await.unwrap().is_empty());
        assert!(database.gauges().open <= TOTAL as usize);
        get::<String>(&db, "SELECT session_user::text")
            .await
            .unwrap()
    });
    let logins: BTreeSet<_> = join_all(requests).await.into_iter().collect();
    assert_eq!(logins.len(), 4, "{logins:?}");

    rested(&database).await;
    let mut outside = Outside::of(&shops.url).await;
    let serving = "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() \
                   AND usename LIKE '%serving%'";
    outside
        .until(serving, |pids| pids.len() == database.gauges().open)
        .await;
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn a_pool_that_is_closed_waits_for_scopes_and_lets_nobody_in() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    let open = database.tenant(&shops.python, Access::Write);
    names(&open).await.unwrap();
    let late = database.tenant(&shops.ruby, Access::Read);
    let mut waits = Box::pin(names(&late));
    assert!(poll!(&mut waits).is_pending());
    let mut closing = Box::pin(database.close());
    assert!(poll!(&mut closing).is_pending());

    let error = waits.await.unwrap_err();
    assert!(tenancy::error::is_unavailable(&error), "{error:?}");
    assert_eq!(names(&open).await.unwrap(), ["Cobra", "Viper"]);
    assert!(poll!(&mut closing).is_pending());
    open.commit().await.unwrap();
    closing.await;
    assert_eq!(database.gauges().open, 0);
    assert!(names(&late).await.is_err());
}

#[tokio::test]
async fn whoever_waits_too_long_is_told_to_come_later() {
    let shops = two_shops().await.unwrap();
    let options = PoolOptions {
        max_connections: 1,
        acquire_timeout: Duration::from_secs(2),
        ..PoolOptions::default()
    };
    let database = shops.door(&shops.url, &options).unwrap();
    let open = database.tenant(&shops.python, Access::Read);
    names(&open).await.unwrap();
    let late = database.tenant(&shops.ruby, Access::Read);
    let error = late
        .execute_raw(crate::support::statement("SELECT 1"))
        .await
        .unwrap_err();
    assert!(tenancy::error::is_unavailable(&error), "{error:?}");
    assert_eq!(database.gauges().waiting, 0);
    drop(open);
    assert_eq!(names(&late).await.unwrap(), ["Diamond", "Emerald"]);
}
