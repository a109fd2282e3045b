//! What a terminal shows.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, TableStyle};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sea_orm::DbErr;
use serde::Serialize;

use crate::app::{self, Code, reason};

/// Why a command did not do what it should: a text for people, and an exit code for scripts.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// It could not be done: exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 1,
        }
    }

    /// It was asked wrongly: exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 2,
        }
    }

    pub fn code(&self) -> ExitCode {
        self.code.into()
    }
}

impl From<app::Error> for Failure {
    fn from(error: app::Error) -> Self {
        match error {
            app::Error::Refused(refusals) => {
                let lines: Vec<_> = refusals.into_iter().map(told).collect();
                Self::new(lines.join("\n"))
            }
            error if error.is_unavailable() => Self::new(format!(
                "the database can't be reached ({}); start it, or correct DATABASE_URL",
                reason::of(&error)
            )),
            error => Self::new(reason::of(&error)),
        }
    }
}

/// A refusal as a line: with its field, where the message doesn't say what it is about.
fn told(refusal: app::Refusal) -> String {
    let (field, message) = (refusal.field.join("."), refusal.message);
    let is_input = matches!(
        refusal.code,
        Code::Required | Code::Invalid | Code::TooLong | Code::OutOfRange
    );
    match field.as_str() {
        "slug" | "tenant" if refusal.code == Code::NotFound => {
            format!("{message}; `insula tenant list` shows who is there")
        }
        "" => message,
        _ if is_input => format!("{field}: {message}"),
        _ => message,
    }
}

impl From<tenancy::Error> for Failure {
    fn from(error: tenancy::Error) -> Self {
        app::Error::from(error).into()
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        app::Error::from(error).into()
    }
}

/// Failures that say all there is to say.
macro_rules! failures {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(crate::chain(&error))
            }
        })+
    };
}

failures!(
    crate::auth::Denied,
    cluster::Error,
    crate::auth::KeyError,
    crate::auth::password::PasswordError,
    crate::config::ConfigError,
    crate::http::EntranceError,
    crate::state::StateError,
    io::Error,
);

/// Tells on stderr what is wrong.
#[expect(clippy::print_stderr, reason = "a terminal is what this is for")]
pub(super) fn complain(failure: &Failure) {
    eprintln!("error: {}", failure.message);
}

/// A line on stdout. A reader that has gone away is no failure of ours.
pub(super) fn say(line: impl std::fmt::Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// A line on stderr, beside what scripts read.
pub(super) fn note(line: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// One JSON document on stdout.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(format!("the answer is not JSON: {error}")))?;
    say(text);
    Ok(())
}

/// A table for people: no lines, and nothing in it that a terminal would take for an order.
pub(super) fn table<S: ToString>(header: &[S], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table
        .load_style(TableStyle::new())
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header.iter().map(|name| harmless(&name.to_string())));
    for row in rows {
        table.add_row(row.iter().map(|cell| harmless(cell)));
    }
    for line in table.lines() {
        say(line.strip_prefix(' ').unwrap_or(&line).trim_end());
    }
}

/// What customers wrote must not move the cursor.
fn harmless(text: &str) -> String {
    let letter = |c: char| match c {
        '\n' => "\n".to_owned(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    text.chars().map(letter).collect()
}

/// A bar for long work on a terminal, nothing elsewhere.
pub(super) fn progress(total: usize, what: &'static str) -> ProgressBar {
    let target = if io::stderr().is_terminal() && total > 1 {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(total as u64), target);
    let style = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} {eta}");
    bar.set_style(
        style
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> "),
    );
    bar.set_message(what);
    bar
}
