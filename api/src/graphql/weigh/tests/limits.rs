//! Just inside, just outside.

use super::*;

/// Fields in fields, so many deep.
fn deep(levels: usize) -> String {
    let between = levels - 2;
    format!(
        "{{ customer {} {{ id }} {} }}",
        "{ parent ".repeat(between),
        "}".repeat(between)
    )
}

#[test]
fn depth() {
    assert_eq!(excess(&deep(15)), None);
    assert_eq!(excess(&deep(16)), Some((Excess::Depth, 16)));
    let half = "{ parent ".repeat(7);
    let rest = "}".repeat(7);
    let spread = |end| {
        format!(
            "{{ customer {half} {{ ...Rest }} {rest} }} fragment Rest on Customer {half} {end} {rest}"
        )
    };
    assert_eq!(excess(&spread("")), None);
    assert_eq!(excess(&spread("{ id }")), Some((Excess::Depth, 16)));
}

#[test]
fn nodes() {
    let pages = |rows| {
        format!(
            "{{ customers(first: 100) {{ nodes {{ invoices(first: {rows}) {{ nodes {{ id }} }} }} }} }}"
        )
    };
    assert_eq!(excess(&pages(99)), None);
    assert_eq!(excess(&pages(100)), Some((Excess::Nodes, 10_100)));
}

#[test]
fn fields() {
    let rows = |fields: usize| {
        format!(
            "{{ customers(first: 100) {{ nodes {{ invoices(first: 99) {{ nodes {{ {} }} }} }} }} }}",
            "id ".repeat(fields)
        )
    };
    let (inside, outside) = (weigh(&rows(10), json!({})), weigh(&rows(11), json!({})));
    assert!(inside.once.fields <= 100_000 && outside.once.fields > 100_000);
    assert_eq!(excess(&rows(10)), None);
    assert_eq!(
        excess(&rows(11)),
        Some((Excess::Fields, outside.once.fields))
    );
}

#[test]
fn aliases() {
    let aliased = |count: usize| {
        let fields = each(count, |it| format!("a{it}: id "));
        format!("{{ customer {{ {fields} }} }}")
    };
    assert_eq!(excess(&aliased(100)), None);
    assert_eq!(excess(&aliased(101)), Some((Excess::Aliases, 101)));
    let spread = |count: usize| {
        let spreads = "parent { ...Two } ".repeat(count);
        format!("{{ customer {{ {spreads} }} }} fragment Two on Customer {{ a: id b: id }}")
    };
    assert_eq!(excess(&spread(50)), None);
    assert_eq!(excess(&spread(51)), Some((Excess::Aliases, 102)));
}

#[test]
fn root_fields() {
    let roots = |count: usize| format!("{{ __typename {} }}", "customer { id } ".repeat(count));
    assert_eq!(excess(&roots(20)), None);
    assert_eq!(excess(&roots(21)), Some((Excess::RootFields, 21)));
    let spread = |count: usize| {
        format!(
            "{{ {} }} fragment Two on Query {{ customer {{ id }} login }}",
            "...Two ".repeat(count)
        )
    };
    assert_eq!(excess(&spread(10)), None);
    assert_eq!(excess(&spread(11)), Some((Excess::RootFields, 22)));
}

#[test]
fn logins() {
    let login = "login(input: {email: \"a\", password: \"b\"}) { accessToken }";
    let one = format!("mutation {{ {login} create }}");
    assert_eq!(excess(&one), None);
    let two = format!("mutation {{ {login} again: {login} }}");
    assert_eq!(excess(&two), Some((Excess::Logins, 2)));
    let spread = format!("mutation {{ ...L ...L }} fragment L on Mutation {{ ... {{ {login} }} }}");
    assert_eq!(excess(&spread), Some((Excess::Logins, 2)));
    // A condition may be a variable, and is no excuse.
    let skipped = format!("mutation {{ {login} login @skip(if: true) {{ accessToken }} }}");
    assert_eq!(excess(&skipped), Some((Excess::Logins, 2)));
    assert_eq!(excess("{ login again: login }"), None);
}

#[test]
fn introspection() {
    assert_eq!(excess(INTROSPECTION), None);
    let (schema, fragments) = INTROSPECTION.split_once("fragment").unwrap();
    let schema = schema.trim().trim_start_matches('{').strip_suffix('}');
    let repeated = |count: usize| {
        let one = |it: usize| format!("a{it}: {} ", schema.unwrap().trim());
        let all = each(count, one);
        format!("{{ {all} }} fragment{fragments}")
    };
    assert_eq!(excess(&repeated(2)), None);
    assert!(matches!(
        excess(&repeated(3)),
        Some((Excess::Introspection, _))
    ));
    let back_and_forth = |times: usize| {
        format!(
            "{{ __schema {{ types {} {{ name }} {} }} }}",
            "{ fields { type ".repeat(times),
            "} }".repeat(times)
        )
    };
    assert_eq!(excess(&back_and_forth(2)), None);
    assert!(matches!(
        excess(&back_and_forth(5)),
        Some((Excess::Introspection, _))
    ));
}

#[test]
fn parts() {
    // A field, its directive and that one's value.
    let fields = "id @skip(if: true) ".repeat(33);
    let spread = |spreads: usize| {
        let spreads = "...F ".repeat(spreads);
        format!("{{ customer {{ {spreads} }} }} fragment F on Customer {{ {fields} }}")
    };
    assert_eq!(excess(&spread(99)), None);
    let counted = 1 + 100 + 100 * 33 * 3;
    assert_eq!(excess(&spread(100)), Some((Excess::Parts, counted)));
}

#[test]
fn overlaps() {
    let beside = |fields: usize| {
        format!(
            "{{ customer {{ id({}) {} }} }}",
            "a: 1 ".repeat(99),
            "id ".repeat(fields - 1)
        )
    };
    assert_eq!(excess(&beside(199)), None);
    assert_eq!(excess(&beside(200)), Some((Excess::Overlaps, 20_001)));
    // Each fragment around compares them anew, were it ever spread or not.
    let around = |fragments: usize| {
        let name = |it: usize| format!("fragment F{it} on Customer {{ ...G }}");
        let around = each(fragments, name);
        let fields = "id ".repeat(99);
        format!("{{ customer {{ id }} }} {around} fragment G on Customer {{ id(a: 1) {fields} }}")
    };
    assert_eq!(excess(&around(98)), None);
    assert_eq!(excess(&around(99)), Some((Excess::Overlaps, 20_002)));
}

#[test]
fn levels() {
    let nested = |levels: usize| {
        let inline = "... { ".repeat(levels - 2);
        let closing = "} ".repeat(levels);
        format!("{{ customer {{ {inline} id {closing}")
    };
    assert_eq!(excess(&nested(32)), None);
    assert_eq!(excess(&nested(33)), Some((Excess::Levels, 33)));
    let chain = |fragments: usize| {
        let name = |it: usize| format!("fragment F{it} on Query {{ ...F{} }} ", it + 1);
        let chain = each(fragments - 1, name);
        let last = fragments - 1;
        format!("{{ ...F0 }} {chain} fragment F{last} on Query {{ login }}")
    };
    assert_eq!(excess(&chain(31)), None);
    assert!(matches!(excess(&chain(32)), Some((Excess::Levels, _))));
}

#[test]
fn variables() {
    let declared = |count: usize| {
        let all = each(count, |it| format!("$v{it}: Int "));
        format!("query({all}) {{ login }}")
    };
    assert_eq!(excess(&declared(200)), None);
    assert_eq!(excess(&declared(201)), Some((Excess::Variables, 201)));
}

#[test]
fn copies() {
    let once = "mutation($t: Tree) { create(input: $t) }";
    let twice = "mutation($t: Tree) { create(input: $t) again: create(input: {trees: [$t]}) }";
    let values = |count: usize| json!({"t": vec![1; count - 1]});
    assert_eq!(excess_with(once, values(100_000)), None);
    assert_eq!(excess_with(twice, values(20_000)), None);
    let refused = excess_with(twice, values(20_001));
    assert_eq!(refused, Some((Excess::Copies, 20_001)));
    // A default is written once, and used as often.
    let default = |values: usize, uses: usize| {
        let (ones, uses) = (
            "1 ".repeat(values - 1),
            "parent(t: $t) { id } ".repeat(uses),
        );
        format!("query($t: Tree = [{ones}]) {{ customer {{ {uses} }} }}")
    };
    assert_eq!(excess(&default(1_000, 21)), None);
    let refused = Some((Excess::Copies, 21_000));
    assert_eq!(excess(&default(1_000, 22)), refused);
    assert_eq!(excess_with(&default(1_000, 22), json!({"t": 1})), None);
}

#[test]
fn a_fragment_that_spreads_itself() {
    for query in [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { customer { ...B } } fragment B on Customer { parent { ...B } }",
        "{ login } fragment A on Query { ...B } fragment B on Query { ... { ...A } }",
    ] {
        let refused = refusal_with(query, None, json!({}));
        assert!(matches!(refused, Err(Refused::Cycle(_))), "{query}");
    }
    let twice = "{ ...A ...A } fragment A on Query { ...B ...B } fragment B on Query { login }";
    assert_eq!(excess(twice), None);
}

#[test]
fn the_operation_of_the_name_is_weighed() {
    let query = format!("query Good {{ login }} query Deep {}", deep(16));
    assert_eq!(refusal_with(&query, Some("Good"), json!({})), Ok(()));
    assert!(refusal_with(&query, Some("Deep"), json!({})).is_err());
    // Who is to run it says that there is no such operation.
    assert_eq!(refusal_with(&query, None, json!({})), Ok(()));
    // Validation looks at all of them.
    let fields = "id ".repeat(5_000);
    let query = format!(
        "query Good {{ login }} query Wide {{ customer {{ {fields} ...F }} }} fragment F on Customer {{ {fields} }}"
    );
    let refused = refusal_with(&query, Some("Good"), json!({}));
    assert!(matches!(
        refused,
        Err(Refused::TooMuch {
            excess: Excess::Parts,
            ..
        })
    ));
}

#[test]
fn a_refusal_says_what_was_counted_and_what_to_do() {
    let refused = refusal_with(&deep(16), None, json!({})).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Fields are nested too deeply: 16, at most 15; nest less, or ask in several requests"
    );
}
