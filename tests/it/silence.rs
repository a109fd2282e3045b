//! What answers don't say: nothing of the inside, and nothing of other tenants.

use serde_json::{Value, json};
use tests::inside::told;
use tests::{Answer, Client, TestServer, at_last};

/// What is unique within a tenant: the mutation, an input, and where it says `TAKEN`.
fn unique() -> Vec<(&'static str, Value, &'static str)> {
    let user = json!({ "email": "one@example.test", "name": "N", "role": "STAFF", "password": "battery staple" });
    vec![
        (
            "createDepartment",
            json!({ "name": "Only one" }),
            "TAKEN name",
        ),
        (
            "createEmployee",
            json!({ "name": "N", "number": "E-77" }),
            "TAKEN number",
        ),
        (
            "createCustomer",
            json!({ "name": "N", "number": "C-77" }),
            "TAKEN number",
        ),
        ("createUser", user, "TAKEN email"),
    ]
}

#[tokio::test]
async fn what_another_tenant_has_is_not_taken() {
    let server = TestServer::start().await;
    let python = server.tenant("python").as_owner();
    let ruby = server.tenant("ruby").as_owner();
    for (name, input, taken) in unique() {
        for tenant in [&ruby, &python] {
            let made = tenant.mutate(name, &input, "__typename").await;
            assert_eq!(made.0["userErrors"], json!([]), "{name}");
            let again = tenant.mutate(name, &input, "__typename").await;
            let error = &again.0["userErrors"][0];
            let said = format!(
                "{} {}",
                error["code"].as_str().unwrap(),
                error["field"][0].as_str().unwrap()
            );
            assert_eq!(said, taken, "{name}");
        }
    }
    for (tenant, slug) in [(&ruby, "ruby"), (&python, "python")] {
        let customer = tenant
            .query("{ customers(first: 1) { nodes { id } } }")
            .await;
        let input = json!({ "customerId": customer.at("customers.nodes.0.id"), "number": "I-77" });
        let made = tenant
            .mutate("createInvoice", &input, "invoice { number }")
            .await;
        assert_eq!(made.at("invoice.number"), "I-77", "{slug}");
        let again = tenant
            .mutate("createInvoice", &input, "invoice { number }")
            .await;
        assert_eq!(again.wrong(), ["TAKEN number"], "{slug}");
    }
}

#[tokio::test]
async fn numbers_are_drawn_from_a_tenants_own_series() {
    async fn next(client: &Client<'_>) -> i64 {
        let input = json!({ "name": "N" });
        let made = client
            .mutate("createCustomer", &input, "customer { number }")
            .await;
        let number = made.at("customer.number");
        number.as_str().unwrap().parse().unwrap()
    }
    let server = TestServer::start().await;
    let python = server.tenant("python").as_owner();
    let ruby = server.tenant("ruby").as_owner();
    let before = next(&python).await;
    let jump = json!({ "name": "N", "number": "7000" });
    ruby.mutate("createCustomer", &jump, "customer { id }")
        .await
        .at("customer.id");
    assert_eq!(next(&ruby).await, 7001);
    assert_eq!(next(&python).await, before + 1);
}

#[tokio::test]
async fn a_page_knows_of_its_own_tenants_rows_alone() {
    let server = TestServer::start().await;
    let page = "{ departments(first: 2) { pageInfo { hasNextPage } } }";
    let python = server.tenant("python").as_owner();
    let ruby = server.tenant("ruby").as_owner();
    for number in 0..3 {
        let input = json!({ "name": format!("Room {number}") });
        ruby.mutate("createDepartment", &input, "department { id }")
            .await
            .at("department");
    }
    assert_eq!(
        ruby.query(page)
            .await
            .at("departments.pageInfo.hasNextPage"),
        true
    );
    assert_eq!(
        python
            .query(page)
            .await
            .at("departments.pageInfo.hasNextPage"),
        false
    );
}

#[tokio::test]
async fn a_login_tells_no_known_address_from_an_unknown_one() {
    let server = TestServer::start().await;
    let python = server.tenant("python");
    let disable = "UPDATE \"user\" SET disabled_at = now() WHERE email = 'staff@python.test'";
    server.sql("python").run(disable).await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("owner@python.test", "wrong password"),
        ("nobody@python.test", "wrong password"),
        // Known, and right: but at another tenant, or shut out.
        ("owner@ruby.test", "insula-demo"),
        ("staff@python.test", "insula-demo"),
        ("no address at all", "x"),
    ] {
        let input = json!({ "input": { "email": email, "password": password } });
        let document = "mutation($input: LoginInput!) { login(input: $input) { accessToken user { id } userErrors { code message field } } }";
        answers.push(python.ask(document, &input).await.text);
    }
    assert!(answers[0].contains("INVALID_CREDENTIALS"), "{}", answers[0]);
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
}

/// Damage to a tenant's tables, and what is asked after it.
const DAMAGES: [(&str, &str); 8] = [
    (
        "ALTER TABLE department RENAME COLUMN name TO betrayed",
        "{ departments { nodes { name } } }",
    ),
    (
        "ALTER TABLE invoice RENAME TO betrayed",
        "{ invoices { nodes { number } } }",
    ),
    (
        "ALTER TABLE number_series ALTER COLUMN next TYPE text",
        CREATE_CUSTOMER,
    ),
    (
        "ALTER TABLE customer ADD CONSTRAINT betrayed_check CHECK (name <> 'N') NOT VALID",
        CREATE_CUSTOMER,
    ),
    (
        "CREATE UNIQUE INDEX betrayed_key ON customer (name)",
        CREATE_CUSTOMER,
    ),
    (
        "ALTER TABLE customer ALTER COLUMN created_at TYPE text USING 'betrayed'",
        "{ customers { nodes { created } } }",
    ),
    (
        "ALTER TABLE \"user\" ALTER COLUMN role DROP NOT NULL, DROP CONSTRAINT user_role_check",
        "{ users { nodes { role } } }",
    ),
    ("DROP TABLE number_series", CREATE_CUSTOMER),
];

const CREATE_CUSTOMER: &str = "mutation { createCustomer(input: { name: \"N\" }) { customer { id } userErrors { message } } }";

#[tokio::test]
async fn what_a_database_says_of_damage_stays_in_the_log() {
    let mut failed = 0;
    for (damage, document) in DAMAGES {
        let server = TestServer::start().await;
        let python = server.tenant("python").as_owner();
        // Statements that were prepared before are another way to fail.
        python.query(document).await;
        server.sql("python").run(damage).await;
        if damage.contains("role_check") {
            server
                .sql("python")
                .run("UPDATE \"user\" SET role = 'betrayed'")
                .await;
        }
        let answer = python.query(document).await;
        assert_eq!(told(&answer), [""; 0], "{damage}: {}", answer.text);
        assert!(
            !answer.text.contains("betrayed"),
            "{damage}: {}",
            answer.text
        );
        failed += usize::from(answer.text.contains("INTERNAL"));
        let ruby = server.tenant("ruby").as_owner();
        let look = async || ruby.query("{ customers { nodes { name } } }").await;
        // A connection that knows the statement with python's columns is found out, and closed.
        let ruby = at_last(look, |answer| !answer.text.contains("INTERNAL")).await;
        let names = ruby.at("customers.nodes.name");
        assert!(
            names.as_array().is_some_and(|names| !names.is_empty()),
            "{damage}"
        );
    }
    assert!(failed >= 6, "only {failed} were failures at all");
}

/// Documents that are refused, or fail at some depth.
const DOCUMENTS: [&str; 21] = [
    "",
    "{",
    "{ nothing }",
    "{ tenant }",
    "{ employees(first: -1) { nodes { id } } }",
    "{ employees(first: 101) { nodes { id } } }",
    "{ employees(first: 99999999999) { nodes { id } } }",
    "{ employees(after: \"x\") { nodes { id } } }",
    "{ employees(first: 1, last: 1) { nodes { id } } }",
    "{ employees(filter: { name: { contains: \"\\u0000\" } }) { nodes { id } } }",
    "{ employees(orderBy: { field: NOTHING }) { nodes { id } } }",
    "{ invoices(filter: { total: { eq: \"1e999\" } }) { nodes { id } } }",
    "{ invoices(filter: { issuedOn: { eq: \"9999-99-99\" } }) { nodes { id } } }",
    "{ invoices(filter: { issuedOn: { gte: \"-4713-01-01\" } }) { nodes { id } } }",
    "{ node(id: 7) { id } }",
    "{ nodes(ids: [null]) { id } }",
    "query A { __typename } query A { __typename }",
    "subscription { nothing }",
    "{ ...a } fragment a on Query { ...a }",
    "{ __type(name: \"User\") { fields { name } } }",
    "mutation { deleteDepartment(input: { id: \"x\" }) { userErrors { message } } }",
];

/// Nouns, and inputs for their creation that are wrong.
const INPUTS: [(&str, &str); 12] = [
    ("Department", "{ name: \"Produce\" }"),
    ("Department", "{ name: \"\\u0000\" }"),
    ("Department", "{}"),
    (
        "Employee",
        "{ name: \"N\", departmentId: \"x\", managerId: \"y\" }",
    ),
    ("Employee", "{ name: \"N\", number: \"1\" }"),
    ("Employee", "{ name: \"N\", email: \"no address\" }"),
    ("Invoice", "{ customerId: \"x\" }"),
    (
        "Invoice",
        "{ customerId: \"x\", issuedOn: \"10000-01-01\" }",
    ),
    (
        "Invoice",
        "{ customerId: \"x\", lines: [{ description: \"\", quantity: 2147483647, unitPrice: \"999999999999999.9999\" }] }",
    ),
    (
        "User",
        "{ email: \"owner@python.test\", name: \"N\", role: STAFF, password: \"battery staple\" }",
    ),
    (
        "User",
        "{ email: \"x\", name: \"\", role: STAFF, password: \"x\" }",
    ),
    (
        "User",
        "{ email: \"x\", name: \"\", role: GOD, password: \"x\" }",
    ),
];

/// All of these, and two whose variables are wrong.
fn wrong_documents() -> Vec<(String, Value)> {
    let plain = DOCUMENTS.map(|text| (text.to_owned(), json!({})));
    let created = INPUTS.map(|(noun, input)| {
        let payload = "userErrors { code message field }";
        let document = format!("mutation {{ create{noun}(input: {input}) {{ {payload} }} }}");
        (document, json!({}))
    });
    let typed = [
        (
            "query($a: Int!) { employees(first: $a) { nodes { id } } }",
            json!({ "a": "x" }),
        ),
        ("query($a: Nothing) { tenant { slug } }", json!({})),
    ];
    let typed = typed.map(|(text, variables)| (text.to_owned(), variables));
    plain.into_iter().chain(created).chain(typed).collect()
}

#[tokio::test]
async fn nothing_that_is_wrong_with_a_request_tells_of_the_inside() {
    let server = TestServer::start().await;
    let python = server.tenant("python");
    let owner = python.clone().as_owner();
    let mut refused = 0;
    for (document, variables) in wrong_documents() {
        for client in [&owner, &python] {
            let answer = client.ask(&document, &variables).await;
            assert_eq!(told(&answer), [""; 0], "{document}: {}", answer.text);
            refused += usize::from(answer.text.contains("rrors"));
        }
    }
    assert!(refused > 60, "{refused} were refused at all");
}

#[tokio::test]
async fn operators_are_told_no_more_than_others() {
    let server = TestServer::start().await;
    let operator = server.shared().as_operator();
    for (name, input) in [
        ("createTenant", json!({ "slug": "python", "name": "N" })),
        ("createTenant", json!({ "slug": "pg_catalog", "name": "N" })),
        (
            "createTenant",
            json!({ "slug": "x'; DROP SCHEMA shared; --", "name": "N" }),
        ),
        (
            "createTenant",
            json!({ "slug": "perl", "name": "N", "domain": "python.localhost" }),
        ),
        ("createTenant", json!({ "slug": "perl", "name": "\u{0}" })),
        ("suspendTenant", json!({ "slug": "nobody" })),
        (
            "addDomain",
            json!({ "slug": "python", "domain": "ruby.localhost" }),
        ),
        (
            "addDomain",
            json!({ "slug": "python", "domain": "insula.localhost" }),
        ),
        ("addDomain", json!({ "slug": "python", "domain": "'" })),
        (
            "removeDomain",
            json!({ "slug": "python", "domain": "python.localhost" }),
        ),
        (
            "removeDomain",
            json!({ "slug": "python", "domain": "ruby.localhost" }),
        ),
        (
            "setPrimaryDomain",
            json!({ "slug": "python", "domain": "ruby.localhost" }),
        ),
    ] {
        let title = name[..1].to_uppercase() + &name[1..];
        let document = format!(
            "mutation($input: {title}Input!) {{ {name}(input: $input) {{ userErrors {{ code message field }} }} }}"
        );
        let answer: Answer = operator.ask(&document, &json!({ "input": input })).await;
        let wrong = answer.at(&format!("{name}.userErrors"));
        assert!(!wrong.as_array().unwrap().is_empty(), "{name} {input}");
        // Whoever sent such a name reads it again, and nothing else.
        let echoed = input.to_string().contains("pg_") || input.to_string().contains("shared");
        assert!(
            echoed || told(&answer).is_empty(),
            "{name} {input}: {}",
            answer.text
        );
    }
    assert_eq!(server.shared_sql().count("tenant").await, 2);
}
