//! Every field has a probe: nothing can be asked of either realm that isn't tried here by everybody.
//!
//! A noun writes down a line per root field in a file of its own, in [`tenant`] or [`shared`], and the statement that enters a row of
//! it. From that, each field is tried by a stranger, by each role, by those whose token is another's, and with the ids of another tenant,
//! whose owner succeeds with the same. What the tables hold is compared before and after each attempt.
//!
//! Read in this order: [`declare`], a noun such as `tenant/department.rs`, [`surface`] (what needs a probe), [`walk`] (what is tried),
//! [`stage`] (rows and people), [`table`] (what came of it, as `docs/permissions.md`).

mod attempt;
mod declare;
mod realm;
mod shared;
mod stage;
mod surface;
mod table;
mod tenant;
mod walk;
mod words;
mod world;

use std::fs;
use std::path::Path;

use api::config::environment;

use realm::Realm;
use surface::Surface;
use tests::TestServer;

const PAGE: &str = "docs/permissions.md";

#[test]
fn every_root_field_and_every_node_has_a_probe() {
    let mut wrong = Vec::new();
    for realm in [Realm::Tenant, Realm::Shared] {
        let surface = Surface::read(&realm.sdl());
        wrong.extend(surface.compare(&realm.probes().probes, realm.folder()));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[tokio::test]
async fn r24_each_field_lets_in_whom_it_should_and_permissions_are_what_the_probes_saw() {
    let (tenant, shared) = tokio::join!(walk::walk(Realm::Tenant), walk::walk(Realm::Shared));
    let wrong = [&tenant.wrong[..], &shared.wrong[..]].concat();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));

    let page = table::page(&[(Realm::Tenant, tenant), (Realm::Shared, shared)]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE);
    if environment("UPDATE_PERMISSIONS").is_some() {
        fs::write(&path, &page).expect("the repository can be written to");
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == page,
        "{PAGE} is stale; run `UPDATE_PERMISSIONS=1 cargo test -p tests permissions` and look at the difference"
    );
}

/// The control of the walk: where one tenant is served from another's schema, it says so of every field.
#[tokio::test]
async fn a_crossing_is_noticed_at_each_field() {
    let server = TestServer::start().await;
    let [python, ruby] = ["python", "ruby"].map(|slug| server.sql(slug).schema().to_owned());
    for (slug, schema) in [("ruby", "elsewhere"), ("python", &ruby), ("ruby", &python)] {
        let swap = format!("UPDATE tenant SET schema_name = '{schema}' WHERE slug = '{slug}'");
        server.shared_sql().run(&swap).await;
    }
    // Each finds its session at the other, too: no wall but that of the schema is tried here.
    for table in ["\"user\"", "session"] {
        let copy = format!(
            "WITH merged AS (SELECT * FROM {python}.{table} UNION SELECT * FROM {ruby}.{table}),
             one AS (INSERT INTO {python}.{table} SELECT * FROM merged ON CONFLICT DO NOTHING)
             INSERT INTO {ruby}.{table} SELECT * FROM merged ON CONFLICT DO NOTHING"
        );
        server.shared_sql().run(&copy).await;
    }
    let mut probes = Realm::Tenant.probes();
    let fields = ["departments", "createDepartment", "deleteDepartment"];
    probes.probes.retain(|probe| fields.contains(&probe.field));
    let seen = walk::through(&server, Realm::Tenant, &probes).await;
    for field in fields {
        let of_field = seen.wrong.iter().filter(|wrong| wrong.starts_with(field));
        assert!(of_field.count() > 0, "{field}: {:?}", seen.wrong);
    }
    let noticed = |what: &str| seen.wrong.iter().any(|wrong| wrong.contains(what));
    assert!(
        noticed("departments shows the neighbour's"),
        "{:?}",
        seen.wrong
    );
    assert!(
        noticed(&format!("it changed {ruby}.department")),
        "{:?}",
        seen.wrong
    );
}
