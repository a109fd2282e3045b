//! Documents that are made to be expensive, through all that happens before a refusal.

use std::time::{Duration, Instant};

use async_graphql::{EmptyMutation, EmptySubscription, Object, Request, Schema};
use futures::executor::block_on;

use super::*;

struct Query;

#[Object]
impl Query {
    async fn a(&self, x: Option<i32>, ids: Option<Vec<i32>>) -> i32 {
        let _ = ids;
        x.unwrap_or_default()
    }

    async fn query(&self) -> Self {
        Self
    }
}

/// The longest document.
const LENGTH: usize = 15_000;
/// In a debug build, on a busy machine. What is left through takes minutes and gigabytes.
const BOUND: Duration = Duration::from_secs(4);

/// `unit` as often as it fits.
fn fill(before: &str, unit: impl Fn(usize) -> String, after: &str) -> String {
    let mut text = before.to_owned();
    for place in 0.. {
        let unit = unit(place);
        if text.len() + unit.len() + after.len() > LENGTH {
            break;
        }
        text.push_str(&unit);
    }
    text + after
}

fn fill_with(before: &str, unit: &str, after: &str) -> String {
    fill(before, |_| unit.to_owned(), after)
}

/// Each fragment spreads the next `times`, so often that no end is seen.
fn doubling(times: usize, levels: usize) -> String {
    let fragment = |it: usize| {
        let spreads = format!("...F{} ", it + 1).repeat(times);
        format!("fragment F{it} on Query {{ {spreads} }} ")
    };
    let fragments = each(levels, fragment);
    format!("{{ ...F0 }} {fragments} fragment F{levels} on Query {{ a }}")
}

/// Fields that don't agree, compared again by each fragment around them.
fn conflicts_in_fragments() -> String {
    let (arguments, fields) = ("b:1 ".repeat(300), "a ".repeat(300));
    let before = format!("{{ a }} fragment G on Query {{ a({arguments}) {fields} }}");
    let around = |it| format!("fragment F{it} on Query{{...G}}");
    fill(&before, around, "")
}

/// The same with the levels around them.
fn conflicts_in_nesting() -> String {
    let before = format!("{{ {} a({})", "... {".repeat(28), "b:1 ".repeat(1_500));
    fill_with(&before, "a ", &"}".repeat(29))
}

fn conflicts(arguments: usize) -> String {
    let before = format!("{{ query {{ a({}) ", "b:1 ".repeat(arguments));
    fill_with(&before, "a ", "} }")
}

/// One fragment, looked at for each operation.
fn operations() -> String {
    let fields = each(500, |it| format!("x{it}:a(x:$v)"));
    let before = format!("fragment F on Query{{{fields}}}");
    fill(&before, |it| format!("query O{it}{{...F}}"), "")
}

type Attack = (&'static str, String);

/// What is followed or compared again and again.
fn entangled() -> Vec<Attack> {
    let chain = |it: usize| format!("fragment F{it} on Query{{a ...F{}}}", it + 1);
    let cycle = |it: usize| format!("fragment F{it} on Query{{...F{it} ...F{}}}", it + 1);
    vec![
        ("doubling", doubling(2, 30)),
        ("doubling by many", doubling(90, 20)),
        ("doubling without end", doubling(2, 200)),
        ("cycles", fill("{ ...F0 }", cycle, "")),
        ("chain", fill("{ ...F0 }", chain, "")),
        ("chain that isn't used", fill("{ a }", chain, "")),
        ("few fields, many arguments", conflicts(3_000)),
        ("as many fields as arguments", conflicts(1_850)),
        ("conflicts in fragments", conflicts_in_fragments()),
        ("conflicts in nesting", conflicts_in_nesting()),
        ("operations", operations()),
    ]
}

/// As much as there can be of one thing.
fn wide() -> Vec<Attack> {
    vec![
        ("fields", fill_with("{ query {", "a ", "} }")),
        (
            "aliases",
            fill("{ query {", |it| format!("x{it}:a "), "} }"),
        ),
        ("unknown", fill("{ query {", |it| format!("z{it} "), "} }")),
        ("directives", fill_with("{ a", "@skip(if:true)", "}")),
        ("unknown directives", fill_with("{ a", "@x", "}")),
        (
            "variables",
            fill("query(", |it| format!("$v{it}:Int "), "){ a }"),
        ),
        ("values", fill_with("{ a(ids:[", "1 ", "]) }")),
        ("objects", fill_with("{ a(x:[", "{a:1}", "]) }")),
        ("one string", fill_with("{ a(x:\"", "\u{1f600}", "\") }")),
        ("no string", fill_with("{ a(x:", "\"\"\"\\", ") }")),
        ("blocks", fill_with("{ a(ids:[", "\"\"\"\n a\"\"\"", "]) }")),
        ("comments", fill_with("{ a ", "#\n", "}")),
        ("no end", fill_with("{ query {", "a ", "")),
    ]
}

fn deep() -> Vec<Attack> {
    let nested = |open: &str, inside: &str, close: &str| {
        let times = (LENGTH - 40) / (open.len() + close.len());
        format!("{}{inside}{}", open.repeat(times), close.repeat(times))
    };
    vec![
        ("lists", format!("{{a(x:{})}}", nested("[", "1", "]"))),
        (
            "lists without end",
            format!("{{a(x:{}", nested("[", "", "")),
        ),
        (
            "objects in objects",
            format!("{{a(x:{})}}", nested("{a:", "1", "}")),
        ),
        ("selections", nested("{a", "", "}")),
        (
            "types",
            format!("query($v:{}){{a}}", nested("[", "Int", "]")),
        ),
    ]
}

fn attacks() -> impl Iterator<Item = Attack> {
    entangled().into_iter().chain(wide()).chain(deep())
}

/// All that happens to a document; whether it was refused.
fn run(text: &str, index: &SchemaIndex) -> bool {
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription)
        .disable_suggestions()
        .finish();
    if scan(text).is_err() {
        return true;
    }
    let Ok(document) = parse_query(text) else {
        return true;
    };
    let variables = Variables::default();
    if check(&document, None, &variables, &limits(index), index).is_err() {
        return true;
    }
    let mut request = Request::new("");
    request.set_parsed_query(document);
    !block_on(schema.execute(request)).errors.is_empty()
}

#[test]
fn no_document_costs_much_before_it_is_refused() {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    let index = SchemaIndex::new(&schema.sdl()).unwrap();
    for (name, text) in attacks() {
        assert!(text.chars().count() <= LENGTH, "{name} is too long");
        let begun = Instant::now();
        let refused = run(&text, &index);
        let taken = begun.elapsed();
        assert!(taken < BOUND, "{name} took {taken:?}, refused: {refused}");
    }
}

/// The control: what is counted is what validation would do.
#[test]
fn what_is_refused_would_have_cost_too_much() {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    let index = SchemaIndex::new(&schema.sdl()).unwrap();
    for (name, expected) in [
        ("doubling", 1 << 30),
        ("doubling by many", u64::MAX),
        ("few fields, many arguments", 1_000_000),
        ("as many fields as arguments", 5_000_000),
        ("conflicts in nesting", 100_000_000),
        ("operations", 100_000),
    ] {
        let (_, text) = attacks().find(|(of, _)| *of == name).unwrap();
        let document = parse_query(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let refused = check(
            &document,
            None,
            &Variables::default(),
            &limits(&index),
            &index,
        );
        let Err(Refused::TooMuch { counted, .. }) = refused else {
            panic!("{name}: {refused:?}");
        };
        assert!(counted >= expected, "{name}: {counted}");
    }
}
