//! Brackets in brackets, and what only looks like brackets.

use super::*;

fn is_refused(text: &str) -> bool {
    scan(text).is_err()
}

fn nested(open: &str, inside: &str, close: &str, times: usize) -> String {
    format!("{}{inside}{}", open.repeat(times), close.repeat(times))
}

#[test]
fn brackets_in_brackets_have_a_limit() {
    for (open, close) in [("[", "]"), ("{a", "}"), ("(", ")"), ("{a(b:[", "])}")] {
        let each = open.matches(['[', '{', '(']).count();
        let most = 64 / each;
        assert!(!is_refused(&nested(open, "", close, most)), "{open}");
        assert!(is_refused(&nested(open, "", close, most + 1)), "{open}");
    }
    assert!(!is_refused(&"{a}".repeat(1_000)));
    assert!(!is_refused(&"}".repeat(1_000)));
}

/// The parser calls itself for each of them, on whatever stack there is.
#[test]
fn what_is_let_through_can_be_parsed() {
    for inside in [
        nested("[", "1", "]", 62),
        nested("{a:", "1", "}", 62),
        nested("[{a:", "1", "}]", 31),
    ] {
        let text = format!("{{a(x:{inside})}}");
        assert_eq!(scan(&text), Ok(()));
        parse_query(&text).unwrap();
    }
    let type_ = nested("[", "Int", "]", 63);
    let text = format!("query($v:{type_}){{a}}");
    assert_eq!(scan(&text), Ok(()));
    parse_query(&text).unwrap();
}

#[test]
fn what_is_quoted_is_no_bracket() {
    let many = "[".repeat(100);
    for text in [
        format!("\"{many}\""),
        format!("\"\\\"{many}\""),
        format!("\"\\\\\" \"{many}\""),
        format!("\"\"\"{many}\"\"\""),
        format!("\"\"\"\n\" \\\"\"\" {many}\"\"\""),
        format!("# {many}\n"),
        format!("# \" {many}\r a"),
        format!("\"#\" \"{many}\""),
    ] {
        assert!(!is_refused(&text), "{text}");
    }
}

#[test]
fn what_only_looks_quoted_is_a_bracket() {
    let many = "[".repeat(100);
    for text in [
        format!("\"\" {many}"),
        format!("\"a\" {many} \"b\""),
        format!("\"\\\\\" {many}\""),
        format!("\"a\n{many}\""),
        format!("\"a\\\n{many}\""),
        format!("#\n{many}"),
        format!("#\r{many}"),
        format!("# \"\n{many} # \""),
        format!("\"\"\"a\"\"\" {many}"),
        format!("\"\"\"\\\\\"\"\" {many}"),
        format!("\"#\" {many}"),
        // A block that doesn't end is an empty string and something else.
        format!("\"\"\" \" {many}"),
        format!("{many}\"\"\""),
    ] {
        assert!(is_refused(&text), "{text}");
    }
}
