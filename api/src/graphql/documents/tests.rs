use async_graphql::Variables;
use serde_json::json;

use super::*;
use crate::graphql::complete;

fn case(document: &str, name: Option<&str>, variables: serde_json::Value) -> Option<Case> {
    let document = parse_query(document).unwrap();
    let operation = complete::operation(&document.operations, name).unwrap();
    Case::of(name, operation, &Variables::from_json(variables))
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
        if n % 100 == 0 {
            documents.kept.run_pending_tasks();
        }
        assert!(Arc::ptr_eq(&used, &again), "displaced by the {n}th");
    }
    assert!(documents.kept.weighted_size() <= MOST_KEPT);
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
        ("$v: Date", json!("2026-01-31")),
        ("$v: EmployeeFilter", json!({})),
        ("$v: [String]", json!(["a"])),
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
