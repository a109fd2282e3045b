//! What a terminal shows.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, TableStyle};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::app;

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
                let line = |refusal: app::Refusal| match refusal.field.join(".") {
                    field if field.is_empty() => refusal.message,
                    field => format!("{field}: {}", refusal.message),
                };
                Self::new(
                    refusals
                        .into_iter()
                        .map(line)
                        .collect::<Vec<_>>()
                        .join("\n"),
                )
            }
            error => Self::new(crate::chain(&error)),
        }
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
    tenancy::Error,
    cluster::Error,
    crate::auth::KeyError,
    crate::auth::password::PasswordError,
    crate::config::ConfigError,
    crate::http::EntranceError,
    crate::state::StateError,
    sea_orm::DbErr,
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

/// A table for people: no lines but the one below the header.
pub(super) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table
        .load_style(TableStyle::new())
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header.iter().map(|name| name.to_uppercase()));
    for row in rows {
        table.add_row(row);
    }
    for line in table.lines() {
        say(line.trim_end());
    }
}

/// A bar for long work on a terminal, nothing elsewhere.
pub(super) fn progress(total: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
    if !io::stderr().is_terminal() || total < 2 {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} {eta}");
    bar.set_style(
        style
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> "),
    );
    bar.set_message(what);
    bar
}
