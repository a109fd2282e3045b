use std::pin::pin;

use futures::{StreamExt, TryStreamExt};
use sea_orm::{DbErr, StreamTrait, TransactionTrait};
use tenancy::testing::{Way, two_shops_by};
use tenancy::{Access, Error, TenantDb};

use crate::support::{assert_clean, get, name, names, pool_of_one, run, statement, watched};

tenancy::both_ways! {
    c10_streams_bring_the_rows_of_their_own_tenant,
    c10_a_stream_dropped_half_way_leaves_the_scope_usable,
    c10_a_scope_dropped_with_its_stream_leaves_a_clean_connection,
    an_error_in_the_middle_of_a_stream_is_seen_by_commit,
    a_stream_keeps_its_connection_until_it_is_dropped,
}

async fn streamed(db: &impl StreamTrait) -> Result<Vec<String>, DbErr> {
    let rows = db
        .stream_raw(statement("SELECT name FROM employee ORDER BY name"))
        .await?;
    rows.map(|row| name(&row?)).try_collect().await
}

async fn c10_streams_bring_the_rows_of_their_own_tenant(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let python = shops.database.tenant(&shops.python, Access::Read);
    let ruby = shops.database.tenant(&shops.ruby, Access::Read);

    let (of_python, of_ruby) = tokio::join!(streamed(&python), streamed(&ruby));

    assert_eq!(of_python.unwrap(), ["Cobra", "Viper"]);
    assert_eq!(of_ruby.unwrap(), ["Diamond", "Emerald"]);
    let nested = ruby.begin().await.unwrap();
    assert_eq!(streamed(&nested).await.unwrap(), ["Diamond", "Emerald"]);
}

/// Rows enough to fill more than one buffer on the way.
const MANY: &str = "SELECT name, repeat('x', 1000) FROM employee, generate_series(1, 5000)";

async fn first_of_many(db: &TenantDb) -> String {
    let mut rows = pin!(db.stream_raw(statement(MANY)).await.unwrap());
    name(&rows.next().await.unwrap().unwrap()).unwrap()
}

async fn c10_a_stream_dropped_half_way_leaves_the_scope_usable(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let db = database.tenant(&shops.python, Access::Write);
    run(
        &db,
        "INSERT INTO employee VALUES (gen_random_uuid(), 'Boa')",
    )
    .await
    .unwrap();

    first_of_many(&db).await;
    assert_eq!(names(&db).await.unwrap(), ["Boa", "Cobra", "Viper"]);
    first_of_many(&db).await;
    db.commit().await.unwrap();

    let db = database.tenant(&shops.python, Access::Read);
    assert_eq!(names(&db).await.unwrap(), ["Boa", "Cobra", "Viper"]);
}

async fn c10_a_scope_dropped_with_its_stream_leaves_a_clean_connection(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);

    first_of_many(&database.tenant(&shops.python, Access::Read)).await;

    assert_clean(&shops, &database).await;
}

async fn an_error_in_the_middle_of_a_stream_is_seen_by_commit(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let database = pool_of_one(&shops);
    let db = database.tenant(&shops.python, Access::Write);
    let sql = "SELECT name, 1 / (3 - n) FROM employee, generate_series(1, 5) AS n ORDER BY n";
    let rows: Vec<_> = db.stream_raw(statement(sql)).await.unwrap().collect().await;
    assert!(rows.last().unwrap().is_err());

    assert!(matches!(db.commit().await, Err(Error::Aborted)));

    assert_clean(&shops, &database).await;
}

async fn a_stream_keeps_its_connection_until_it_is_dropped(way: Way) {
    let shops = two_shops_by(way).await.unwrap();
    let (_proxy, database) = watched(&shops).await;
    let db = database.tenant(&shops.python, Access::Read);
    let rows = db.stream_raw(statement(MANY)).await.unwrap();

    let mut other = Box::pin(get::<i64>(&db, "SELECT count(*) FROM employee"));
    assert!(crate::support::polled(1, &mut other).await.is_none());
    drop(rows);

    assert_eq!(other.await.unwrap(), 2);
}
