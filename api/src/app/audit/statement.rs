//! Statements without what only those who typed them should know.

use std::iter::Peekable;
use std::str::Chars;

/// The statement with `?` in place of each constant, and without comments.
///
/// For statements that PostgreSQL has run. In one that it refused nobody can tell a constant from a
/// word; of that, tell the [`first_word`].
pub fn bared(sql: &str) -> String {
    let mut text = Text {
        rest: sql.chars().peekable(),
        bare: String::new(),
    };
    while text.piece() {}
    text.bare.trim().to_owned()
}

/// What kind of statement it is, in capitals; empty where it begins with no word.
pub fn first_word(sql: &str) -> String {
    let bare = bared(sql);
    let word: String = bare.chars().take_while(char::is_ascii_alphabetic).collect();
    // No command of PostgreSQL's has more letters.
    if word.len() > 12 {
        String::new()
    } else {
        word.to_uppercase()
    }
}

struct Text<'a> {
    rest: Peekable<Chars<'a>>,
    bare: String,
}

impl Text<'_> {
    /// Takes the next piece over; `false` at the end.
    fn piece(&mut self) -> bool {
        let Some(c) = self.rest.next() else {
            return false;
        };
        let within_word = self.bare.ends_with(is_of_word);
        match c {
            '\'' => self.constant(),
            '"' => self.quoted_name(),
            '-' if self.rest.peek() == Some(&'-') => self.line_comment(),
            '/' if self.rest.peek() == Some(&'*') => self.block_comment(),
            '$' if !within_word => self.dollar(),
            c if c.is_numeric() && !within_word => {
                while self.rest.next_if(|c| is_of_word(*c) || *c == '.').is_some() {}
                self.bare.push('?');
            }
            c if c.is_whitespace() => self.space(),
            c => self.bare.push(c),
        }
        true
    }

    /// From behind the opening quote to the closing one. `E'…'` has escapes by backslashes.
    fn constant(&mut self) {
        let mut before = self.bare.chars().rev();
        let escapes =
            matches!(before.next(), Some('e' | 'E')) && !before.next().is_some_and(is_of_word);
        self.bare.push('?');
        while let Some(c) = self.rest.next() {
            match c {
                '\\' if escapes => _ = self.rest.next(),
                '\'' if self.rest.next_if_eq(&'\'').is_none() => return,
                _ => {}
            }
        }
    }

    fn quoted_name(&mut self) {
        self.bare.push('"');
        for c in self.rest.by_ref() {
            self.bare.push(c);
            if c == '"' {
                return;
            }
        }
    }

    fn line_comment(&mut self) {
        for c in self.rest.by_ref() {
            if c == '\n' {
                break;
            }
        }
        self.space();
    }

    fn block_comment(&mut self) {
        self.rest.next();
        let mut depth = 1;
        while depth > 0 {
            match (self.rest.next(), self.rest.peek()) {
                (None, _) => return,
                (Some('/'), Some('*')) => {
                    self.rest.next();
                    depth += 1;
                }
                (Some('*'), Some('/')) => {
                    self.rest.next();
                    depth -= 1;
                }
                _ => {}
            }
        }
        self.space();
    }

    /// `$tag$…$tag$`, or a parameter such as `$1`.
    fn dollar(&mut self) {
        let mut tag = String::from("$");
        while let Some(c) = self.rest.next_if(|c| is_of_word(*c)) {
            tag.push(c);
        }
        let is_parameter = tag[1..].starts_with(char::is_numeric);
        if is_parameter || self.rest.next_if_eq(&'$').is_none() {
            self.bare.push_str(&tag);
            return;
        }
        tag.push('$');
        self.bare.push('?');
        let mut inside = String::new();
        for c in self.rest.by_ref() {
            inside.push(c);
            if c == '$' && inside.ends_with(&tag) {
                return;
            }
        }
    }

    fn space(&mut self) {
        if !self.bare.ends_with(' ') {
            self.bare.push(' ');
        }
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn constants_and_comments_go_and_all_else_stays() {
        for (sql, bare) in [
            ("SELECT  a1 FROM\n t2", "SELECT a1 FROM t2"),
            ("SELECT 'it''s', 12.5e3, \"it's\"", "SELECT ?, ?, \"it's\""),
            (r"SELECT E'a\'b', e'c'", "SELECT E?, e?"),
            (r"SELECT 'a\', name'b'", "SELECT ?, name?"),
            (
                "SELECT $$a'b$$, $x$ $y$ $x$, $1, a$b",
                "SELECT ?, ?, $1, a$b",
            ),
            (
                "ALTER ROLE r PASSWORD 's3cret' -- s3cret",
                "ALTER ROLE r PASSWORD ?",
            ),
            ("/* a /* s3cret */ b */ TABLE t", "TABLE t"),
            ("SELECT 's3cret", "SELECT ?"),
            ("SELECT $$s3cret", "SELECT ?"),
            ("SELECT 1 /* s3cret", "SELECT ?"),
        ] {
            assert_eq!(bared(sql), bare, "{sql}");
        }
    }

    #[test]
    fn the_first_word_says_what_kind_it_is() {
        for (sql, word) in [
            ("/* x */ select 1", "SELECT"),
            ("(SELECT 1)", ""),
            ("", ""),
            ("averylongsecretword", ""),
        ] {
            assert_eq!(first_word(sql), word, "{sql}");
        }
    }

    proptest! {
        #[test]
        fn no_constant_is_told(before in "[a-z ,=(]{0,12}", secret in "[A-Z]{8}", tag in "[a-z]{0,3}") {
            for sql in [
                format!("{before}'{secret}'"),
                format!("{before} E'\\'{secret}'"),
                format!("{before} ${tag}${secret}${tag}$"),
                format!("{before} 7{secret}"),
                format!("{before}/*{secret}*/"),
                format!("{before}--{secret}"),
            ] {
                prop_assert!(!bared(&sql).contains(&secret), "{}", sql);
            }
        }
    }
}
