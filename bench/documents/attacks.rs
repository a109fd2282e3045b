//! Documents with as much of one thing as fits.

use serde_json::{Value, json};

/// The longest document, in characters.
pub(crate) const LENGTH: usize = 15_000;
/// The largest body, but for what surrounds the variables.
const BODY: usize = 1_000_000;

/// A request that is meant to hurt.
pub(crate) struct Attack {
    pub(crate) name: String,
    pub(crate) body: String,
}

impl Attack {
    pub(crate) fn of(name: &str, query: &str) -> Self {
        Self::with(name, query, &json!({}))
    }

    fn with(name: &str, query: &str, variables: &Value) -> Self {
        let body = json!({ "query": query, "variables": variables });
        Self {
            name: name.to_owned(),
            body: body.to_string(),
        }
    }
}

/// `unit` as often as it fits.
fn fill(before: &str, unit: impl Fn(usize) -> String, after: &str) -> String {
    let mut text = before.to_owned();
    let mut length = before.chars().count() + after.chars().count();
    for place in 0.. {
        let unit = unit(place);
        length += unit.chars().count();
        if length > LENGTH {
            break;
        }
        text.push_str(&unit);
    }
    text + after
}

fn same(before: &str, unit: &str, after: &str) -> String {
    fill(before, |_| unit.to_owned(), after)
}

pub(crate) fn all() -> Vec<Attack> {
    let mut all = Vec::new();
    for (name, query) in [selections(), fragments(), values(), definitions(), texts()].concat() {
        all.push(Attack::of(name, &query));
    }
    all.extend(variables());
    all
}

type Named = Vec<(&'static str, String)>;

const STAFF: &str = "{ employees { nodes {";

fn selections() -> Named {
    let several = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        move |it: usize| format!("{} ", names[it % names.len()])
    };
    vec![
        ("one field, often", same(STAFF, "name ", "}}}")),
        ("root fields", same("{", "me{id}", "}")),
        ("type names", same("{", "__typename ", "}")),
        ("aliases", fill(STAFF, |it| format!("a{it}:name "), "}}}")),
        (
            "aliases of the root",
            fill("{", |it| format!("a{it}:me{{id}}"), "}"),
        ),
        (
            "one alias for two fields",
            fill(STAFF, several(&["a:name", "a:title"]), "}}}"),
        ),
        (
            "one alias for many objects",
            fill(
                "{",
                several(&["a:employees{nodes{id}}", "a:customers{nodes{name}}"]),
                "}",
            ),
        ),
        (
            "one field with other arguments",
            fill(
                "{",
                |it| format!("employees(first:{}){{nodes{{id}}}}", it % 100 + 1),
                "}",
            ),
        ),
        ("conflicts on every level", conflicts_on_every_level()),
        ("unknown fields", fill(STAFF, |it| format!("z{it} "), "}}}")),
        (
            "unknown root fields",
            fill("{", |it| format!("z{it} "), "}"),
        ),
        (
            "almost known fields",
            fill(STAFF, |it| format!("nam{} ", it % 10), "}}}"),
        ),
        (
            "unknown arguments",
            fill(
                "{ employees(",
                |it| format!("z{it}:1 "),
                ") { nodes { id } } }",
            ),
        ),
        (
            "one argument, often",
            same("{ employees(", "first:1 ", ") { nodes { id } } }"),
        ),
        ("selections of scalars", same(STAFF, "name{id}", "}}}")),
        (
            "objects without selections",
            same("{", "me employees ", "}"),
        ),
        ("directives", same("{ me", "@include(if:true)", "{ id } }")),
        (
            "unknown directives",
            fill("{ me", |it| format!("@d{it}"), "{ id } }"),
        ),
        (
            "directives on many fields",
            same(STAFF, "name@skip(if:true)", "}}}"),
        ),
        ("introspection", same("{", "__schema{types{name}}", "}")),
        (
            "types by name",
            fill(
                "{",
                |it| {
                    format!(
                        "t{it}:__type(name:\"Query\"){{fields{{name type{{ofType{{ofType{{name}}}}}}}}}}"
                    )
                },
                "}",
            ),
        ),
        (
            "introspection in circles",
            format!(
                "{{__schema{{types{}}}}}",
                "{fields{type".repeat(9) + "{name}" + &"}}".repeat(9)
            ),
        ),
        (
            "lists in lists",
            format!(
                "{{ departments(first:100) {{ nodes {{ employees(first:100) {{ nodes {{ {} }} }} }} }} }}",
                "name ".repeat(2_500)
            ),
        ),
        (
            "many logins",
            same(
                "mutation {",
                "login(input:{email:\"a\",password:\"b\"}){accessToken}",
                "}",
            ),
        ),
        (
            "many deletions",
            fill(
                "mutation {",
                |it| format!("m{it}:deleteInvoice(input:{{id:\"x\"}}){{deletedId}}"),
                "}",
            ),
        ),
        (
            "nodes of nothing",
            fill("{", |it| format!("n{it}:node(id:\"x\"){{id}}"), "}"),
        ),
    ]
}

fn conflicts_on_every_level() -> String {
    let mut text = "{ employees { nodes ".to_owned();
    let fields = "a:name b:title ".repeat(80);
    for _ in 0..11 {
        text.push_str("{ ");
        text.push_str(&fields);
        text.push_str("manager ");
    }
    text + "{ id }" + &"}".repeat(11) + " } }"
}

fn fragments() -> Named {
    let chain = |it: usize| format!("fragment F{it} on Employee{{id...F{}}}", it + 1);
    let cycle = |it: usize| format!("fragment F{it} on Employee{{...F{it}...F0}}");
    let doubling = |times: usize, levels: usize| {
        let mut text = "{ employees { nodes { ...F0 } } }".to_owned();
        for it in 0..levels {
            let spreads = format!("...F{} ", it + 1).repeat(times);
            text.push_str(&format!("fragment F{it} on Employee{{{spreads}}}"));
        }
        text + &format!("fragment F{levels} on Employee{{ id }}")
    };
    let wide = |it: usize| format!("fragment F{it} on Employee{{a:name}}");
    let spread_all = {
        let fragments: String = (0..250).map(wide).collect();
        fill(
            &format!("{fragments} {STAFF}"),
            |it| format!("...F{} ", it % 250),
            "}}}",
        )
    };
    vec![
        ("inline fragments", same(STAFF, "...{id}", "}}}")),
        (
            "inline fragments of a type",
            same(STAFF, "...on Employee{id}", "}}}"),
        ),
        (
            "inline fragments of other types",
            same(STAFF, "...on Customer{id}", "}}}"),
        ),
        (
            "inline fragments of unknown types",
            fill(STAFF, |it| format!("...on T{it}{{id}}"), "}}}"),
        ),
        (
            "interfaces",
            same(
                "{ node(id:\"x\") {",
                "...on Employee{id}...on Customer{name}",
                "}}",
            ),
        ),
        (
            "unused fragments",
            fill(
                "{ me { id } }",
                |it| format!("fragment F{it} on User{{id}}"),
                "",
            ),
        ),
        (
            "one fragment, often defined",
            same("{ me { id } }", "fragment F on User{id}", ""),
        ),
        (
            "unknown fragments",
            fill(STAFF, |it| format!("...F{it} "), "}}}"),
        ),
        (
            "chain",
            fill("{ employees { nodes { ...F0 } } }", chain, ""),
        ),
        ("chain that isn't used", fill("{ me { id } }", chain, "")),
        (
            "cycles",
            fill("{ employees { nodes { ...F0 } } }", cycle, ""),
        ),
        (
            "cycle of one",
            same("{ me { ...F } } fragment F on User {", "...F ", "}"),
        ),
        ("doubling", doubling(2, 30)),
        ("doubling within the levels", doubling(2, 11)),
        ("fourfold", doubling(4, 6)),
        ("a hundredfold", doubling(100, 12)),
        ("all of many fragments", spread_all),
    ]
}

fn values() -> Named {
    let ids = |unit: &str| same("{ nodes(ids:[", unit, "]) { id } }");
    let create = |inside: &str, unit: &dyn Fn(usize) -> String| {
        fill(
            &format!("mutation {{ createInvoice(input:{{{inside}"),
            unit,
            "}) { userErrors { code } } }",
        )
    };
    vec![
        ("numbers", ids("1 ")),
        ("strings", ids("\"\"")),
        ("block strings", ids("\"\"\"\"\"\"")),
        ("lists in a list", ids("[]")),
        ("objects in a list", ids("{a:1}")),
        ("enums in a list", ids("A ")),
        (
            "unknown variables",
            fill("{ nodes(ids:[", |it| format!("$v{it} "), "]) { id } }"),
        ),
        (
            "unknown input fields",
            create("", &|it| format!("z{it}:1 ")),
        ),
        (
            "one input field, often",
            create("", &|_| "number:\"1\" ".to_owned()),
        ),
        (
            "lines",
            create("lines:[", &|_| {
                "{description:\"\",quantity:1,unitPrice:\"1\"}".to_owned()
            })
            .replace("}) {", "]}) {"),
        ),
        (
            "lines of nothing",
            create("lines:[", &|_| "{}".to_owned()).replace("}) {", "]}) {"),
        ),
        (
            "filters",
            fill(
                "{ employees(filter:{",
                |_| "name:{eq:\"a\"}".to_owned(),
                "}) { nodes { id } } }",
            ),
        ),
        (
            "orders",
            same(
                "{ employees(orderBy:[",
                "{field:NAME}",
                "]) { nodes { id } } }",
            ),
        ),
        ("long name", same("{ ", "a", " }")),
        (
            "long number",
            same("{ employees(first:", "9", ") { nodes { id } } }"),
        ),
        (
            "long fraction",
            same("{ employees(first:0.", "9", ") { nodes { id } } }"),
        ),
        (
            "long exponent",
            same("{ employees(first:1e", "9", ") { nodes { id } } }"),
        ),
        (
            "long string",
            same("{ node(id:\"", "\u{1f600}", "\") { id } }"),
        ),
        ("escapes", same("{ node(id:\"", "\\u00e9", "\") { id } }")),
        (
            "half an escape",
            same("{ node(id:\"", "\\ud83d", "\") { id } }"),
        ),
        (
            "lines in a block",
            same("{ node(id:\"\"\"", "\n  a", "\"\"\") { id } }"),
        ),
        (
            "indentation",
            same("{ node(id:\"\"\"\n", " \n  ", "a\"\"\") { id } }"),
        ),
        (
            "quotes in a block",
            same("{ node(id:\"\"\"", "\\\"\"\"", "\"\"\") { id } }"),
        ),
    ]
}

fn definitions() -> Named {
    let large = "1,".repeat(3_000);
    vec![
        (
            "variables",
            fill("query(", |it| format!("$v{it}:Int"), "){ me { id } }"),
        ),
        (
            "variables of unknown types",
            fill("query(", |it| format!("$v{it}:T{it}"), "){ me { id } }"),
        ),
        (
            "one variable, often",
            same("query(", "$v:Int", "){ me { id } }"),
        ),
        (
            "defaults",
            fill("query(", |it| format!("$v{it}:Int=\"x\""), "){ me { id } }"),
        ),
        (
            "a large default",
            format!(
                "query($v:[ID!]!=[{large}]){{{}}}",
                "nodes(ids:$v){id}".repeat(20)
            ),
        ),
        (
            "a default of objects",
            same(
                "query($v:CreateInvoiceInput=",
                "{a:",
                &format!("1{}", "}".repeat(20)),
            ),
        ),
        (
            "operations",
            fill("", |it| format!("query Q{it}{{me{{id}}}}"), ""),
        ),
        ("operations of one name", same("", "query Q{me{id}}", "")),
        ("nameless operations", same("", "{me{id}}", "")),
        (
            "operations with one fragment",
            fill(
                "fragment F on Query{me{id name email role}}",
                |it| format!("query Q{it}{{...F}}"),
                "",
            ),
        ),
        ("subscriptions", same("subscription{", "a ", "}")),
        (
            "nested types",
            format!(
                "query($v:{}Int{}){{me{{id}}}}",
                "[".repeat(7_000),
                "]".repeat(7_000)
            ),
        ),
        ("variables in a fragment", operations_of_variables()),
    ]
}

fn operations_of_variables() -> String {
    let uses: String = (0..100)
        .map(|it| format!("a{it}:employees(first:$v{it}){{nodes{{id}}}}"))
        .collect();
    fill(
        &format!("fragment F on Query{{{uses}}}"),
        |it| format!("query Q{it}($v{it}:Int){{...F}}"),
        "",
    )
}

fn texts() -> Named {
    vec![
        ("nothing", String::new()),
        ("spaces", same("", " ", "{ me { id } }")),
        ("commas", same("{ me {", ",", "id } }")),
        ("comments", same("{ me {", "#\n", "id } }")),
        ("one comment", same("#", "\u{1f600}", "\n{ me { id } }")),
        ("byte order marks", same("", "\u{feff}", "{ me { id } }")),
        ("braces", same("", "{", "")),
        ("closing braces", same("", "}", "")),
        ("braces of fields", same("", "{a", "")),
        ("brackets", same("{ nodes(ids:", "[", "")),
        ("quotes", same("{ node(id:", "\"", "")),
        ("an open string", same("{ node(id:\"", "a", "")),
        ("an open block", same("{ node(id:\"\"\"", "a\n", "")),
        ("spreads", same("{", "...", "}")),
        ("colons", same("{", ":", "}")),
        ("at signs", same("{ me", "@", "}")),
        ("dollars", same("query(", "$", "){ me { id } }")),
        ("letters beyond ASCII", same("{", "\u{e9}", "}")),
        ("NUL", same("{", "\0", "}")),
        (
            "exclamation marks",
            same("query($v:Int", "!", "){ me { id } }"),
        ),
        ("almost a document", same("{ me { id } }", "fragment", "")),
        ("descriptions", same("", "\"\"\"a\"\"\"", "{ me { id } }")),
        (
            "type definitions",
            fill("", |it| format!("type T{it}{{a:Int}}"), ""),
        ),
        ("an open end", same(STAFF, "name ", "")),
    ]
}

fn variables() -> Vec<Attack> {
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
