use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::ConnectionTrait;
use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};
use tenancy::testing::{Proxy, fresh_database, logins};
use tenancy::{
    Access, Error, History, Operator, PoolOptions, SchemaName, Status, Tenant, TenantId, Versions,
    fleet,
};

use crate::support::{Outside, cut_off, nobody_idles_in_transaction};

/// A migration made of its name and a statement.
struct Step(&'static str, &'static str);

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.1).await?;
        Ok(())
    }
}

macro_rules! migrations {
    ($($of:ident: $($step:expr),*;)*) => {$(
        struct $of;

        impl MigratorTrait for $of {
            fn migrations() -> Vec<Box<dyn MigrationTrait>> {
                vec![$(Box::new($step)),*]
            }
        }
    )*};
}

const STAFF: Step = Step("m1_staff", "CREATE TABLE staff (name text)");
const EMAIL: Step = Step("m2_email", "ALTER TABLE staff ADD email text");
const PHONE: Step = Step("m3_phone", "ALTER TABLE staff ADD phone text");
const WAITING: Step = Step("m3_waiting", "SELECT pg_advisory_xact_lock(42)");
const BROKEN: Step = Step("m3_broken", "SELECT 1 / 0");

migrations! {
    Shared: Step("m1_plan", "CREATE TABLE plan (name text)");
    One: STAFF;
    Two: STAFF, EMAIL;
    Three: STAFF, EMAIL, PHONE;
    Broken: STAFF, EMAIL, BROKEN;
    Slow: STAFF, EMAIL, WAITING;
    Unsorted: EMAIL, STAFF;
}

fn tenant(slug: &str) -> Tenant {
    let id = TenantId::new();
    Tenant {
        id,
        slug: slug.parse().unwrap(),
        schema: SchemaName::of(id),
        login: 1,
        status: Status::Provisioning,
        version: None,
        breaking: None,
    }
}

/// A database whose shared realm is there, and the operators' door.
struct Ground {
    url: String,
    operator: Operator,
    outside: Outside,
}

impl Ground {
    async fn new() -> Self {
        let url = fresh_database().await.unwrap();
        let operator = Operator::new(&logins(&url), &PoolOptions::default());
        let shared = History::of::<Shared>(&[]);
        assert_eq!(shared.migrate_shared(&operator).await.unwrap(), ["m1_plan"]);
        let outside = Outside::of(&url).await;
        Self {
            url,
            operator,
            outside,
        }
    }

    /// Every column of every table of a schema.
    async fn columns(&mut self, schema: &str) -> Vec<String> {
        let sql = format!(
            "SELECT table_name || '.' || column_name FROM information_schema.columns
             WHERE table_schema = '{schema}' ORDER BY table_name, ordinal_position"
        );
        self.outside.all(&sql).await
    }

    /// What the ledger says of a schema.
    async fn ledger(&mut self, schema: &str) -> Vec<String> {
        let sql = format!(
            "SELECT version || CASE WHEN breaking THEN '!' ELSE '' END
             FROM shared.schema_migration WHERE schema_name = '{schema}' ORDER BY version"
        );
        self.outside.all(&sql).await
    }

    async fn has_schema(&mut self, schema: &str) -> bool {
        let sql = format!("SELECT nspname::text FROM pg_namespace WHERE nspname = '{schema}'");
        !self.outside.all(&sql).await.is_empty()
    }
}

#[tokio::test]
async fn m01_the_shared_realm_has_its_tables_and_the_ledger() {
    let mut ground = Ground::new().await;
    let ledger = ["applied_at", "breaking", "schema_name", "version"];
    let mut tables = ground.columns("shared").await;
    tables.sort();
    let mut expected = vec!["plan.name".to_owned()];
    expected.extend(ledger.map(|column| format!("schema_migration.{column}")));
    assert_eq!(tables, expected);
    assert!(ground.columns("public").await.is_empty());

    let again = History::of::<Shared>(&[])
        .migrate_shared(&ground.operator)
        .await;

    assert!(again.unwrap().is_empty());
    assert_eq!(ground.ledger("shared").await, ["m1_plan"]);
}

#[tokio::test]
async fn m02_l01_a_tenant_gets_its_schema_and_later_what_is_new() {
    let mut ground = Ground::new().await;
    let acme = tenant("acme");
    let schema = acme.schema.as_str();

    let made = History::of::<One>(&[])
        .migrate_tenant(&ground.operator, &acme)
        .await;
    assert_eq!(made.unwrap(), ["m1_staff"]);
    assert_eq!(ground.columns(schema).await, ["staff.name"]);
    assert_eq!(ground.ledger(schema).await, ["m1_staff"]);

    let three = History::of::<Three>(&["m2_email"]);
    let added = three.migrate_tenant(&ground.operator, &acme).await;
    assert_eq!(added.unwrap(), ["m2_email", "m3_phone"]);
    assert_eq!(
        ground.columns(schema).await,
        ["staff.name", "staff.email", "staff.phone"]
    );
    assert_eq!(
        ground.ledger(schema).await,
        ["m1_staff", "m2_email!", "m3_phone"]
    );

    let again = three.migrate_tenant(&ground.operator, &acme).await;
    assert!(again.unwrap().is_empty());
    assert!(ground.columns("public").await.is_empty());
}

#[tokio::test]
async fn a_failure_leaves_the_schema_at_the_version_that_it_had() {
    let mut ground = Ground::new().await;
    let (old, new) = (tenant("old"), tenant("new"));
    let one = History::of::<One>(&[]);
    one.migrate_tenant(&ground.operator, &old).await.unwrap();
    let broken = History::of::<Broken>(&[]);

    for tenant in [&old, &new] {
        let error = broken
            .migrate_tenant(&ground.operator, tenant)
            .await
            .unwrap_err();
        let Error::Migration {
            schema, migration, ..
        } = &error
        else {
            panic!("{error:?}");
        };
        assert_eq!(schema, tenant.schema.as_str());
        assert_eq!(migration, "m3_broken");
        assert!(!error.is_unavailable());
    }

    assert_eq!(ground.columns(old.schema.as_str()).await, ["staff.name"]);
    assert_eq!(ground.ledger(old.schema.as_str()).await, ["m1_staff"]);
    assert!(!ground.has_schema(new.schema.as_str()).await);
    assert!(ground.ledger(new.schema.as_str()).await.is_empty());
    // And when it is mended, both go all the way.
    let three = History::of::<Three>(&[]);
    for tenant in [&old, &new] {
        three
            .migrate_tenant(&ground.operator, tenant)
            .await
            .unwrap();
        assert_eq!(ground.ledger(tenant.schema.as_str()).await.len(), 3);
    }
}

#[tokio::test]
async fn l13_a_schema_that_somebody_else_made_is_left_alone() {
    let mut ground = Ground::new().await;
    let acme = tenant("acme");
    let schema = acme.schema.as_str();
    ground.outside.run(&format!("CREATE SCHEMA {schema}")).await;
    ground
        .outside
        .run(&format!("CREATE TABLE {schema}.theirs (a text)"))
        .await;

    let error = History::of::<One>(&[])
        .migrate_tenant(&ground.operator, &acme)
        .await;

    assert!(matches!(error, Err(Error::Database(_))));
    assert_eq!(ground.columns(schema).await, ["theirs.a"]);
}

#[tokio::test]
async fn m23_one_tenant_that_fails_stops_nobody_else() {
    let mut ground = Ground::new().await;
    let tenants: Vec<_> = (0..12).map(|n| tenant(&format!("shop-{n}"))).collect();
    let taken = tenants[3].schema.clone();
    ground.outside.run(&format!("CREATE SCHEMA {taken}")).await;
    let history = History::of::<Two>(&[]);

    let migrated = fleet::each(
        tenants,
        4,
        |_| {},
        async |tenant| history.migrate_tenant(&ground.operator, tenant).await,
    )
    .await;

    let failed: Vec<_> = migrated
        .iter()
        .filter(|outcome| outcome.result.is_err())
        .map(|outcome| outcome.tenant.slug.as_str())
        .collect();
    assert_eq!(failed, ["shop-3"]);
    ground.outside.run(&format!("DROP SCHEMA {taken}")).await;
    let tenants = migrated.into_iter().map(|outcome| outcome.tenant).collect();
    let again = fleet::each(
        tenants,
        4,
        |_| {},
        async |tenant| history.migrate_tenant(&ground.operator, tenant).await,
    )
    .await;
    let touched: usize = again.into_iter().map(|one| one.result.unwrap().len()).sum();
    assert_eq!(touched, 2, "only the one that had failed");
}

#[tokio::test]
async fn m24_of_two_migrators_one_waits_and_finds_nothing_to_do() {
    let mut ground = Ground::new().await;
    let acme = tenant("acme");
    let history = History::of::<Two>(&[]);
    let other = Operator::new(&logins(&ground.url), &PoolOptions::default());
    let waited = AtomicUsize::new(0);

    let lock = ground
        .operator
        .lock_structure(|| panic!("nobody else is there"));
    let lock = lock.await.unwrap();
    let second = async {
        let waiting = || {
            waited.fetch_add(1, Ordering::Relaxed);
        };
        let lock = other.lock_structure(waiting).await.unwrap();
        let applied = history.migrate_tenant(&other, &acme).await.unwrap();
        lock.release().await;
        applied
    };
    let first = async {
        let waiting = "SELECT pid::text FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        ground.outside.until(waiting, |pids| pids.len() == 1).await;
        let applied = history
            .migrate_tenant(&ground.operator, &acme)
            .await
            .unwrap();
        lock.release().await;
        applied
    };
    let (first, second) = tokio::join!(first, second);

    assert_eq!(first, ["m1_staff", "m2_email"]);
    assert!(second.is_empty());
    assert_eq!(waited.into_inner(), 1);
}

#[tokio::test]
async fn the_lock_on_structure_goes_with_its_holder() {
    let mut ground = Ground::new().await;
    let lock = async || {
        let alone = || {};
        ground.operator.lock_structure(alone).await.unwrap()
    };

    drop(lock().await);
    let held = lock().await;
    let holder = "SELECT pid::text FROM pg_locks WHERE locktype = 'advisory' AND granted";
    let pid = ground.outside.all(holder).await.remove(0);
    ground
        .outside
        .run(&format!("SELECT pg_terminate_backend({pid})"))
        .await;
    let next = lock().await;

    next.release().await;
    held.release().await;
    ground.outside.until(holder, <[String]>::is_empty).await;
}

#[tokio::test]
async fn m28_a_migrator_that_dies_half_way_leaves_the_schema_as_it_was() {
    let mut ground = Ground::new().await;
    let acme = tenant("acme");
    let schema = acme.schema.as_str();
    let slow = History::of::<Slow>(&[]);
    let one = History::of::<One>(&[]);
    one.migrate_tenant(&ground.operator, &acme).await.unwrap();
    let mut blocker = Outside::of(&ground.url).await;
    blocker.run("SELECT pg_advisory_lock(42)").await;
    let stuck = "SELECT pid::text FROM pg_stat_activity
                 WHERE wait_event = 'advisory' AND datname = current_database()";

    // The connection dies.
    let mut work = Box::pin(slow.migrate_tenant(&ground.operator, &acme));
    tokio::select! {
        _ = &mut work => panic!("nothing held it up"),
        () = ground.outside.until(stuck, |pids| pids.len() == 1) => {}
    }
    let kill = format!("SELECT pg_terminate_backend(pid::int) FROM ({stuck}) AS stuck");
    ground.outside.run(&kill).await;
    assert!(work.await.unwrap_err().is_unavailable());
    assert_eq!(ground.columns(schema).await, ["staff.name"]);
    assert_eq!(ground.ledger(schema).await, ["m1_staff"]);

    // The migrator dies: as far as the database can tell, this is what remains of it.
    let mut work = Box::pin(slow.migrate_tenant(&ground.operator, &acme));
    tokio::select! {
        _ = &mut work => panic!("nothing held it up"),
        () = ground.outside.until(stuck, |pids| pids.len() == 1) => {}
    }
    drop(work);
    blocker.run("SELECT pg_advisory_unlock(42)").await;
    nobody_idles_in_transaction(&ground.url).await;
    assert_eq!(ground.columns(schema).await, ["staff.name"]);

    let applied = slow.migrate_tenant(&ground.operator, &acme).await.unwrap();
    assert_eq!(applied, ["m2_email", "m3_waiting"]);
    assert_eq!(ground.columns(schema).await, ["staff.name", "staff.email"]);
}

#[tokio::test]
async fn m28_a_migration_cancelled_anywhere_is_whole_or_not_there() {
    let mut ground = Ground::new().await;
    let proxy = Proxy::start(&ground.url).await.unwrap();
    let options = PoolOptions {
        max_connections: 1,
        ..PoolOptions::default()
    };
    let operator = Operator::new(&logins(proxy.url()), &options);
    let history = History::of::<Two>(&[]);
    let warm = tenant("warm");
    history.migrate_tenant(&operator, &warm).await.unwrap();

    for flight in 1.. {
        nobody_idles_in_transaction(&ground.url).await;
        let acme = tenant("acme");
        let schema = acme.schema.as_str();
        let end = cut_off(&proxy, flight, history.migrate_tenant(&operator, &acme)).await;
        nobody_idles_in_transaction(&ground.url).await;

        let ledger = ground.ledger(schema).await;
        let columns = ground.columns(schema).await;
        assert_eq!(ledger.len(), columns.len(), "{ledger:?} {columns:?}");
        assert_eq!(ground.has_schema(schema).await, !ledger.is_empty());
        history.migrate_tenant(&operator, &acme).await.unwrap();
        assert_eq!(ground.ledger(schema).await, ["m1_staff", "m2_email"]);
        if let Some(end) = end {
            end.unwrap();
            assert!(flight > 7, "it was interrupted on its way: {flight}");
            return;
        }
    }
}

#[tokio::test]
async fn m25_who_is_behind_costs_the_same_for_many_as_for_few() {
    let ground = Ground::new().await;
    let proxy = Proxy::start(&ground.url).await.unwrap();
    let watched = Operator::new(&logins(proxy.url()), &PoolOptions::default());
    let one = History::of::<One>(&[]);
    let two = History::of::<Two>(&[]);
    let mut asked = Vec::new();
    let mut behind = Vec::new();
    for round in 0..3 {
        for n in 0..4 {
            let tenant = tenant(&format!("shop-{round}-{n}"));
            let history = if n == 0 { &one } else { &two };
            history
                .migrate_tenant(&ground.operator, &tenant)
                .await
                .unwrap();
            if n == 0 {
                behind.push(tenant.schema.to_string());
            }
        }
        proxy.forget();
        let db = watched.shared(Access::Read);
        let versions = Versions::all(&db).await.unwrap();
        asked.push(proxy.statements().len());

        for schema in &behind {
            assert_eq!(two.pending(&versions, schema), ["m2_email"]);
            assert_eq!(versions.latest(schema), Some("m1_staff"));
            assert!(versions.has(schema, "m1_staff") && !versions.has(schema, "m2_email"));
        }
        assert_eq!(
            two.pending(&versions, "t_unknown"),
            ["m1_staff", "m2_email"]
        );
        assert_eq!(versions.latest("t_unknown"), None);
    }
    asked.dedup();
    assert_eq!(
        asked,
        [3],
        "to begin, to see whether there is a ledger, to read it"
    );
}

#[tokio::test]
async fn a_database_without_a_shared_realm_has_no_versions() {
    let url = fresh_database().await.unwrap();
    let operator = Operator::new(&logins(&url), &PoolOptions::default());
    let db = operator.shared(Access::Read);

    let versions = Versions::all(&db).await.unwrap();

    let history = History::of::<One>(&[]);
    assert_eq!(history.pending(&versions, "shared"), ["m1_staff"]);
    // A tenant can't come before the shared realm: where would its versions be written?
    let error = history.migrate_tenant(&operator, &tenant("acme")).await;
    assert!(matches!(error, Err(Error::Database(_))));
}

#[tokio::test]
async fn an_operator_works_on_after_the_database_was_restarted() {
    let mut ground = Ground::new().await;
    let history = History::of::<One>(&[]);
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for what in ["migrate", "lock", "read"] {
        nobody_idles_in_transaction(&ground.url).await;
        ground.outside.run(kill).await;
        let others = crate::support::STATES;
        ground.outside.until(others, <[String]>::is_empty).await;
        match what {
            "migrate" => {
                let made = history
                    .migrate_tenant(&ground.operator, &tenant("acme"))
                    .await;
                assert_eq!(made.unwrap(), ["m1_staff"]);
            }
            "lock" => {
                let lock = ground.operator.lock_structure(|| {}).await.unwrap();
                lock.release().await;
            }
            _ => {
                let db = ground.operator.shared(Access::Read);
                Versions::all(&db).await.unwrap();
            }
        }
    }
}

#[test]
#[should_panic(expected = "m1_staff comes after m2_email")]
fn a_history_is_in_the_order_of_its_names() {
    History::of::<Unsorted>(&[]);
}
