use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use async_graphql::{ScalarType, Value, Variables};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::graphql::scalars::{Date, Decimal, Moment};
use crate::graphql::{complete, shared, tenant};

const SDL: &str = "
    scalar Date
    enum Status { OPEN PAID }
    input Line { text: String! count: Int price: Date }
    input Invoice { number: ID! status: Status issued: Date isPaid: Boolean lines: [Line!] next: Invoice }
";

fn case(document: &str, name: Option<&str>, variables: serde_json::Value) -> Option<Case> {
    let document = parse_query(document).unwrap();
    let operation = complete::operation(&document.operations, name).unwrap();
    let inputs = Inputs::new(SDL).unwrap();
    Case::of(name, operation, (&Variables::from_json(variables), &inputs))
}

fn approved(documents: &Documents, text: &str) -> Arc<Document> {
    let document = documents.read(text).unwrap();
    documents.approve(&document, case(text, None, json!({})));
    document
}

#[test]
fn a_document_that_was_found_good_is_not_read_again() {
    let documents = Documents::default();
    let first = approved(&documents, "{ employees { nodes { name } } }");
    let again = documents.read("{ employees { nodes { name } } }").unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    let other = documents
        .read("{ employees { nodes { number } } }")
        .unwrap();
    assert!(!Arc::ptr_eq(&first, &other));
}

#[test]
fn the_longest_document_that_may_be_kept_is_kept() {
    let documents = Documents::default();
    for longer in 0..2 {
        let text = format!("{{ {} }}", "a".repeat(LONGEST_KEPT - 4 + longer));
        let first = approved(&documents, &text);
        let again = documents.read(&text).unwrap();
        assert_eq!(Arc::ptr_eq(&first, &again), longer == 0);
    }
}

#[test]
fn what_nobody_approved_is_read_again() {
    let documents = Documents::default();
    let first = documents.read("{ nonsense }").unwrap();
    let again = documents.read("{ nonsense }").unwrap();
    assert!(!Arc::ptr_eq(&first, &again));
    assert!(matches!(documents.read("{"), Err(Unreadable::Wrong(_))));
}

#[test]
fn a_document_with_a_text_in_it_is_not_kept() {
    let documents = Documents::default();
    for text in [
        "mutation { login(input: { email: \"a@b.c\", password: \"secret\" }) { token } }",
        "{ employee(id: \"\"\"x\"\"\") { name } }",
    ] {
        let first = approved(&documents, text);
        let again = documents.read(text).unwrap();
        assert!(!Arc::ptr_eq(&first, &again), "{text}");
    }
}

#[test]
fn documents_that_come_once_displace_none_that_is_in_use() {
    let documents = Documents::default();
    let used = approved(&documents, "{ employees { nodes { name } } }");
    for n in 0..10_000 {
        let text = format!("{{ a{n}: employees {{ nodes {{ name title email number }} }} }}");
        approved(&documents, &text);
        let again = documents.read(&used.text).unwrap();
        assert!(Arc::ptr_eq(&used, &again), "displaced by the {n}th");
    }
    assert!(documents.kept.weight() <= MOST_KEPT);
}

#[test]
fn a_document_is_good_in_the_case_in_which_it_was_found_so_and_in_no_other() {
    let text = "query a($id: ID!, $n: Int, $b: Boolean) { employee(id: $id) { name @skip(if: $b) } } query b { __typename }";
    let name = Some("a");
    let known = case(text, name, json!({ "id": "x", "n": 5, "b": true }));
    assert!(known.is_some());
    // A text says nothing about whether the document is good.
    assert_eq!(
        case(text, name, json!({ "id": "y", "n": 5, "b": true })),
        known
    );
    for other in [
        json!({ "id": "x", "n": 6, "b": true }),
        json!({ "id": "x", "n": 5, "b": false }),
        json!({ "id": "x", "n": 5 }),
        json!({ "id": "x", "n": null, "b": true }),
        json!({ "n": 5, "b": true }),
    ] {
        let other = case(text, name, other);
        assert!(other.is_some());
        assert_ne!(other, known);
    }
    assert_ne!(case(text, Some("b"), json!({})), known);
    assert_ne!(
        case(text, Some("b"), json!({})),
        case("{ __typename }", None, json!({}))
    );
}

#[test]
fn what_validation_must_look_at_is_no_case() {
    for (declared, value) in [
        ("$v: ID!", json!(5)),
        ("$v: ID!", json!(null)),
        ("$v: String", json!(true)),
        ("$v: Int", json!(1.5)),
        ("$v: Int", json!(3_000_000_000_i64)),
        ("$v: Int", json!("5")),
        ("$v: Boolean", json!("true")),
        ("$v: Float", json!(1)),
        ("$v: Status", json!("LOST")),
        ("$v: Status", json!(1)),
        ("$v: Nonsense", json!({})),
        ("$v: [String]", json!("a")),
        ("$v: [String]", json!(["a", 1])),
        ("$v: [String!]", json!(["a", null])),
        ("$v: Invoice", json!("a")),
        ("$v: Invoice", json!({ "number": "1", "nmuber": "1" })),
        ("$v: Invoice", json!({ "number": null })),
        ("$v: Invoice", json!({ "number": "1", "status": "LOST" })),
        ("$v: Invoice", json!({ "number": "1", "isPaid": "yes" })),
        (
            "$v: Invoice",
            json!({ "number": "1", "lines": [{ "text": "a" }, { "text": 1 }] }),
        ),
        (
            "$v: Invoice",
            json!({ "number": "1", "lines": [{ "text": "a", "count": 0.5 }] }),
        ),
        (
            "$v: Invoice",
            json!({ "number": "1", "lines": [{ "text": "a" }, null] }),
        ),
        (
            "$v: Invoice",
            json!({ "next": { "next": { "number": 1 } } }),
        ),
        ("$w: String", json!("a")),
    ] {
        let text = format!("query ({declared}) {{ __typename }}");
        assert_eq!(
            case(&text, None, json!({ "v": value })),
            None,
            "{declared} {value}"
        );
        assert!(
            case(&text, None, json!({})).is_some(),
            "{declared} left out"
        );
    }
}

fn invoice(invoice: &serde_json::Value) -> Option<Case> {
    let text = "query ($v: Invoice) { __typename }";
    case(text, None, json!({ "v": invoice }))
}

#[test]
fn of_an_object_it_matters_what_is_there_and_not_what_it_is() {
    let known = invoice(&json!({
        "number": "1", "status": "OPEN", "issued": "2026-01-31", "isPaid": true,
        "lines": [{ "text": "a", "count": 1 }, { "text": "b", "count": 2 }, { "text": "c" }],
    }));
    assert!(known.as_ref().is_some_and(|case| !case.says_the_cost()));
    let same = json!({
        "lines": [{ "count": 7, "text": "x" }, { "text": "y" }],
        "number": "2", "status": "PAID", "issued": "soon", "isPaid": false,
    });
    // In whichever order, with as many lines as there are.
    let longer = json!({
        "number": "3", "status": "PAID", "issued": 3, "isPaid": false,
        "lines": [{ "count": 7, "text": "x" }, { "text": "y" }, { "text": "z" }, { "text": "", "count": 0 }],
    });
    for same in [same, longer] {
        assert_eq!(invoice(&same), known);
    }
    for other in [
        json!({ "number": "1" }),
        json!({ "number": "1", "status": null }),
        json!({ "number": "1", "lines": [] }),
        json!({ "number": "1", "lines": null }),
        json!({ "number": "1", "lines": [{ "text": "a" }] }),
        json!({ "number": "1", "lines": [{ "text": "a", "price": null }] }),
        json!({ "number": "1", "next": { "number": "2" } }),
        json!({ "status": "OPEN" }),
    ] {
        let other = invoice(&other);
        assert!(other.is_some());
        assert_ne!(other, known);
    }
}

#[test]
fn not_everything_is_told_of_much() {
    let nested = |levels| {
        let inner = json!({ "number": "1" });
        invoice(&(0..levels).fold(inner, |next, _| json!({ "number": "1", "next": next })))
    };
    assert!(nested(5).is_some());
    assert!(nested(20).is_none());
    // As many as there may be, if they are alike.
    let lines: Vec<_> = (0..500)
        .map(|n| json!({ "text": "a", "count": n }))
        .collect();
    assert!(invoice(&json!({ "number": "1", "lines": lines })).is_some());
}

#[test]
fn few_cases_are_remembered_of_a_document() {
    let text = "query ($v: Invoice, $w: Invoice) { __typename }";
    let document = Documents::default().read(text).unwrap();
    // With some fields and without others.
    let invoice = |which: u32| {
        let names = ["status", "issued", "isPaid", "lines", "next"].into_iter();
        let there = names.zip(0..).filter(|(_, bit)| which & (1 << bit) > 0);
        let fields = there.map(|(name, _)| (name.to_owned(), json!(null)));
        serde_json::Value::Object(fields.collect())
    };
    let remembered = (0..1024).filter(|which| {
        let variables = json!({ "v": invoice(which % 32), "w": invoice(which / 32) });
        let case = case(text, None, variables).unwrap();
        document.approve(case.clone());
        document.is_good(&case)
    });
    let remembered = remembered.count();
    assert!(remembered > 0 && remembered < MOST_CASES, "{remembered}");
    let good = document.good.read().unwrap();
    let told: usize = good.iter().map(Case::size).sum();
    assert!(told <= MOST_TOLD, "{told}");
}

proptest! {
    /// Validation asks these functions what is right for the scalars of ours. Variables that are right whatever they are need no case.
    #[test]
    fn scalars_of_ours_find_every_value_right(text in ".{0,20}", number: i64, flag: bool) {
        fn are_right<T: ScalarType>(values: &[Value]) -> bool {
            values.iter().all(T::is_valid)
        }
        let values = [Value::from(text), number.into(), flag.into(), Value::List(vec![])];
        prop_assert!(are_right::<Date>(&values));
        prop_assert!(are_right::<Decimal>(&values));
        prop_assert!(are_right::<Moment>(&values));
        prop_assert!(are_right::<uuid::Uuid>(&values));
    }
}

#[test]
fn there_are_no_other_scalars() {
    // The library itself says of JSON that all of it is right.
    let known = ["Date", "DateTime", "Decimal", "JSON", "UUID"];
    for sdl in [
        tenant::schema().finish().sdl(),
        shared::schema().finish().sdl(),
    ] {
        let definitions = parse_schema(sdl).unwrap().definitions.into_iter();
        let scalars = definitions.filter_map(|definition| match definition {
            TypeSystemDefinition::Type(ty) if matches!(ty.node.kind, TypeKind::Scalar) => {
                Some(ty.node.name.node)
            }
            _ => None,
        });
        for scalar in scalars {
            assert!(
                known.contains(&scalar.as_str()),
                "does {scalar} look at values to validate them?"
            );
        }
    }
}
