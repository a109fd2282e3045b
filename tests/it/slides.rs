//! The story of the slides: shop software for two supermarkets behind one backend domain.

use serde_json::json;
use tests::TestServer;

const EMPLOYEES: &str = "{ employees { nodes { name } } }";

#[tokio::test]
async fn the_header_chooses_whose_employees_are_shown() {
    let server = TestServer::start().await;

    let python = server.tenant("python").as_owner().query(EMPLOYEES).await;
    let ruby = server.tenant("ruby").as_owner().query(EMPLOYEES).await;

    assert_eq!(python.at("employees.nodes.name"), json!(["Cobra", "Viper"]));
    assert_eq!(
        ruby.at("employees.nodes.name"),
        json!(["Diamond", "Emerald"])
    );
}

#[tokio::test]
async fn r06_without_a_header_the_default_domain_answers() {
    let server = TestServer::with(&[("DEFAULT_TENANT_DOMAIN", "python.localhost")]).await;

    let unnamed = server.anybody().query("{ tenant { name } }").await;
    let named = server.tenant("ruby").query("{ tenant { name } }").await;

    assert_eq!(unnamed.at("tenant.name"), "Supermarket Python");
    assert_eq!(named.at("tenant.name"), "Supermarket Ruby");
}

#[tokio::test]
async fn r04_an_unknown_domain_is_not_found_even_where_there_is_a_default() {
    let server = TestServer::with(&[("DEFAULT_TENANT_DOMAIN", "python.localhost")]).await;

    let unknown = server.tenant("perl").query("{ tenant { name } }").await;

    unknown.assert_refused(404, "TENANT_NOT_FOUND");
}

#[tokio::test]
async fn r01_r11_the_current_tenant_says_its_name_address_and_domains() {
    let server = TestServer::start().await;

    let document = "{ tenant { slug name street city created domains { host isPrimary } } }";
    let answer = server.tenant("python").query(document).await;

    let tenant = answer.at("tenant");
    assert_eq!(tenant["slug"], "python");
    assert_eq!(tenant["name"], "Supermarket Python");
    assert_eq!(tenant["street"], "Guido Street 3");
    assert_eq!(tenant["city"], "Amsterdam");
    assert_eq!(
        tenant["domains"],
        json!([{ "host": "python.localhost", "isPrimary": true }])
    );
    let created = tenant["created"].as_str().unwrap();
    assert!(
        created.starts_with("20") && created.ends_with('Z'),
        "{created}"
    );
}

#[tokio::test]
async fn many_domains_lead_to_one_tenant() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    let domain = json!({ "slug": "python", "domain": "shop.python.example" });

    operator
        .mutate("addDomain", &domain, "domain { host }")
        .await
        .at("domain");

    let document = "{ tenant { slug domains { host isPrimary } } }";
    let second = server.anybody().host("shop.python.example");
    let answer = second.query(document).await;
    assert_eq!(answer.at("tenant.slug"), "python");
    assert_eq!(
        answer.at("tenant.domains.host"),
        json!(["python.localhost", "shop.python.example"])
    );
}

#[tokio::test]
async fn a_permission_is_refused_to_whoever_lacks_it() {
    let server = TestServer::start().await;
    let python = server.tenant("python");
    let snake = json!({ "name": "Boa" });
    let document = "mutation($input: CreateEmployeeInput!) { createEmployee(input: $input) { employee { name } } }";
    let variables = json!({ "input": snake });

    let nobody = python.ask(document, &variables).await;
    let staff = python.clone().as_staff().ask(document, &variables).await;
    assert_eq!(server.sql("python").count("employee").await, 2);
    let manager = python.clone().as_manager().ask(document, &variables).await;

    nobody.assert_denied("UNAUTHENTICATED");
    staff.assert_denied("FORBIDDEN");
    assert_eq!(manager.at("createEmployee.employee.name"), "Boa");
    assert_eq!(server.sql("python").count("employee").await, 3);
}

#[tokio::test]
async fn somebody_who_logs_in_sees_the_shop_from_inside() {
    let server = TestServer::start().await;
    let python = server.tenant("python");
    let login = json!({ "email": "owner@python.test", "password": "insula-demo" });

    let payload = python
        .mutate("login", &login, "accessToken user { email role }")
        .await;
    let token = payload.at("accessToken");

    assert_eq!(
        payload.at("user"),
        json!({ "email": "owner@python.test", "role": "OWNER" })
    );
    let owner = python.bearing(token.as_str().unwrap());
    let answer = owner.query(EMPLOYEES).await;
    assert_eq!(answer.at("employees.nodes.name"), json!(["Cobra", "Viper"]));
}
