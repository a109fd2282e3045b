//! One operation is one transaction.

use serde_json::{Value, json};
use tenancy::testing::Way;
use tests::TestServer;

tenancy::both_ways! {
    a_mutation_happens_whole_or_not_at_all,
    a_field_that_refuses_its_input_leaves_its_neighbours_alone,
    what_a_field_wrote_before_it_refused_is_gone_too,
}

async fn a_mutation_happens_whole_or_not_at_all(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let staff = server.tenant("python").as_staff();
    let sql = server.sql("python");
    let before = sql.count("customer").await;
    let one = "createCustomer(input: { name: \"First\" }) { customer { id } }";
    let forbidden = "createDepartment(input: { name: \"Second\" }) { department { id } }";
    let answer = staff
        .query(&format!("mutation {{ {one} {forbidden} }}"))
        .await;
    assert_eq!(answer.codes(), ["FORBIDDEN"]);
    assert_eq!(answer.json()["data"], Value::Null);
    assert_eq!(sql.count("customer").await, before);
    // The same first field without the second is kept.
    staff.query(&format!("mutation {{ {one} }}")).await;
    assert_eq!(sql.count("customer").await, before + 1);
}

async fn a_field_that_refuses_its_input_leaves_its_neighbours_alone(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let owner = server.tenant("python").as_owner();
    let document = "mutation {
        a: createDepartment(input: { name: \"Bakery\" }) { department { name } userErrors { code } }
        b: createDepartment(input: { name: \"Produce\" }) { department { name } userErrors { code } }
        c: createDepartment(input: { name: \"Dairy\" }) { department { name } userErrors { code } }
    }";
    let answer = owner.query(document).await;
    let kept = |name: &str| json!({ "department": { "name": name }, "userErrors": [] });
    assert_eq!(
        answer.at(""),
        json!({
            "a": kept("Bakery"),
            "b": { "department": null, "userErrors": [{ "code": "TAKEN" }] },
            "c": kept("Dairy"),
        })
    );
    let names = "SELECT name FROM department WHERE name IN ('Bakery', 'Dairy', 'Produce')";
    assert_eq!(server.sql("python").rows(names).await.len(), 3);
}

async fn what_a_field_wrote_before_it_refused_is_gone_too(way: Way) {
    let server = TestServer::by(way, &[]).await;
    let owner = server.tenant("python").as_owner();
    let stranger = server.tenant("ruby").as_owner();
    let foreign = stranger
        .query("{ customers(first: 1) { nodes { id } } }")
        .await;
    let lines = json!([{ "description": "Milk", "quantity": 1, "unitPrice": "1.10" }]);
    let input = |customer: Value| json!({ "customerId": customer, "lines": lines });
    let refused = owner
        .mutate(
            "createInvoice",
            &input(foreign.at("customers.nodes.0.id")),
            "invoice { number }",
        )
        .await;
    assert_eq!(refused.wrong(), ["NOT_FOUND customerId"]);
    // Had the refused one kept the number that it drew, this would be the one behind it.
    let own = owner
        .query("{ customers(first: 1) { nodes { id } } }")
        .await;
    let kept = owner
        .mutate(
            "createInvoice",
            &input(own.at("customers.nodes.0.id")),
            "invoice { number }",
        )
        .await;
    assert_eq!(kept.at("invoice.number"), "3");
}
