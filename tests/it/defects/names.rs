//! Names that people choose.

use serde_json::{Value, json};
use tests::{Client, TestServer};

use api::auth::TenantRole;

/// Every table that there is, by schema.
async fn tables(server: &TestServer) -> Vec<Value> {
    let all = "SELECT schemaname, tablename FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2";
    server.shared_sql().rows(all).await
}

async fn create(operator: &Client<'_>, slug: &str, name: &str) -> Value {
    let input = json!({ "slug": slug, "name": name });
    let made = operator.mutate(
        "createTenant",
        &input,
        "tenant { uuid slug name schemaName }",
    );
    made.await.0
}

#[tokio::test]
async fn defect_01_no_statement_can_be_smuggled_in_by_a_name() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    let smuggled = [
        "x'; CREATE TABLE public.smuggled (); --",
        "x\"; CREATE TABLE public.smuggled (); --",
        "x\\'; CREATE TABLE public.smuggled (); --",
        "x$$; CREATE TABLE public.smuggled (); --",
    ];
    let before = tables(&server).await;
    for text in smuggled {
        let refused = create(&operator, text, "N").await;
        assert_eq!(refused["userErrors"][0]["field"], json!(["slug"]), "{text}");
        let domain = json!({ "slug": "python", "domain": text });
        let refused = operator
            .mutate("addDomain", &domain, "domain { host }")
            .await;
        assert_eq!(refused.wrong(), ["INVALID domain"], "{text}");
        let unknown = server.anybody().header("x-tenant-domain", text);
        let unknown = unknown.query("{ tenant { slug } }").await;
        unknown.assert_refused(400, "TENANT_INVALID");
    }
    assert_eq!(tables(&server).await, before);
    // Where any text is allowed it is kept as it is, and is nothing but text.
    for (number, text) in smuggled.into_iter().enumerate() {
        let made = create(&operator, &format!("perl{number}"), text).await;
        assert_eq!(made["tenant"]["name"], text);
    }
    let smuggled = tables(&server).await;
    assert!(!json!(smuggled).to_string().contains("smuggled"));
}

#[tokio::test]
async fn defect_12_names_that_are_equal_for_62_letters_are_two_tenants() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    let slugs = ["a", "b"].map(|end| format!("{}{end}", "x".repeat(62)));
    let mut clients = Vec::new();
    let mut schemas = Vec::new();
    for slug in &slugs {
        let input =
            json!({ "slug": slug, "name": "N", "domain": format!("{}.example", &slug[61..]) });
        let made = operator
            .mutate("createTenant", &input, "tenant { uuid schemaName }")
            .await;
        schemas.push(made.at("tenant.schemaName"));
        let host = format!("{}.example", &slug[61..]);
        let owner = server.hire_at(&host, TenantRole::Owner).await;
        let client = server
            .anybody()
            .header("x-tenant-domain", &format!("{}.example", &slug[61..]));
        clients.push(client.as_principal(&owner));
    }
    assert_ne!(schemas[0], schemas[1]);
    let secret = json!({ "name": "Secret" });
    clients[0]
        .mutate("createDepartment", &secret, "department { id }")
        .await
        .at("department");
    let names = "{ departments { nodes { name } } }";
    assert_eq!(
        clients[0].query(names).await.at("departments.nodes.name"),
        json!(["Secret"])
    );
    assert_eq!(
        clients[1].query(names).await.at("departments.nodes.name"),
        json!([])
    );
}

#[tokio::test]
async fn defect_13_no_name_climbs_out_of_a_folder() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    for text in [
        "../evil", "/etc", "..", ".", "a/../b", "..\\evil", "%2e%2e", "a\u{0}b",
    ] {
        let refused = create(&operator, text, "N").await;
        assert_eq!(
            refused["userErrors"][0]["field"],
            json!(["slug"]),
            "{text:?}"
        );
    }
    assert_eq!(server.shared_sql().count("tenant").await, 2);
    // What anything durable is called after is no text of anybody's, but generated.
    let made = create(&operator, "evil", "../evil").await;
    let schema = made["tenant"]["schemaName"].as_str().unwrap();
    let harmless = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    assert!(schema.chars().all(harmless), "{schema}");
}

#[tokio::test]
async fn defect_14_a_name_that_is_a_number_is_a_name_and_no_place_in_a_list() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    create(&operator, "1", "The one called 1").await;
    let by = "query($slug: String!) { tenant(by: { slug: $slug }) { name } }";
    let one = operator.ask(by, &json!({ "slug": "1" })).await;
    assert_eq!(one.at("tenant.name"), "The one called 1");
    for nobody in ["0", "2", "3"] {
        let none = operator.ask(by, &json!({ "slug": nobody })).await;
        assert_eq!(none.at("tenant"), Value::Null, "{nobody}");
    }
    let slug = json!({ "slug": "1" });
    operator
        .mutate("suspendTenant", &slug, "tenant { slug }")
        .await
        .at("tenant");
    let status = "SELECT slug, status FROM tenant WHERE status <> 'active'";
    let suspended = server.shared_sql().rows(status).await;
    assert_eq!(suspended, [json!({ "slug": "1", "status": "suspended" })]);
}

#[tokio::test]
async fn defect_25_of_two_names_that_differ_in_capitals_one_is_taken_even_at_once() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    let [one, other] = ["Perl", "pERL"].map(|slug| create(&operator, slug, "N"));
    let (one, other) = tokio::join!(one, other);
    let (won, lost) = if one["tenant"].is_null() {
        (other, one)
    } else {
        (one, other)
    };
    assert_eq!(won["tenant"]["slug"], "perl");
    assert_eq!(lost["userErrors"][0]["code"], "TAKEN");
    assert_eq!(server.shared_sql().count("tenant").await, 3);
}
