use api::app::fleet::{self, Listener, Scope};
use api::auth::TenantRole;
use serde_json::json;
use tests::{Sql, TestServer, console, twins};

use super::crowd::{Outcomes, Shop, Storm};
use super::{assert_calm, meanwhile, server};

const READING: Storm = Storm {
    name: "read",
    requests: 120,
    leavers: 2,
    writes: false,
};

/// Storms as long as this goes on; what came of it at each shop.
async fn under_load(shops: &[Shop<'_>], change: impl Future<Output = ()>) -> Vec<Outcomes> {
    let mut sum: Vec<_> = shops.iter().map(|_| Outcomes::default()).collect();
    let storm = async || {
        for (sum, more) in sum.iter_mut().zip(READING.over(shops).await) {
            sum.add(&more);
        }
        true
    };
    meanwhile(change, storm).await;
    sum
}

async fn both(server: &TestServer) -> [Shop<'_>; 2] {
    [
        Shop::of(server, "python").await,
        Shop::of(server, "ruby").await,
    ]
}

/// Nobody noticed anything.
fn assert_untouched(neighbour: &Outcomes) {
    let (fine, refused) = neighbour.fine_or(&[]);
    assert!(fine > 10 && refused == 0, "{neighbour:?}");
}

/// A status that every process hears of, and the end of what was let in before.
async fn set(server: &TestServer, shop: &Shop<'_>, slug: &str, status: &str) {
    let mutation = if status == "ACTIVE" {
        "resumeTenant"
    } else {
        "suspendTenant"
    };
    let input = json!({ "slug": slug });
    let operator = server.shared().as_operator();
    let done = operator.mutate(mutation, &input, "tenant { status }").await;
    assert_eq!(done.at("tenant.status"), status);
    shop.drained().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_whose_columns_change_under_load_asks_some_to_try_again() {
    let server = server().await;
    let shops = both(&server).await;
    let python = server.sql("python");
    let change = async {
        for kind in ["varchar", "text", "varchar", "text"] {
            // Old snapshots would see a table that is written anew as empty, and these aren't.
            for (table, column) in [("employee", "name"), ("invoice", "number")] {
                python
                    .run(&format!("ALTER TABLE {table} ALTER {column} TYPE {kind}"))
                    .await;
                shops[0].went_on().await;
            }
        }
    };

    let outcomes = under_load(&shops, Box::pin(change)).await;

    let (fine, refused) = outcomes[0].fine_or(&["503 DATABASE_UNAVAILABLE"]);
    assert!(fine > refused, "{outcomes:?}");
    assert_untouched(&outcomes[1]);
    assert_calm(&server, &shops).await;
}

/// Makes a tenant's tables of sales anew, as a migration does, with rows of a label.
async fn remake(server: &TestServer, slug: &str) {
    let sql = server.sql(slug);
    sql.run("DROP TABLE invoice_line, invoice, customer, number_series")
        .await;
    let forget = format!(
        "DELETE FROM schema_migration WHERE version LIKE '%sales' AND schema_name = '{}'",
        sql.schema()
    );
    server.shared_sql().run(&forget).await;
    let scope = Scope {
        tenants: vec![slug.to_owned()],
        ..Scope::default()
    };
    let by = console().by().unwrap();
    let report = fleet::migrate(&server.state, &by, &scope, Listener::default()).await;
    let [migrated] = &report.unwrap().tenants[..] else {
        panic!("one tenant is migrated");
    };
    assert!(migrated.result.is_ok(), "{migrated:?}");
    twins::sell_at(&sql, slug).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_is_suspended_migrated_and_resumed_under_load_is_itself_again() {
    let server = server().await;
    let shops = both(&server).await;
    let change = async {
        for _ in 0..3 {
            set(&server, &shops[0], "python", "SUSPENDED").await;
            remake(&server, "python").await;
            set(&server, &shops[0], "python", "ACTIVE").await;
            shops[0].assert_served().await;
        }
    };

    let outcomes = under_load(&shops, Box::pin(change)).await;

    outcomes[0].fine_or(&["403 TENANT_SUSPENDED", "503 TENANT_UNAVAILABLE"]);
    assert!(
        outcomes[0].count("403 TENANT_SUSPENDED") > 0,
        "{outcomes:?}"
    );
    assert_untouched(&outcomes[1]);
    // Its statements are those of before, and its tables aren't.
    for one in READING.over(&shops).await {
        assert_untouched(&one);
    }
    assert_calm(&server, &shops).await;
}

/// A tenant of this label, made as operators do; the token of its owner.
async fn found(server: &TestServer, slug: &str, label: &str) -> String {
    let operator = server.shared().as_operator();
    let input = json!({ "slug": slug, "name": label });
    let made = operator
        .mutate("createTenant", &input, "tenant { status }")
        .await;
    assert_eq!(made.at("tenant.status"), "ACTIVE");
    let host = format!("{slug}.localhost");
    let owner = server.hire_at(&host, TenantRole::Owner).await;
    let tenant = server.state.directory.find(&host.parse().unwrap()).await;
    let tenant = tenant.unwrap().expect("it was just made");
    twins::enter_at(&Sql::of_tenant(&server.state, &tenant), label).await;
    server.token(&owner)
}

/// A tenant that nobody may enter goes, with all it had.
async fn drop_tenant(server: &TestServer, slug: &str) {
    let shared = server.shared_sql();
    let this =
        format!("SELECT id, schema_name FROM tenant WHERE slug = '{slug}' AND status <> 'dropped'");
    let tenant = shared.rows(&this).await.remove(0);
    let [id, schema] = ["id", "schema_name"].map(|name| tenant[name].as_str().unwrap());
    for statement in [
        format!("UPDATE tenant SET status = 'dropped' WHERE id = '{id}'"),
        format!("DELETE FROM domain WHERE tenant_id = '{id}'"),
        format!("DROP SCHEMA {schema} CASCADE"),
    ] {
        shared.run(&statement).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_is_dropped_and_made_again_under_load_shows_nothing_of_the_former_one() {
    let server = server().await;
    let former = found(&server, "perl", "perl").await;
    let mut shops = vec![Shop::labelled(&server, ("perl", "perl"), &former).await];
    shops.extend(both(&server).await);
    let change = async {
        set(&server, &shops[0], "perl", "SUSPENDED").await;
        drop_tenant(&server, "perl").await;
        let latter = found(&server, "perl", "another perl").await;
        let names = ("perl", "another perl");
        Shop::labelled(&server, names, &latter).await
    };
    let mut latter = None;

    let change = Box::pin(async { latter = Some(change.await) });
    let outcomes = under_load(&shops, change).await;

    outcomes[0].fine_or(&[
        "401 UNAUTHENTICATED",
        "403 TENANT_SUSPENDED",
        "404 TENANT_NOT_FOUND",
        "503 TENANT_UNAVAILABLE",
    ]);
    for neighbour in &outcomes[1..] {
        assert_untouched(neighbour);
    }
    // Whoever belonged to the former one is nobody here.
    let former = READING.over(&shops[..1]).await;
    assert_eq!(former[0].fine_or(&["401 UNAUTHENTICATED"]).0, 0);
    shops[0] = latter.unwrap();
    for one in READING.over(&shops).await {
        assert_untouched(&one);
    }
    assert_calm(&server, &shops[1..]).await;
}
