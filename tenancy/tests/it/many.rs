use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use sea_orm::{ConnectionTrait, DbErr, TransactionTrait};
use tenancy::testing::{ShopMigrations, Shops, Way, two_shops, two_shops_by};
use tenancy::{
    Access, ActiveTenant, Catalog, Database, Error, History, PoolOptions, SchemaName, Status,
    Tenant, TenantDb, TenantId, fleet,
};

use crate::support::{
    Outside, get, name, names, nobody_idles_in_transaction, pool_of_one, run, statement, with,
};

tenancy::both_ways! {
    c01_blocks_of_two_tenants_inside_each_other_write_to_their_own,
    c18_scopes_that_interleave_each_keep_their_own_tenant,
    c23_a_task_has_the_scope_that_it_was_given_and_no_longer_than_it_lasts,
    one_scope_used_by_many_futures_answers_each,
    c26_many_tenants_at_once_on_a_small_pool_never_see_each_other on 4 threads,
}

async fn c01_blocks_of_two_tenants_inside_each_other_write_to_their_own(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let hire = async |db: &TenantDb, times| {
        for _ in 0..times {
            let sql = "INSERT INTO employee VALUES (gen_random_uuid(), 'New')";
            run(db, sql).await.unwrap();
        }
    };
    let count = async |tenant: &ActiveTenant| {
        let db = shops.database.tenant(tenant, Access::Read);
        get::<i64>(&db, "SELECT count(*) FROM employee WHERE name = 'New'")
            .await
            .unwrap()
    };

    let outer = shops.database.tenant(&shops.python, Access::Write);
    hire(&outer, 1).await;
    {
        let inner = shops.database.tenant(&shops.ruby, Access::Write);
        hire(&inner, 3).await;
        inner.commit().await.unwrap();
    }
    hire(&outer, 1).await;
    outer.commit().await.unwrap();

    assert_eq!(count(&shops.python).await, 2);
    assert_eq!(count(&shops.ruby).await, 3);
}

async fn c18_scopes_that_interleave_each_keep_their_own_tenant(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let python = shops.database.tenant(&shops.python, Access::Read);
    let ruby = shops.database.tenant(&shops.ruby, Access::Read);
    for _ in 0..5 {
        let (one, other) = tokio::join!(names(&python), names(&ruby));
        assert_eq!(one.unwrap(), ["Cobra", "Viper"]);
        assert_eq!(other.unwrap(), ["Diamond", "Emerald"]);
    }
    python.end().await;
    assert_eq!(names(&ruby).await.unwrap(), ["Diamond", "Emerald"]);
}

async fn c23_a_task_has_the_scope_that_it_was_given_and_no_longer_than_it_lasts(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let db = shops.database.tenant(&shops.python, Access::Read);
    let given = db.clone();
    let task = tokio::spawn(async move { names(&given).await });
    assert_eq!(task.await.unwrap().unwrap(), ["Cobra", "Viper"]);

    db.end().await;

    let late = tokio::spawn(async move { names(&db).await });
    assert!(late.await.unwrap().is_err());
}

async fn one_scope_used_by_many_futures_answers_each(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let db = database.tenant(&shops.python, Access::Read);

    let numbers = join_all((0..50).map(async |n: i64| {
        let row = db
            .query_one_raw(with("SELECT $1::bigint", [n.into()]))
            .await;
        row.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap()
    }))
    .await;

    assert_eq!(numbers, (0..50).collect::<Vec<_>>());
}

/// A tenant whose every row bears its slug.
async fn tagged(shops: &Shops, slug: String) -> ActiveTenant {
    let history = History::of::<ShopMigrations>(&[]);
    let id = TenantId::new();
    let tenant = Tenant {
        id,
        slug: slug.parse().unwrap(),
        schema: SchemaName::of(id),
        login: 1,
        status: Status::Active,
        version: Some(history.latest().to_owned()),
        breaking: None,
    };
    history
        .migrate_tenant(&shops.operator, &tenant)
        .await
        .unwrap();
    let db = shops.operator.tenant(&tenant, Access::Write);
    let rows = "INSERT INTO employee SELECT gen_random_uuid(), $1 FROM generate_series(1, 3)";
    db.execute_raw(with(rows, [slug.into()])).await.unwrap();
    db.commit().await.unwrap();
    Arc::new(tenant).enter(history.latest()).unwrap()
}

/// One of the things that requests do; answers how many rows it saw.
async fn mixed(database: &Database, tenant: &ActiveTenant, kind: usize) -> Result<usize, Error> {
    let access = if kind.is_multiple_of(3) {
        Access::Write
    } else {
        Access::Read
    };
    let db = database.tenant(tenant, access);
    let own = |names: Vec<String>| {
        assert!(!names.is_empty(), "its own rows are there");
        for name in &names {
            assert_eq!(name, tenant.slug.as_str(), "a row of another tenant");
        }
        names.len()
    };
    let seen = own(names(&db).await?);
    match kind {
        // Writes and keeps it.
        0 => {
            let hire = "INSERT INTO employee VALUES (gen_random_uuid(), $1)";
            db.execute_raw(with(hire, [tenant.slug.as_str().into()]))
                .await?;
            db.commit().await?;
        }
        // Fails half way.
        1 => drop(run(&db, "SELECT 1 / 0").await.unwrap_err()),
        // Is cancelled.
        2 => drop(tokio::time::timeout(std::time::Duration::from_micros(200), names(&db)).await),
        // Takes something back.
        3 => {
            let nested = db.begin().await?;
            run(&nested, "DELETE FROM employee").await?;
            nested.rollback().await?;
            own(names(&db).await?);
            db.commit().await?;
        }
        // Leaves in the middle of a stream.
        4 => {
            use futures::StreamExt;
            use sea_orm::StreamTrait;
            let rows = statement("SELECT name FROM employee, generate_series(1, 200)");
            let mut rows = db.stream_raw(rows).await?;
            own(vec![name(&rows.next().await.expect("a row")?)?]);
        }
        // Reads by prepared statement, as before.
        _ => drop(own(names(&db).await?)),
    }
    Ok(seen)
}

async fn c26_many_tenants_at_once_on_a_small_pool_never_see_each_other(way: Way) {
    const TENANTS: usize = 100;
    const REQUESTS: usize = 6_000;
    let shops = Arc::new(two_shops_by(way).await.unwrap());
    let slugs = (0..TENANTS).map(|n| tagged(&shops, format!("shop-{n}")));
    let tenants = Arc::new(join_all(slugs).await);
    let options = PoolOptions {
        max_connections: 10,
        acquire_timeout: std::time::Duration::from_secs(30),
        ..PoolOptions::default()
    };
    let database = shops.door(&shops.address(6), &options).unwrap();

    let next = Arc::new(AtomicUsize::new(0));
    let workers = (0..30).map(|_| {
        let (next, tenants, database) = (Arc::clone(&next), Arc::clone(&tenants), database.clone());
        tokio::spawn(async move {
            let mut seen = 0;
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= REQUESTS {
                    return seen;
                }
                // Neighbours in time are different tenants, and each tenant gets every kind.
                let tenant = &tenants[n % TENANTS];
                seen += mixed(&database, tenant, n / TENANTS % 6).await.unwrap();
            }
        })
    });
    let seen: usize = join_all(workers)
        .await
        .into_iter()
        .map(Result::unwrap)
        .sum();

    assert!(seen >= REQUESTS * 3, "{seen}");
    nobody_idles_in_transaction(&shops.url).await;
    // What was to be kept was kept, once per request of that kind.
    let kept = (0..REQUESTS)
        .filter(|n| (n / TENANTS).is_multiple_of(6))
        .count();
    let counts = join_all(tenants.iter().map(async |tenant| {
        let db = database.tenant(tenant, Access::Read);
        names(&db).await.unwrap().len()
    }));
    let rows: usize = counts.await.into_iter().sum();
    assert_eq!(rows, TENANTS * 3 + kept);
}

#[tokio::test]
async fn d16_d04_each_tenant_is_visited_and_the_shared_realm_is_none() {
    let shops = two_shops().await.unwrap();
    let tenants = shops.directory.catalog().all().await.unwrap();
    // In a task, as a server does: the work owns what it uses, so it may move between threads.
    let operator = shops.operator.clone();
    let visiting = tokio::spawn(fleet::each(
        tenants,
        4,
        |_| {},
        async move |tenant: &Tenant| {
            let db = operator.tenant(tenant, Access::Read);
            names(&db).await
        },
    ));
    let visited: Vec<_> = visiting
        .await
        .unwrap()
        .into_iter()
        .map(|outcome| (outcome.tenant.slug.to_string(), outcome.result.unwrap()))
        .collect();
    let expected = [
        (
            "python".to_owned(),
            vec!["Cobra".to_owned(), "Viper".to_owned()],
        ),
        (
            "ruby".to_owned(),
            vec!["Diamond".to_owned(), "Emerald".to_owned()],
        ),
    ];
    assert_eq!(visited, expected);
}

#[tokio::test]
async fn an_operator_enters_a_tenant_that_nobody_else_may() {
    let shops = two_shops().await.unwrap();
    let mut suspended = Tenant::clone(&shops.python);
    suspended.status = Status::Suspended;
    assert!(Arc::new(suspended.clone()).enter("").is_err());

    let db = shops.operator.tenant(&suspended, Access::Read);

    assert_eq!(names(&db).await.unwrap(), ["Cobra", "Viper"]);
}

#[tokio::test]
async fn tenants_whose_columns_differ_have_statements_of_their_own() {
    let shops = two_shops().await.unwrap();
    let database = pool_of_one(&shops);
    let ask = async |tenant: &ActiveTenant| -> Result<Vec<String>, DbErr> {
        let db = database.tenant(tenant, Access::Read);
        names(&db).await
    };
    assert_eq!(ask(&shops.python).await.unwrap(), ["Cobra", "Viper"]);
    assert_eq!(ask(&shops.ruby).await.unwrap(), ["Diamond", "Emerald"]);

    // Ruby's migration has come, Python's hasn't.
    let schema = &shops.ruby.schema;
    let alter = format!("ALTER TABLE {schema}.employee ALTER name TYPE varchar(50)");
    Outside::of(&shops.url).await.run(&alter).await;

    for _ in 0..3 {
        for tenant in [&shops.ruby, &shops.python] {
            assert_eq!(ask(tenant).await.unwrap().len(), 2);
        }
    }
}
