//! Bodies that are large beside their documents.

use serde_json::{Value, json};

use super::Attack;

/// The largest body, but for what surrounds the variables.
const BODY: usize = 1_000_000;

pub(super) fn variables() -> Vec<Attack> {
    let nodes = "query($v: [ID!]!) { nodes(ids: $v) { id } }";
    let create =
        "mutation($v: CreateInvoiceInput!) { createInvoice(input: $v) { userErrors { code } } }";
    let many = |unit: &str| Value::Array(vec![json!(unit); BODY / (unit.len() + 3)]);
    let object = |of: &dyn Fn(usize) -> Value| {
        let pairs = (0..BODY / 16).map(|it| (format!("k{it}"), of(it)));
        Value::Object(pairs.collect())
    };
    let deep = |levels: usize| (0..levels).fold(json!(1), |inside, _| json!([inside]));
    let lines = json!({ "lines": vec![json!({ "description": "", "quantity": 1 }); BODY / 34] });
    let again = format!(
        "query($v: [ID!]!) {{ {} }}",
        "nodes(ids: $v) { id } ".repeat(20)
    );
    vec![
        Attack::with("many ids", nodes, &json!({ "v": many("") })),
        Attack::with("long ids", nodes, &json!({ "v": many(&"x".repeat(1_000)) })),
        Attack::with("one id", nodes, &json!({ "v": ["x".repeat(BODY)] })),
        Attack::with(
            "numbers for ids",
            nodes,
            &json!({ "v": vec![1.5; BODY / 4] }),
        ),
        Attack::with(
            "objects for ids",
            nodes,
            &json!({ "v": vec![json!({}); BODY / 3] }),
        ),
        Attack::with("many ids, often", &again, &json!({ "v": many("x") })),
        Attack::with(
            "an object for ids",
            nodes,
            &json!({ "v": object(&|_| json!(1)) }),
        ),
        Attack::with(
            "unknown input",
            create,
            &json!({ "v": object(&|_| json!(1)) }),
        ),
        Attack::with("lines of a variable", create, &json!({ "v": lines })),
        Attack::with("deep", nodes, &json!({ "v": deep(100) })),
        Attack::with(
            "deep input",
            create,
            &json!({ "v": { "lines": deep(100) } }),
        ),
        Attack::with(
            "variables that nobody asks for",
            nodes,
            &object(&|_| json!("x")),
        ),
        Attack::with("a long name", nodes, &json!({ "v".repeat(BODY): 1 })),
        Attack::with("unused", "{ me { id } }", &json!({ "v": many("x") })),
        Attack {
            name: "a long operation name".to_owned(),
            body: json!({ "query": "{ me { id } }", "operationName": "x".repeat(BODY) })
                .to_string(),
        },
        Attack {
            name: "large extensions".to_owned(),
            body: json!({ "query": "{ me { id } }", "extensions": { "x": many("x") } }).to_string(),
        },
        Attack {
            name: "a deep body".to_owned(),
            body: "[".repeat(BODY),
        },
        Attack {
            name: "a deep parameter".to_owned(),
            body: format!(
                "{{\"query\":\"{{me}}\",\"variables\":{}",
                "{\"a\":".repeat(BODY / 5)
            ),
        },
        Attack {
            name: "an unknown parameter".to_owned(),
            body: format!("{{\"query\":\"{{me}}\",\"x\":{}}}", many("x")),
        },
    ]
}
