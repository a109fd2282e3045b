//! What a scope asks first, in words that any connection of its login understands.

use std::fmt::Write as _;
use std::sync::Arc;

use sea_orm::sea_query::Values;
use sea_orm::{Statement, Value};

use super::enter::Begin;
use super::literal::{literal, type_of};
use super::pool::Prepared;

/// How a scope begins, and its first statement.
pub(super) struct Question {
    pub(super) begin: Arc<Begin>,
    /// What follows the name in `PREPARE`: the types of the parameters, the stamp, and the statement, which begins here.
    text: String,
    sql: usize,
    /// What follows the name in `EXECUTE`.
    given: String,
}

/// What is sent behind the words of beginning.
pub(super) struct Words {
    pub(super) name: u64,
    pub(super) sql: String,
    /// The text to keep, where it is prepared on the way.
    pub(super) new: Option<New>,
}

/// A statement that is prepared on the way.
pub(super) struct New {
    pub(super) text: String,
    /// How many commands that takes.
    pub(super) commands: usize,
}

impl Words {
    /// How many commands prepare the statement.
    pub(super) fn preparing(&self) -> usize {
        self.new.as_ref().map_or(0, |new| new.commands)
    }
}

impl Question {
    /// `None` for a statement that can only be sent by itself.
    pub(super) fn new(begin: &Arc<Begin>, stamp: &str, statement: &Statement) -> Option<Self> {
        let values = statement.values.as_ref().map_or(&[][..], |Values(all)| all);
        let (given, types) = (list(values, literal)?, list(values, type_of)?);
        let before = [&types, " AS ", stamp].concat();
        Some(Self {
            begin: Arc::clone(begin),
            sql: before.len(),
            text: before + &statement.sql,
            given,
        })
    }

    /// What follows the words of beginning. `None` for what can only be sent by itself.
    pub(super) fn words(&self, prepared: &mut Prepared) -> Option<Words> {
        let Self { text, given, .. } = self;
        if let Some(name) = prepared.get(text) {
            return Some(Words {
                name,
                sql: format!("; EXECUTE first_{name}{given}"),
                new: None,
            });
        }
        let sql = &text[self.sql..];
        if !is_query(sql) || !is_closed(sql) || !prepared.is_of_use() {
            return None;
        }
        let (name, displaced) = prepared.make_room();
        let mut sql = displaced.map_or_else(String::new, |it| format!("; DEALLOCATE first_{it}"));
        let commands = 1 + usize::from(displaced.is_some());
        let _ = write!(
            sql,
            "; PREPARE first_{name}{text}; EXECUTE first_{name}{given}"
        );
        let new = Some(New {
            text: text.clone(),
            commands,
        });
        Some(Words { name, sql, new })
    }

    /// Under which name it is prepared there, if it may share a flight with others.
    pub(super) fn quick(&self, prepared: &Prepared) -> Option<u64> {
        prepared.quick(&self.text)
    }

    /// Takes note that it is about to run.
    pub(super) fn doubt(&self, prepared: &mut Prepared) {
        prepared.doubt(&self.text);
    }

    /// Takes note that it has run, and took as long as gives reason for so much doubt.
    pub(super) fn ran(&self, prepared: &mut Prepared, doubt: u8) {
        prepared.ran(&self.text, doubt);
    }

    /// Adds the whole to what is sent before: how many commands that makes.
    pub(super) fn write(&self, former: &str, name: u64, sql: &mut String) -> usize {
        let Self { begin, given, .. } = self;
        let _ = write!(
            sql,
            "{former}{}; EXECUTE first_{name}{given}; ",
            begin.words
        );
        usize::from(!former.is_empty()) + begin.commands + 1
    }
}

/// In parentheses; nothing at all for nothing.
fn list<T: AsRef<str>>(values: &[Value], write: impl Fn(&Value) -> Option<T>) -> Option<String> {
    let mut list = String::new();
    for value in values {
        list.push_str(if list.is_empty() { " (" } else { ", " });
        list.push_str(write(value)?.as_ref());
    }
    if !list.is_empty() {
        list.push(')');
    }
    Some(list)
}

/// Whether this is among what PostgreSQL prepares by name.
fn is_query(sql: &str) -> bool {
    let (word, _) = sql.split_once(' ').unwrap_or((sql, ""));
    ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"].contains(&word)
}

/// Whether what follows this text can't be taken for a part of it, nor a part of it for another
/// statement, which might leave the scope: the text quotes names at most, and comments nothing.
fn is_closed(sql: &str) -> bool {
    let is_plain =
        !sql.contains(['\'', '\\', ';', '\0']) && !sql.contains("--") && !sql.contains("/*");
    let after_dollar = |(at, _)| sql.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
    is_plain
        && sql.match_indices('$').all(after_dollar)
        && sql.matches('"').count().is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_something_could_follow_into_is_sent_by_itself() {
        for open in [
            "SELECT 1; COMMIT",
            "SELECT 'a",
            "SELECT E'\\'",
            r#"SELECT "a"#,
            r#"SELECT "a""b"#,
            "SELECT $$a",
            "SELECT $a$",
            "SELECT 1 -- and",
            "SELECT 1 /* and",
            "SELECT 1\0",
        ] {
            assert!(!is_closed(open), "{open:?}");
        }
        for closed in [
            "SELECT $1",
            r#"SELECT "a""b" FROM "c""#,
            "SELECT 4 / 2 - 1 * 3",
        ] {
            assert!(is_closed(closed), "{closed:?}");
        }
    }
}
