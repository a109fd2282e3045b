//! Random selections over a schema that fails at random, completed and compared with the specification.

use std::{
    fmt::Write,
    sync::{LazyLock, OnceLock},
};

use async_graphql::{Request, ValidationMode, Variables, parser::parse_query};
use proptest::prelude::*;
use serde_json::json;

use super::{
    apply, default_variables, prepare, reference,
    toy::{self, Fate, Toy},
};
use crate::graphql::index::SchemaIndex;

/// Choices that shrink to the first of each.
struct Choices(std::vec::IntoIter<u8>);

impl Choices {
    fn below(&mut self, limit: u8) -> u8 {
        self.0.next().map_or(0, |byte| byte % limit)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::from(self.below(u8::try_from(from.len()).unwrap()))]
    }
}

const CONDITIONS: [&str; 8] = [
    "",
    "",
    "",
    "",
    " @include(if: $yes)",
    " @skip(if: $yes)",
    " @skip(if: $no)",
    " @include(if: $defaulted)",
];
const FRAGMENTS: [(&str, &str); 4] = [("P", "Pet"), ("C", "Cat"), ("D", "Dog"), ("Q", "Query")];

fn document(choices: &mut Choices) -> String {
    let mut text = "query($yes: Boolean!, $no: Boolean!, $defaulted: Boolean = true)".to_owned();
    selections(choices, &mut text, "Query", (3, FRAGMENTS.len()));
    for (place, (name, ty)) in FRAGMENTS.iter().enumerate() {
        write!(text, " fragment {name} on {ty}").unwrap();
        selections(choices, &mut text, ty, (2, place));
    }
    text
}

/// Fragments spread only those before them.
fn selections(choices: &mut Choices, text: &mut String, ty: &str, (depth, fragments): (u8, usize)) {
    text.push_str(" {");
    for _ in 0..=choices.below(4) {
        let condition = choices.pick(&CONDITIONS);
        match choices.below(8) {
            0..=3 => leaf(choices, text, ty, condition),
            4 | 5 if depth > 0 => object(choices, text, (ty, condition), (depth - 1, fragments)),
            6 if depth > 0 => {
                let to = narrower(choices, ty);
                let on = if to == ty && condition.is_empty() {
                    String::new()
                } else {
                    format!(" on {to}")
                };
                write!(text, " ...{on}{condition}").unwrap();
                selections(choices, text, to, (depth - 1, fragments));
            }
            _ => {
                let to = narrower(choices, ty);
                match FRAGMENTS[..fragments].iter().find(|(_, ty)| *ty == to) {
                    Some((name, _)) => write!(text, " ...{name}{condition}").unwrap(),
                    None => leaf(choices, text, ty, condition),
                }
            }
        }
    }
    text.push_str(" }");
}

/// A type that values of `ty` can have.
fn narrower<'a>(choices: &mut Choices, ty: &'a str) -> &'a str {
    match ty {
        "Pet" => choices.pick(&["Pet", "Cat", "Dog"]),
        "Cat" | "Dog" => choices.pick(&[ty, "Pet"]),
        _ => ty,
    }
}

fn leaf(choices: &mut Choices, text: &mut String, ty: &str, condition: &str) {
    let name = match (ty, choices.below(5)) {
        (_, 0) => "name",
        (_, 1) => "__typename",
        ("Cat", 2) => "lives",
        ("Dog", 2) => "bark",
        ("Cat" | "Dog" | "Query", 3) => "words",
        _ => "id",
    };
    aliased(choices, text, name, condition);
}

fn object(
    choices: &mut Choices,
    text: &mut String,
    (ty, condition): (&str, &str),
    limits: (u8, usize),
) {
    let (name, of) = match (ty, choices.below(7)) {
        ("Pet", _) | (_, 0) => ("pet", "Pet"),
        (_, 1) => ("cat", "Cat"),
        (_, 2) => ("mustCat", "Cat"),
        (_, 3) => ("cats", "Cat"),
        (_, 4) => ("maybeCats", "Cat"),
        (_, 5) => ("mustPet", "Pet"),
        _ => ("pets", "Pet"),
    };
    aliased(choices, text, name, condition);
    selections(choices, text, of, limits);
}

/// An alias says what it stands for, so that no two fields conflict.
fn aliased(choices: &mut Choices, text: &mut String, name: &str, condition: &str) {
    match choices.below(3) {
        0 => write!(text, " {name}{condition}").unwrap(),
        number => write!(text, " {name}{number}: {name}{condition}").unwrap(),
    }
}

/// What the executor answers, what the client gets, and what it should get.
struct Answers {
    raw: String,
    completed: String,
    expected: String,
}

fn answers(toy: &Toy, query: &str, fate: Fate) -> Answers {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(execute(toy, query, fate))
}

async fn execute(toy: &Toy, query: &str, fate: Fate) -> Answers {
    static INDEX: OnceLock<SchemaIndex> = OnceLock::new();
    let index = INDEX.get_or_init(|| SchemaIndex::new(&toy.sdl()).unwrap());
    let sent = Variables::from_json(json!({"yes": true, "no": false}));
    let mut variables = sent.clone();
    let original = parse_query(query).unwrap();
    default_variables(&original, None, &mut variables);
    let mut document = original.clone();
    prepare(index, &mut document);
    let mut request = Request::new(query).variables(variables.clone()).data(fate);
    request.set_parsed_query(document.clone());
    let mut response = toy.execute(request).await;
    let refused = response.errors.iter().find(|error| error.message != "fate");
    assert_eq!(refused, None, "{query}");
    let raw = serde_json::to_string(&response.data).unwrap();
    apply(index, &document, None, &variables, &mut response);
    let expected = reference::execute(&original, &sent, fate);
    Answers {
        raw,
        completed: serde_json::to_string(&response.data).unwrap(),
        expected: serde_json::to_string(&expected).unwrap(),
    }
}

/// Random fragments aren't all used, which only the strict mode minds.
static TOY: LazyLock<Toy> = LazyLock::new(|| toy::schema(ValidationMode::Fast));

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_answer_is_completed_as_the_specification_says(
        choices in proptest::collection::vec(any::<u8>(), 0..600),
        seed in any::<u64>(),
        failing in prop::sample::select(vec![0, 5, 30, 80]),
    ) {
        let query = document(&mut Choices(choices.into_iter()));
        let answers = answers(&TOY, &query, Fate { seed, failing });
        prop_assert_eq!(answers.completed, answers.expected, "{}", query);
    }
}

/// What chance seldom meets, with every fate; and that the executor alone gets each of them wrong.
#[test]
fn hard_cases_are_completed_as_the_specification_says() {
    let toy = toy::schema(ValidationMode::Strict);
    for query in [
        "{ name id cat { id name } }",
        "{ cat { name } cat { words } cat { id } }",
        "{ cats { cat { name } } cats { cat { words } } }",
        "{ mustCat { mustCat { mustCat { lives } } } }",
        "{ pets { name ... on Cat { lives name } ...D } } fragment D on Dog { bark mustCat { id } }",
        "query($d: Boolean = true) { cat { name @include(if: $d) } name @skip(if: $d) words }",
        "{ maybeCats { name @skip(if: true) } cats { ... @include(if: false) { name } } }",
        "{ mustPet { ... on Dog { bark } } cat { ... on Pet { name } } }",
    ] {
        let mut wrong = 0;
        for seed in 0..300 {
            let fate = Fate { seed, failing: 40 };
            let answers = answers(&toy, query, fate);
            assert_eq!(answers.completed, answers.expected, "{query}, {seed}");
            wrong += usize::from(answers.raw != answers.expected);
        }
        assert_ne!(wrong, 0, "the executor answers {query} by itself");
    }
}
