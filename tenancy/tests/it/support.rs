//! What tests share.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, TryGetable, Value};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use tenancy::testing::{Proxy, Shops, Way};
use tenancy::{Access, ActiveTenant, Database, PoolOptions, TenantDb};

/// How long anything may take that isn't the machine's fault.
const PATIENCE: Duration = Duration::from_secs(20);

/// The shops' door with a single connection, and a single backend behind a pooler, so that whatever
/// one scope leaves behind, the next one gets.
pub(crate) fn pool_of_one(shops: &Shops) -> Database {
    pool_of_one_at(shops, &shops.address(1))
}

/// The same at an address of the shops, for [`watched`].
pub(crate) fn pool_of_one_at(shops: &Shops, address: &str) -> Database {
    let options = PoolOptions {
        max_connections: 1,
        acquire_timeout: PATIENCE,
        ..PoolOptions::default()
    };
    shops.door(address, &options).unwrap()
}

/// A pool of one whose every word goes through a proxy: before the pooler, if there is one.
pub(crate) async fn watched(shops: &Shops) -> (Proxy, Database) {
    let proxy = Proxy::start(&shops.address(1)).await.unwrap();
    let database = pool_of_one_at(shops, proxy.url());
    (proxy, database)
}

pub(crate) fn statement(sql: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, sql)
}

pub(crate) fn with(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// Runs a statement; answers how many rows it touched.
pub(crate) async fn run(db: &impl ConnectionTrait, sql: &str) -> Result<u64, DbErr> {
    Ok(db.execute_raw(statement(sql)).await?.rows_affected())
}

/// The first column of the only row.
pub(crate) async fn get<T: TryGetable>(db: &impl ConnectionTrait, sql: &str) -> Result<T, DbErr> {
    let row = db.query_one_raw(statement(sql)).await?;
    row.expect("one row").try_get_by_index(0)
}

pub(crate) fn name(row: &QueryResult) -> Result<String, DbErr> {
    row.try_get("", "name")
}

/// What [`names`] asks.
pub(crate) const NAMES: &str = "SELECT name FROM employee ORDER BY name";

/// Who works here.
pub(crate) async fn names(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let rows = db.query_all_raw(statement(NAMES)).await?;
    rows.iter().map(name).collect()
}

/// The next scopes of both shops, on whatever connection they get, are as they should be.
pub(crate) async fn assert_clean(shops: &Shops, database: &Database) {
    nobody_idles_in_transaction(&shops.url).await;
    for (tenant, employees) in [
        (&shops.ruby, ["Diamond", "Emerald"]),
        (&shops.python, ["Cobra", "Viper"]),
    ] {
        let db = database.tenant(tenant, Access::Read);
        assert_eq!(names(&db).await.unwrap(), employees);
        assert_eq!(path(&db).await, path_of(tenant));
        let isolation: String = get(&db, "SHOW transaction_isolation").await.unwrap();
        assert_eq!(isolation, "repeatable read");
        db.end().await;
    }
    nobody_idles_in_transaction(&shops.url).await;
}

/// Waits until nobody has a connection, and nothing is being undone.
pub(crate) async fn rested(database: &Database) {
    let deadline = Instant::now() + PATIENCE;
    while database.gauges().busy > 0 {
        assert!(Instant::now() < deadline, "{:?}", database.gauges());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

pub(crate) async fn path(db: &TenantDb) -> String {
    get(db, "SHOW search_path").await.unwrap()
}

pub(crate) fn path_of(tenant: &ActiveTenant) -> String {
    // PostgreSQL shows quotes only where they are needed, and here they aren't.
    format!("{}, pg_temp", tenant.schema)
}

/// Polls a future as often as this and then drops it, wherever it waits by then.
pub(crate) async fn polled<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|context| {
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Drives a future until a statement has gone through the proxy, which holds back its answer.
pub(crate) async fn sent<F: Future + Unpin>(proxy: &Proxy, sql: &str, future: &mut F) {
    let deadline = Instant::now() + PATIENCE;
    while !proxy.statements().iter().any(|seen| seen.starts_with(sql)) {
        assert!(Instant::now() < deadline, "it was never sent: {sql}");
        let pause = tokio::time::sleep(Duration::from_millis(1));
        tokio::select! {
            _ = &mut *future => panic!("it was answered: {sql}"),
            () = pause => {}
        }
    }
}

/// Holds back the answer to the next statement: to its execution, of whose preparation behind a
/// pooler nothing is kept.
pub(crate) fn hold_execution(proxy: &Proxy, way: Way) {
    proxy.forget();
    proxy.hold_at(flights_of(way));
}

/// How many round trips a statement takes that ran before.
pub(crate) fn flights_of(way: Way) -> usize {
    match way {
        Way::Direct => 1,
        Way::Pooled => 2,
    }
}

/// Runs a future up to this round trip and drops it there; unless it needs fewer, and ends.
pub(crate) async fn cut_off<F: Future>(
    proxy: &Proxy,
    flight: usize,
    future: F,
) -> Option<F::Output> {
    let deadline = Instant::now() + PATIENCE;
    proxy.forget();
    proxy.hold_at(flight);
    let mut future = Box::pin(future);
    let end = loop {
        assert!(Instant::now() < deadline, "it neither asks nor ends");
        tokio::select! {
            biased;
            end = &mut future => break Some(end),
            () = tokio::time::sleep(Duration::from_millis(1)) => {}
        }
        if proxy.flights() >= flight {
            break None;
        }
    };
    drop(future);
    proxy.resume();
    end
}

/// A connection that knows nothing of scopes, with the cluster's own rights.
pub(crate) struct Outside(PgConnection);

impl Outside {
    pub(crate) async fn of(url: &str) -> Self {
        let mut connection = PgConnection::connect(url).await.unwrap();
        connection
            .execute("SET application_name = 'outside'")
            .await
            .unwrap();
        Self(connection)
    }

    pub(crate) async fn run(&mut self, sql: &str) {
        self.0.execute(AssertSqlSafe(sql)).await.unwrap();
    }

    /// The first column of each row.
    pub(crate) async fn all(&mut self, sql: &str) -> Vec<String> {
        let rows = self.0.fetch_all(AssertSqlSafe(sql)).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Waits until a query has an answer that pleases.
    pub(crate) async fn until(&mut self, sql: &str, pleases: impl Fn(&[String]) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rows = self.all(sql).await;
            if pleases(&rows) {
                return;
            }
            assert!(Instant::now() < deadline, "still waiting: {sql}: {rows:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// All the connections of this database but the one that asks: the state of each.
pub(crate) const STATES: &str = "SELECT state FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state IS NOT NULL";

/// Waits until no connection of this database is inside a transaction.
pub(crate) async fn nobody_idles_in_transaction(url: &str) {
    let mut outside = Outside::of(url).await;
    outside
        .until(STATES, |states| states.iter().all(|state| state == "idle"))
        .await;
}
