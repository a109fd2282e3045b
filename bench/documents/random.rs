//! Documents that nobody thought of: grammar with weights, as long as a document may be.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::attacks::{Attack, LENGTH};

/// Names of the schema and others, few enough to collide.
const NAMES: [&str; 16] = [
    "me",
    "employees",
    "customers",
    "invoices",
    "departments",
    "nodes",
    "edges",
    "node",
    "name",
    "id",
    "manager",
    "department",
    "lines",
    "__typename",
    "title",
    "zzz",
];
const TYPES: [&str; 8] = [
    "Query",
    "Employee",
    "Customer",
    "Invoice",
    "Node",
    "User",
    "Department",
    "Zzz",
];

/// The one of this number.
pub(crate) fn attack(seed: u64) -> Attack {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut text = String::new();
    let (depth, fragments) = (rng.random_range(1..20), rng.random_range(0..40));
    let length = rng.random_range(LENGTH / 4..LENGTH);
    while text.len() < length / 2 {
        definition(&mut rng, &mut text, depth, fragments);
        if rng.random_bool(0.7) {
            break;
        }
    }
    for fragment in 0..fragments {
        let on = TYPES[rng.random_range(0..TYPES.len())];
        text.push_str(&format!("fragment F{fragment} on {on}"));
        set(&mut rng, &mut text, depth / 2, fragments);
    }
    // What is cut off isn't even grammar, but for the parser it is work all the same.
    while !text.is_char_boundary(text.len().min(LENGTH)) {
        text.pop();
    }
    text.truncate(LENGTH);
    Attack::of("random", &text)
}

fn definition(rng: &mut StdRng, text: &mut String, depth: u32, fragments: u32) {
    if rng.random_bool(0.5) {
        let number: u32 = rng.random_range(0..9);
        text.push_str(&format!(
            "query Q{number}($a:Boolean=true,$b:Int=1,$c:[ID!])"
        ));
    }
    set(rng, text, depth, fragments);
}

fn set(rng: &mut StdRng, text: &mut String, depth: u32, fragments: u32) {
    text.push('{');
    let most = [2, 4, 8, 60][rng.random_range(0..4)];
    for _ in 0..rng.random_range(1..=most) {
        if text.len() > LENGTH {
            break;
        }
        match rng.random_range(0..10) {
            0 if depth > 0 => {
                let on = TYPES[rng.random_range(0..TYPES.len())];
                text.push_str(&format!("...on {on}"));
                directive(rng, text);
                set(rng, text, depth - 1, fragments);
            }
            1 if fragments > 0 => {
                text.push_str(&format!("...F{} ", rng.random_range(0..fragments)));
            }
            _ => field(rng, text, depth, fragments),
        }
    }
    text.push('}');
}

fn field(rng: &mut StdRng, text: &mut String, depth: u32, fragments: u32) {
    if rng.random_bool(0.2) {
        text.push_str(&format!("a{}:", rng.random_range(0..20)));
    }
    text.push_str(NAMES[rng.random_range(0..NAMES.len())]);
    if rng.random_bool(0.3) {
        text.push('(');
        for _ in 0..rng.random_range(1..6) {
            let name = ["first", "last", "id", "ids", "filter", "zzz"][rng.random_range(0..6)];
            text.push_str(name);
            text.push(':');
            value(rng, text, 4);
        }
        text.push(')');
    }
    directive(rng, text);
    if depth > 0 && rng.random_bool(0.4) {
        set(rng, text, depth - 1, fragments);
    } else {
        text.push(' ');
    }
}

fn directive(rng: &mut StdRng, text: &mut String) {
    while rng.random_bool(0.15) {
        text.push_str(["@skip(if:$a)", "@include(if:true)", "@zzz"][rng.random_range(0..3)]);
    }
}

fn value(rng: &mut StdRng, text: &mut String, depth: u32) {
    match rng.random_range(0..7) {
        0 if depth > 0 => list(rng, text, ('[', ']'), |rng, text| {
            value(rng, text, depth - 1);
        }),
        1 if depth > 0 => list(rng, text, ('{', '}'), |rng, text| {
            text.push_str(&format!("k{}:", rng.random_range(0..9)));
            value(rng, text, depth - 1);
        }),
        2 => text.push_str("$c "),
        3 => text.push_str("\"\\u00e9\u{1f600}\""),
        4 => text.push_str("\"\"\"a\n b\"\"\""),
        5 => text.push_str("NAME "),
        _ => text.push_str(&format!("{} ", rng.random_range(-9..2_000))),
    }
}

fn list(
    rng: &mut StdRng,
    text: &mut String,
    (open, close): (char, char),
    item: impl Fn(&mut StdRng, &mut String),
) {
    text.push(open);
    for _ in 0..rng.random_range(0..12) {
        item(rng, text);
    }
    text.push(close);
}
