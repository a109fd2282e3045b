//! What counts how much.

use super::*;

fn nodes(query: &str, variables: serde_json::Value) -> u64 {
    weigh(query, variables).once.nodes
}

#[test]
fn a_page_counts_its_rows() {
    for (query, expected) in [
        ("{ customer { id } }", 1),
        ("{ customers { nodes { id } } }", 20),
        ("{ customers(first: 7) { nodes { id } } }", 7),
        ("{ customers(last: 7) { edges { node { id } } } }", 7),
        ("{ customers(first: 3, last: 7) { edges { cursor } } }", 7),
        ("{ customers(first: 0) { nodes { id } } }", 0),
        // Its rows are fetched whatever is selected of them, and only once.
        ("{ customers(first: 7) { pageInfo { hasNextPage } } }", 7),
        (
            "{ customers(first: 7) { nodes { id } edges { node { name } } pageInfo { hasNextPage } } }",
            7,
        ),
        // What is no size is the greatest, and so is what is greater.
        ("{ customers(first: 1000) { nodes { id } } }", 100),
        ("{ customers(first: -1) { nodes { id } } }", 100),
        ("{ customers(first: 1.5) { nodes { id } } }", 100),
        ("{ customers(first: null) { nodes { id } } }", 20),
    ] {
        assert_eq!(nodes(query, json!({})), expected, "{query}");
    }
}

#[test]
fn variables_say_how_long_a_page_is() {
    let query = "query($n: Int, $m: Int = 5) { customers(first: $n, last: $m) { nodes { id } } }";
    assert_eq!(nodes(query, json!({})), 5);
    assert_eq!(nodes(query, json!({"n": 50})), 50);
    assert_eq!(nodes(query, json!({"n": 50, "m": 60})), 60);
    assert_eq!(nodes(query, json!({"n": null, "m": null})), 20);
    assert_eq!(nodes(query, json!({"n": 5000})), 100);
}

#[test]
fn rows_multiply_what_is_selected_of_them() {
    for (query, expected) in [
        ("{ customers(first: 5) { nodes { parent { id } } } }", 5 + 5),
        (
            "{ customers(first: 5) { nodes { invoices(first: 3) { nodes { lines { description } } } } } }",
            5 + 15 + 150,
        ),
        (
            "{ customers(first: 5) { edges { node { invoices { nodes { id } } } } } }",
            5 + 100,
        ),
        (
            "{ customers(first: 5) { ...Page } } fragment Page on CustomerConnection { nodes { parent { id } } ... { edges { node { parent { id } } } } }",
            5 + 5 + 5,
        ),
        (
            "{ a: customers(first: 5) { ...P } b: customers(first: 2) { ...P } } fragment P on CustomerConnection { nodes { parent { id } } }",
            10 + 4,
        ),
        (
            "{ node(id: 1) { ... on Invoice { lines { description } } ... on Customer { parent { id } } } }",
            1 + 10 + 1,
        ),
    ] {
        assert_eq!(nodes(query, json!({})), expected, "{query}");
    }
}

#[test]
fn a_list_is_as_long_as_what_it_answers() {
    assert_eq!(nodes("{ nodes(ids: [1, 2]) { id } }", json!({})), 10);
    let many = (0..30).collect::<Vec<_>>();
    let query = format!("{{ nodes(ids: {many:?}) {{ id }} }}");
    assert_eq!(nodes(&query, json!({})), 30);
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { parent { id } } } }";
    assert_eq!(nodes(query, json!({"ids": many})), 30 + 30);
}

#[test]
fn fields_count_as_often_as_they_are_resolved() {
    let fields = |query, variables| weigh(query, variables).once.fields;
    assert_eq!(fields("{ customer { id name } }", json!({})), 3);
    let query = "{ customers(first: 5) { nodes { id name } pageInfo { hasNextPage } } }";
    assert_eq!(fields(query, json!({})), 1 + 1 + 10 + 2);
    // Large arguments are work too, each time they are read.
    let query = "query($t: Tree) { node(id: $t) { id } }";
    assert_eq!(fields(query, json!({"t": 1})), 2);
    assert_eq!(fields(query, json!({"t": vec![1; 78]})), 2 + 10);
    assert_eq!(fields(query, json!({"t": "x".repeat(64 * 78)})), 2 + 10);
}

#[test]
fn fragments_weigh_where_they_are_spread() {
    let weight = weigh(
        "mutation { ...A x: login { accessToken } } fragment A on Mutation { ...B ...B } fragment B on Mutation { login { t: accessToken } }",
        json!({}),
    );
    assert_eq!((weight.logins, weight.siblings), (3, 3));
    assert_eq!((weight.aliases, weight.depth), (3, 2));
}

#[test]
fn what_the_schema_does_not_know_weighs_little() {
    let query = "{ nothing(first: 100) { nodes { nothing { at { all } } } } }";
    let weight = weigh(query, json!({}));
    assert_eq!(
        (weight.once.nodes, weight.once.fields, weight.depth),
        (4, 5, 5)
    );
}
