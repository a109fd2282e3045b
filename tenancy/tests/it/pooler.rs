//! What a pooler in transaction mode does to what lasts as long as a session, and what we let go
//! through it therefore.

use sea_orm::ConnectionTrait;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row};
use tenancy::testing::{FIRST, Pooler, Way, fresh_database, pooler, shops_of, two_shops_by};
use tenancy::{Access, Database, Error, Isolation, Logins, PoolOptions, TenantId};

use crate::rights::of_user;
use crate::support::{
    Outside, assert_clean, get, names, pool_of_one, pool_of_one_at, run, statement,
};

/// A client that is on its own behind the pooler, as any program may be.
async fn client(address: &str) -> PgConnection {
    let options: PgConnectOptions = address.parse().unwrap();
    // PgBouncer knows it as little as it knows `options`.
    options.extra_float_digits(None).connect().await.unwrap()
}

async fn ask(client: &mut PgConnection, sql: &str) -> String {
    client.fetch_one(AssertSqlSafe(sql)).await.unwrap().get(0)
}

const BACKEND: &str = "SELECT pg_backend_pid()::text";

#[tokio::test]
async fn c27_control_a_path_set_for_the_session_leaks_to_the_next_client() {
    // By a login whose password the clients know too: a pooler has a pool for each login.
    let url = fresh_database().await.unwrap();
    Way::Pooled.prepare(&url).await.unwrap();
    let serving = of_user(
        &url,
        &format!("leaky_{}", TenantId::new().as_uuid().simple()),
    );
    let serving = Way::Pooled.address(&serving, 1);
    let logins = Logins::new(&serving, &url, Isolation::Role).unwrap();
    let shops = shops_of(url, logins, Way::Pooled).await.unwrap();
    let (mut one, mut other) = (client(&serving).await, client(&serving).await);
    let backend = ask(&mut one, BACKEND).await;
    assert_eq!(ask(&mut other, BACKEND).await, backend, "they share it");
    assert_eq!(ask(&mut other, "SHOW search_path").await, "unscoped");

    for set in ["SET ROLE", "SET search_path TO"] {
        let set = format!("{set} {}", shops.python.schema);
        one.execute(AssertSqlSafe(set)).await.unwrap();
    }

    // What django-tenants and others do: here is the leak.
    let path = ask(&mut other, "SHOW search_path").await;
    assert_eq!(path, shops.python.schema.as_str());
    let first = format!("SELECT name FROM employee WHERE id = '{FIRST}'");
    assert_eq!(ask(&mut other, &first).await, "Cobra");

    // A scope on that very backend has its own role and path all the same, and leaves as it came.
    let database = pool_of_one_at(&shops, &serving);
    let db = database.tenant(&shops.ruby, Access::Read);
    let of_scope: i32 = get(&db, "SELECT pg_backend_pid()").await.unwrap();
    assert_eq!(of_scope.to_string(), backend);
    assert_eq!(names(&db).await.unwrap(), ["Diamond", "Emerald"]);
    db.end().await;
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn c27_control_what_else_lasts_as_long_as_a_session_is_the_backends_too() {
    let shops = two_shops_by(Way::Pooled).await.unwrap();
    let (mut one, mut other) = (
        client(&shops.address(1)).await,
        client(&shops.address(1)).await,
    );
    let lock = "SELECT pg_try_advisory_lock(1)::text";
    assert_eq!(ask(&mut one, lock).await, "true");
    assert_eq!(ask(&mut other, lock).await, "true", "nobody is kept out");
    one.execute("PREPARE named AS SELECT 1").await.unwrap();
    assert!(other.execute("PREPARE named AS SELECT 2").await.is_err());

    // So locks are taken by the operators' own connection, where they keep others out…
    let held = shops.operator.try_lock(shops.python.id).await.unwrap();
    assert!(held.is_some());
    let again = shops.operator.try_lock(shops.python.id).await.unwrap();
    assert!(again.is_none());
    held.unwrap().release().await;
    // …and which is no backend of the pooler's.
    let pid = "SELECT pg_backend_pid()";
    let operator = shops.operator.tenant(&shops.python, Access::Read);
    let direct: i32 = get(&operator, pid).await.unwrap();
    assert_ne!(ask(&mut one, BACKEND).await, direct.to_string());
}

#[tokio::test]
async fn c27_many_connections_of_a_pool_take_turns_on_one_backend() {
    let shops = two_shops_by(Way::Pooled).await.unwrap();
    let options = PoolOptions::default();
    let database = shops.door(&shops.address(1), &options).unwrap();
    let scopes = (0..20).map(async |n| {
        let (tenant, first) = [(&shops.python, "Cobra"), (&shops.ruby, "Diamond")][n % 2];
        let db = database.tenant(tenant, Access::Read);
        assert_eq!(names(&db).await.unwrap()[0], first);
        get::<i32>(&db, "SELECT pg_backend_pid()").await.unwrap()
    });
    let mut backends = futures::future::join_all(scopes).await;
    backends.dedup();
    assert_eq!(backends.len(), 1, "{backends:?}");
}

#[tokio::test]
async fn c27_what_somebody_types_is_not_left_prepared_on_a_backend() {
    let shops = two_shops_by(Way::Pooled).await.unwrap();
    let typed = "SELECT name FROM supplier";

    let refused = shops.database.shared(Access::Write).run(typed).await;

    assert!(matches!(refused, Err(Error::Unfit(_))), "{refused:?}");
    let operators = shops.operator.shared(Access::Write);
    assert_eq!(operators.run(typed).await.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn c27_control_a_type_that_sqlx_has_to_look_up_fails_once() {
    let shops = two_shops_by(Way::Pooled).await.unwrap();
    let database = pool_of_one(&shops);
    let ask = async || {
        let db = database.tenant(&shops.python, Access::Read);
        db.query_all_raw(statement("SELECT NULL::pg_lsn")).await
    };
    // Its question to the catalogue takes the place of the statement, which has no name here.
    let error = ask().await.unwrap_err().to_string();
    assert!(error.contains("unnamed prepared statement"), "{error}");
    assert_eq!(ask().await.unwrap().len(), 1);
    assert_clean(&shops, &database).await;
}

#[tokio::test]
async fn c27_each_login_gets_through_as_itself_and_by_its_own_password() {
    let shops = two_shops_by(Way::Pooled).await.unwrap();
    let (_, name) = shops.url.rsplit_once('/').unwrap();
    let role = format!("login_of_{name}");
    let mut outside = Outside::of(&shops.url).await;
    outside
        .run(&format!("CREATE ROLE {role} LOGIN PASSWORD 'right'"))
        .await;
    let (start, end) = shops.url.split_once("//postgres:").unwrap();
    let (_, host) = end.split_once('@').unwrap();
    let address = |password| pooler(1).url(&format!("{start}//{role}:{password}@{host}"));

    let mut itself = client(&address("right")).await;
    assert_eq!(ask(&mut itself, "SELECT current_user::text").await, role);

    let options: PgConnectOptions = address("wrong").parse().unwrap();
    assert!(options.extra_float_digits(None).connect().await.is_err());
    itself.close().await.unwrap();
}

#[tokio::test]
async fn c27_a_pool_that_is_not_told_of_its_pooler_is_refused_and_not_let_in_by_halves() {
    let shops = two_shops_by(Way::Pooled).await.unwrap();
    let unaware = Database::new(&shops.logins, &PoolOptions::default());
    let db = unaware.tenant(&shops.python, Access::Read);
    let error = run(&db, "SELECT 1").await.unwrap_err().to_string();
    assert!(error.contains("unsupported startup parameter"), "{error}");
    assert_clean(&shops, &pool_of_one(&shops)).await;
}

#[tokio::test]
async fn a_pooler_ends_with_its_owner() {
    let shops = two_shops_by(Way::Pooled).await.unwrap();
    let own = Pooler::start(&shops.url, 1).unwrap();
    let mut gone = client(&own.url(&shops.url)).await;
    assert_eq!(ask(&mut gone, "SELECT 'there'").await, "there");
    gone.close().await.unwrap();

    let address = own.url(&shops.url);
    drop(own);

    let options: PgConnectOptions = address.parse().unwrap();
    assert!(options.connect().await.is_err(), "nobody listens there");
}
