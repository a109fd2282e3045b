//! Fields and fragments.

use super::{Named, STAFF, fill, same};

pub(super) fn selections() -> Named {
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

pub(super) fn fragments() -> Named {
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
