//! Values, definitions, and what is hardly a document.

use super::{Named, STAFF, fill, same};

pub(super) fn values() -> Named {
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

pub(super) fn definitions() -> Named {
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

pub(super) fn texts() -> Named {
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
