//! Controls: what sqlx alone does. If one of these fails after an update, `db/hand.rs` may have
//! become simpler than it is.

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool, Row};
use tenancy::testing::{Proxy, two_shops};

use crate::support::{nobody_idles_in_transaction, sent};

async fn raw_pool_of_one(url: &str) -> PgPool {
    // Tested, it would wait for the test's answer rather than for the transaction's.
    let options = PgPoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false);
    let pool = options.connect_lazy(url).unwrap();
    idle(&pool).await;
    pool
}

/// Waits until the connection is back in the pool.
async fn idle(pool: &PgPool) {
    drop(pool.acquire().await.unwrap());
    while pool.num_idle() == 0 {
        tokio::task::yield_now().await;
    }
}

async fn path_of_the_next(pool: &PgPool) -> String {
    let row = sqlx::query("SHOW search_path").fetch_one(pool).await;
    row.unwrap().get(0)
}

/// Drops a future that has sent a statement and not been answered.
async fn cancelled(pool: &PgPool, proxy: &Proxy, sql: &str, future: impl Future) {
    idle(pool).await;
    proxy.forget();
    proxy.hold();
    sent(proxy, sql, &mut Box::pin(future)).await;
    proxy.resume();
}

#[tokio::test]
async fn control_a_transaction_cancelled_while_it_begins_gives_its_path_to_the_next() {
    let shops = two_shops().await.unwrap();
    let proxy = Proxy::start(&shops.url).await.unwrap();
    let pool = raw_pool_of_one(proxy.url()).await;
    let enter = format!("BEGIN; SET LOCAL search_path TO {}", shops.python.schema);
    let whole = pool.begin_with(AssertSqlSafe(enter.clone())).await.unwrap();
    whole.rollback().await.unwrap();
    assert_eq!(path_of_the_next(&pool).await, "\"$user\", public");

    cancelled(
        &pool,
        &proxy,
        &enter,
        pool.begin_with(AssertSqlSafe(enter.clone())),
    )
    .await;

    let path = path_of_the_next(&pool).await;
    assert_eq!(path, shops.python.schema.as_str(), "a leak that sqlx has");
}

#[tokio::test]
async fn control_a_plain_transaction_cancelled_while_it_begins_stays_open() {
    let shops = two_shops().await.unwrap();
    let proxy = Proxy::start(&shops.url).await.unwrap();
    let pool = raw_pool_of_one(proxy.url()).await;

    cancelled(&pool, &proxy, "BEGIN", pool.begin()).await;

    // What the next user writes is never committed.
    let insert = "INSERT INTO shared.supplier VALUES (gen_random_uuid(), 'Lost')";
    sqlx::query(insert).execute(&pool).await.unwrap();
    pool.close().await;
    nobody_idles_in_transaction(&shops.url).await;
    let pool = raw_pool_of_one(&shops.url).await;
    let row = sqlx::query("SELECT count(*) FROM shared.supplier WHERE name = 'Lost'");
    let lost: i64 = row.fetch_one(&pool).await.unwrap().get(0);
    assert_eq!(lost, 0, "a loss that sqlx has");
}

#[tokio::test]
async fn control_a_begin_that_fails_gives_its_failure_to_the_next() {
    let shops = two_shops().await.unwrap();
    let pool = raw_pool_of_one(&shops.url).await;

    let begun = pool.begin_with("BEGIN; SET LOCAL nonsense TO 1").await;
    assert!(begun.is_err());

    let next = sqlx::query("SELECT 1").execute(&pool).await.unwrap_err();
    assert!(next.to_string().contains("aborted"), "{next}");
}
