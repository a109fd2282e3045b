//! A tenant's beginning and end.

use std::fs;
use std::path::{Path, PathBuf};

use api::auth::TenantRole;
use serde_json::{Value, json};
use tenancy::{SchemaName, TenantId};
use tests::TestServer;

/// All source files of the product below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| {
        if path.is_dir() {
            sources(&path)
        } else {
            vec![path]
        }
    };
    paths.flat_map(below).collect()
}

#[test]
fn defect_02_03_26_nothing_in_the_product_drops_a_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut seen = 0;
    for folder in ["api/src", "tenancy/src", "migration/src", "entity/src"] {
        for path in sources(&root.join(folder)) {
            let below = path.strip_prefix(root).unwrap().to_string_lossy();
            let is_test = below.contains("/tests") || below.contains("/testing/");
            let is_rust = path.extension().is_some_and(|kind| kind == "rs");
            if is_test || !is_rust {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap().to_lowercase();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            // A remedy may tell a human to do it.
            let drops = |line: &str| line.contains("drop schema") && !line.contains("then: ");
            assert!(!code.lines().any(drops), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 100, "only {seen} files were looked at");
}

#[tokio::test]
async fn defect_03_a_creation_that_fails_drops_nothing_that_was_there_before() {
    let server = TestServer::start().await;
    let shared = server.shared_sql();
    let id = TenantId::new();
    let schema = SchemaName::of(id);
    // A creation that died, and meanwhile somebody else's schema of that very name, with a row in it.
    shared.run(&format!("INSERT INTO tenant (id, slug, name, schema_name, status, settings, created_at, updated_at) VALUES ('{}', 'perl', 'P', '{schema}', 'failed', '{{}}', now(), now())", id.as_uuid())).await;
    shared.run(&format!("CREATE SCHEMA {schema}")).await;
    shared
        .run(&format!(
            "CREATE TABLE {schema}.theirs AS SELECT 'precious' AS what"
        ))
        .await;
    let operator = server.shared().as_operator();

    let input = json!({ "slug": "perl", "name": "P" });
    let failed = operator.ask("mutation($input: CreateTenantInput!) { createTenant(input: $input) { tenant { status } userErrors { code } } }", &json!({ "input": input })).await;

    assert!(!failed.text.contains("ACTIVE"), "{}", failed.text);
    let precious = shared
        .rows(&format!("SELECT what FROM {schema}.theirs"))
        .await;
    assert_eq!(precious, [json!({ "what": "precious" })]);
    let status = shared
        .rows("SELECT status FROM tenant WHERE slug = 'perl'")
        .await;
    assert_eq!(status, [json!({ "status": "failed" })]);
    // The control: without that schema it goes on with the same row.
    shared.run(&format!("DROP SCHEMA {schema} CASCADE")).await;
    let made = operator
        .mutate(
            "createTenant",
            &json!({ "slug": "perl", "name": "P" }),
            "tenant { uuid status }",
        )
        .await;
    assert_eq!(
        made.at("tenant"),
        json!({ "uuid": id.as_uuid(), "status": "ACTIVE" })
    );
}

#[tokio::test]
async fn defect_23_who_comes_after_somebody_of_the_same_name_finds_nothing_of_theirs() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    let names = "{ tenant { slug } departments { nodes { name } } }";
    let mut made = Vec::new();
    for turn in ["first", "second"] {
        let input = json!({ "slug": "perl", "name": turn, "domain": format!("{turn}.example") });
        let tenant = operator
            .mutate("createTenant", &input, "tenant { uuid schemaName }")
            .await
            .at("tenant");
        let id = tenant["uuid"].as_str().unwrap().to_owned();
        let host = format!("{turn}.example");
        let owner = server.hire_at(&host, TenantRole::Owner).await;
        let client = server
            .anybody()
            .header("x-tenant-domain", &format!("{turn}.example"));
        let client = client.as_principal(&owner);
        assert_eq!(
            client.query(names).await.at("departments.nodes"),
            json!([]),
            "{turn}"
        );
        let input = json!({ "name": format!("Of the {turn}") });
        client
            .mutate("createDepartment", &input, "department { id }")
            .await
            .at("department");
        made.push((tenant, owner));
        // Gone, as a deletion that keeps the schema would leave it.
        let gone =
            format!("UPDATE tenant SET status = 'dropped' WHERE id = '{id}' AND name = 'first'");
        server.shared_sql().run(&gone).await;
    }
    let [(first, former), (second, _)] = &made[..] else {
        panic!("two tenants")
    };
    assert_ne!(first["schemaName"], second["schemaName"]);
    // Nor is the former owner's token worth anything there.
    let client = server.anybody().header("x-tenant-domain", "second.example");
    let refused = client.as_principal(former).query(names).await;
    refused.assert_refused(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn defect_20_a_second_domain_demotes_nobody_and_the_primary_one_stays() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    let domains = async || {
        let all = "{ tenant(by: { slug: \"python\" }) { domains { host isPrimary } } }";
        operator.query(all).await.at("tenant.domains")
    };
    let second = json!({ "slug": "python", "domain": "second.example" });
    let first = json!({ "slug": "python", "domain": "python.localhost" });
    let added = operator
        .mutate("addDomain", &second, "domain { isPrimary }")
        .await;
    assert_eq!(added.at("domain.isPrimary"), false);
    let refused = operator.mutate("removeDomain", &first, "deletedId").await;
    assert_eq!(refused.0["userErrors"][0]["code"], "IN_USE");
    assert_eq!(
        domains().await,
        json!([{ "host": "python.localhost", "isPrimary": true }, { "host": "second.example", "isPrimary": false }])
    );
    operator
        .mutate("setPrimaryDomain", &second, "domain { host }")
        .await
        .at("domain");
    operator
        .mutate("removeDomain", &first, "deletedId")
        .await
        .at("deletedId");
    assert_eq!(
        domains().await,
        json!([{ "host": "second.example", "isPrimary": true }])
    );
    let last = operator.mutate("removeDomain", &second, "deletedId").await;
    assert_eq!(last.0["userErrors"][0]["code"], "IN_USE");
}

#[tokio::test]
async fn defect_21_no_input_takes_the_name_of_a_schema() {
    for sdl in [api::graphql::shared_sdl(), api::graphql::tenant_sdl()] {
        let inputs: Vec<_> = sdl
            .split("\ninput ")
            .skip(1)
            .map(|rest| rest.split("\n}").next().unwrap())
            .collect();
        assert!(inputs.len() > 5);
        for input in inputs {
            let fields = input
                .lines()
                .filter(|line| line.contains(": ") && !line.contains("\"\"\""));
            for field in fields.filter(|line| line.trim_start().starts_with(char::is_lowercase)) {
                let name = field.trim().split(':').next().unwrap().to_lowercase();
                assert!(!name.contains("schema"), "{field}");
            }
        }
    }
    // And whoever renames the customer leaves the rows where they are.
    let server = TestServer::start().await;
    let owner = server.tenant("python").as_owner();
    let names = "{ employees { nodes { name } } }";
    let before = owner.query(names).await.at("");
    let rename =
        "UPDATE tenant SET slug = 'snake', name = 'Supermarket Snake' WHERE slug = 'python'";
    server.shared_sql().run(rename).await;
    let other = server.another().await;
    let client = other.tenant("python").as_owner();
    assert_eq!(
        client.query("{ tenant { slug } }").await.at("tenant.slug"),
        "snake"
    );
    assert_eq!(client.query(names).await.at(""), before);
    assert_ne!(before, Value::Null);
}
