//! The specification's rules, one by one.

use super::*;

#[test]
fn keys_come_in_the_order_of_selection() {
    let data = json!({"b": 2, "a": 1, "me": {"lives": 9, "name": "Tom"}});
    let answer = completed("{ a me { name lives } b }", data, &[]);
    assert_eq!(answer, r#"{"a":1,"me":{"name":"Tom","lives":9},"b":2}"#);
}

#[test]
fn what_is_in_order_already_stays() {
    let data = json!({"a": 1, "b": 2});
    assert_eq!(completed("{ a b }", data, &[]), r#"{"a":1,"b":2}"#);
}

#[test]
fn aliases_are_keys() {
    let data = json!({"y": 2, "x": 1});
    assert_eq!(completed("{ x: a y: a }", data, &[]), r#"{"x":1,"y":2}"#);
}

#[test]
fn a_failed_nullable_field_is_null() {
    let data = json!({"b": 2});
    assert_eq!(completed("{ a b }", data, &["a"]), r#"{"a":null,"b":2}"#);
}

#[test]
fn a_failed_field_makes_the_nearest_nullable_parent_null() {
    let data = json!({"a": 1, "me": {"name": "Tom"}});
    let answer = completed("{ a me { name lives } }", data, &["me.lives"]);
    assert_eq!(answer, r#"{"a":1,"me":null}"#);
}

#[test]
fn without_a_nullable_parent_the_data_are_null() {
    let data = json!({"a": 1, "mine": {"name": "Tom"}});
    let answer = completed("{ a mine { name lives } }", data, &["mine.lives"]);
    assert_eq!(answer, "null");
    assert_eq!(completed("{ a must }", json!({"a": 1}), &["must"]), "null");
}

#[test]
fn a_mutation_has_its_own_root() {
    let answer = completed(
        "mutation { second { name } first { name } }",
        json!({"first": {"name": "Tom"}}),
        &["second"],
    );
    assert_eq!(answer, "null");
    let answer = completed(
        "mutation { second { name } first { name } }",
        json!({"second": {"name": "Tom"}}),
        &["first"],
    );
    assert_eq!(answer, r#"{"second":{"name":"Tom"},"first":null}"#);
}

#[test]
fn an_object_all_of_whose_fields_failed_is_an_object_again() {
    let query = "{ a me { age friend { name } } }";
    let answer = completed(query, json!({"a": 1, "me": null}), &["me.age", "me.friend"]);
    assert_eq!(answer, r#"{"a":1,"me":{"age":null,"friend":null}}"#);
    // The control: an object that isn't there fails nowhere.
    let answer = completed(query, json!({"a": 1, "me": null}), &["other"]);
    assert_eq!(answer, r#"{"a":1,"me":null}"#);
    let answer = completed(query, json!({"a": 1, "me": null}), &["me"]);
    assert_eq!(answer, r#"{"a":1,"me":null}"#);
    let failures = ["mine.age", "mine.friend"];
    let answer = completed(
        "{ mine { age friend { name } } }",
        json!({"mine": null}),
        &failures,
    );
    assert_eq!(answer, r#"{"mine":{"age":null,"friend":null}}"#);
}

#[test]
fn an_object_that_failed_itself_takes_its_parent_along() {
    let answer = completed("{ a mine { age } }", json!({"a": 1}), &["mine"]);
    assert_eq!(answer, "null");
}

#[test]
fn data_all_of_whose_fields_failed_are_an_object_again() {
    let answer = completed("{ a b }", json!(null), &["a", "b"]);
    assert_eq!(answer, r#"{"a":null,"b":null}"#);
}

#[test]
fn a_refused_request_stays_without_data() {
    assert_eq!(completed("{ a }", json!(null), &[""]), "null");
}

#[test]
fn an_item_that_must_not_be_null_takes_its_list_along() {
    let data = json!({"me": {"kittens": [{"lives": 9}, {"lives": 8, "name": "Kit"}]}});
    let answer = completed(
        "{ me { kittens { name lives } } }",
        data,
        &["me.kittens.0.name"],
    );
    assert_eq!(answer, r#"{"me":{"kittens":null}}"#);
}

#[test]
fn an_item_that_may_be_null_goes_alone() {
    let data = json!({"me": {"litter": [{"lives": 9}, {"lives": 8, "name": "Kit"}, null, null]}});
    let failures = ["me.litter.0.name", "me.litter.3.name", "me.litter.3.lives"];
    let answer = completed("{ me { litter { name lives } } }", data, &failures);
    let kit = r#"{"name":"Kit","lives":8}"#;
    assert_eq!(
        answer,
        format!(r#"{{"me":{{"litter":[null,{kit},null,null]}}}}"#)
    );
    let data = json!({"me": {"litter": [null, null]}});
    let answer = completed(
        "{ me { litter { age } } }",
        data,
        &["me.litter.1.age", "me.litter.10.age"],
    );
    assert_eq!(answer, r#"{"me":{"litter":[null,{"age":null}]}}"#);
}

#[test]
fn nulls_propagate_through_lists_of_lists() {
    assert_eq!(
        completed("{ lists }", json!({"lists": [[1]]}), &[]),
        r#"{"lists":[[1]]}"#
    );
    assert_eq!(
        completed("{ lists }", json!({"lists": [[1, null]]}), &[]),
        "null"
    );
    let data = json!({"list": [1, null]});
    assert_eq!(completed("{ list }", data, &[]), r#"{"list":null}"#);
}

#[test]
fn fields_of_one_key_are_one_field() {
    let data = json!({"me": {"lives": 9, "age": 3, "name": "Tom"}, "a": 1});
    let query = "{ me { name } a me { age ...More } } fragment More on Cat { lives name }";
    assert_eq!(
        completed(query, data, &[]),
        r#"{"me":{"name":"Tom","age":3,"lives":9},"a":1}"#
    );
}

#[test]
fn fragments_are_selected_where_they_are_spread() {
    let data = json!({"b": 2, "a": 1, "must": 3});
    let query = "{ must ...Both ... { a } } fragment Both on Query { b ...One } fragment One on Query { a }";
    assert_eq!(completed(query, data, &[]), r#"{"must":3,"b":2,"a":1}"#);
}

#[test]
fn conditions_leave_selections_out() {
    let query = "query($yes: Boolean!, $no: Boolean!) {
        a @skip(if: $yes) b @include(if: $yes) must @include(if: true) @skip(if: $no)
        list @include(if: false) ... @include(if: $no) { me { name } } ...Rest @skip(if: true)
    } fragment Rest on Query { mine { name } }";
    let variables = json!({"yes": true, "no": false});
    let answer = with_variables(query, variables, json!({"must": 3, "b": 2}), &[]);
    assert_eq!(answer, r#"{"b":2,"must":3}"#);
}

#[test]
fn an_object_of_which_nothing_is_selected_is_empty() {
    let query = "{ mine { name @skip(if: true) } }";
    assert_eq!(
        completed(query, json!({"mine": null}), &[]),
        r#"{"mine":{}}"#
    );
    assert_eq!(completed("{ a @skip(if: true) }", json!(null), &[]), "{}");
}

#[test]
fn type_conditions_select_by_the_type_of_the_value() {
    let query = "{ pets { ... on Cat { lives } name ... on Dog { bark } ... on Being { age } ... on Any { __typename } } }";
    let data = json!({"pets": [
        {"__runtimeType": "Cat", "age": 3, "name": "Tom", "lives": 9, "__typename": "Cat"},
        {"bark": "Woof", "name": "Rex", "__typename": "Dog", "__runtimeType": "Dog"},
    ]});
    let (cat, dog) = (
        r#"{"lives":9,"name":"Tom","age":3,"__typename":"Cat"}"#,
        r#"{"name":"Rex","bark":"Woof","__typename":"Dog"}"#,
    );
    assert_eq!(
        completed(query, data, &[]),
        format!(r#"{{"pets":[{cat},{dog}]}}"#)
    );
}

#[test]
fn the_type_of_the_value_decides_what_may_be_null() {
    let query = "{ pet { ... on Cat { lives } ... on Dog { bark } } }";
    let data = json!({"pet": {"__runtimeType": "Dog"}});
    assert_eq!(
        completed(query, data, &["pet.bark"]),
        r#"{"pet":{"bark":null}}"#
    );
    let data = json!({"pet": {"__runtimeType": "Cat"}});
    assert_eq!(completed(query, data, &["pet.lives"]), r#"{"pet":null}"#);
}

#[test]
fn unprepared_answers_are_completed_by_what_the_client_asked_for() {
    let data = json!({"any": {"name": "Rex", "is": "Dog"}});
    let answer = completed("{ any { is: __typename ... on Dog { name } } }", data, &[]);
    assert_eq!(answer, r#"{"any":{"is":"Dog","name":"Rex"}}"#);
    let data = json!({"any": {"name": "Rex"}});
    let answer = completed("{ any { ... on Dog { bark name } } }", data, &[]);
    assert_eq!(answer, r#"{"any":{"name":"Rex"}}"#);
}

#[test]
fn introspection_keeps_its_order_and_its_nulls() {
    let query = "{ __type(name: \"Cat\") { name ofType { name } kind } __typename __schema { queryType { name } } }";
    let data = json!({
        "__schema": {"queryType": {"name": "Query"}}, "__typename": "Query",
        "__type": {"kind": "OBJECT", "ofType": null, "name": "Cat"},
    });
    assert_eq!(
        completed(query, data, &[]),
        r#"{"__type":{"name":"Cat","ofType":null,"kind":"OBJECT"},"__typename":"Query","__schema":{"queryType":{"name":"Query"}}}"#
    );
}

#[test]
fn the_operation_of_the_name_is_completed() {
    let index = SchemaIndex::new(SDL).unwrap();
    let document = parse_query("query A { a } query B { b }").unwrap();
    let both = || Response::new(Value::from_json(json!({"a": 1, "b": 2})).unwrap());
    for (name, expected) in [
        (Some("A"), r#"{"a":1}"#),
        (Some("B"), r#"{"b":2}"#),
        (Some("C"), r#"{"a":1,"b":2}"#),
        (None, r#"{"a":1,"b":2}"#),
    ] {
        let mut response = both();
        apply(
            &index,
            &document,
            name,
            &Variables::default(),
            &mut response,
        );
        assert_eq!(serde_json::to_string(&response.data).unwrap(), expected);
    }
}
