//! `insula migrate new`: the file for a new migration, and its place in its history.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::{Args, ValueEnum};

use crate::cli::{Failure, output};

/// What a subject may have at most, so that files' names stay readable.
const LONGEST: usize = 40;

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// Whose history it belongs to
    #[arg(value_enum)]
    realm: Realm,
    #[arg(help = "What it does: small letters and underscores, such as add_supplier")]
    name: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Realm {
    Shared,
    Tenant,
}

pub(super) fn run(args: &NewArgs) -> Result<(), Failure> {
    let subject = checked(&args.name)?;
    let folder = Path::new("migration/src").join(args.realm.folder());
    let list = folder.join("mod.rs");
    let history = fs::read_to_string(&list).map_err(|_| not_ours(&list))?;
    let name = name(&history, subject, &Utc::now().format("%Y%m%d").to_string())
        .ok_or_else(|| not_ours(&list))?;
    let registered = register(&history, &name).ok_or_else(|| not_ours(&list))?;
    let file = folder.join(format!("{name}.rs"));
    write_new(&file, &text(subject))?;
    fs::write(&list, registered)
        .map_err(|error| Failure::new(format!("can't write {}: {error}", list.display())))?;
    output::say(file.display());
    output::note(
        "its place in the history is registered; write its steps, see migration/README.md",
    );
    Ok(())
}

/// Only what the histories' own test lets through.
fn checked(name: &str) -> Result<&str, Failure> {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    if name.len() <= LONGEST && name.split('_').all(is_word) {
        return Ok(name);
    }
    Err(Failure::usage(format!(
        "{name:?} is no name for a migration; give words of small letters with underscores between, \
         at most {LONGEST} characters, such as add_supplier"
    )))
}

fn not_ours(list: &Path) -> Failure {
    Failure::new(format!(
        "{} is not a history of migrations; run this at the root of the source code",
        list.display()
    ))
}

/// The next name: today's date, or the last migration's if that is later, and the next number.
fn name(history: &str, subject: &str, today: &str) -> Option<String> {
    let last = modules(history).last()?;
    let (date, rest) = last.strip_prefix('m')?.split_once('_')?;
    let number: u32 = rest.split_once('_')?.0.parse().ok()?;
    let date = date.max(today);
    Some(format!("m{date}_{:06}_{subject}", number + 1))
}

/// The history with the new migration at the end of both of its lists.
fn register(history: &str, name: &str) -> Option<String> {
    let last = modules(history).last()?;
    let declared = format!("mod {last};\n");
    let listed = format!("Box::new({last}::Migration),\n");
    let (before, rest) = history.split_once(&declared)?;
    let (between, after) = rest.split_once(&listed)?;
    let indent: String = between.chars().rev().take_while(|&c| c == ' ').collect();
    Some(format!(
        "{before}{declared}mod {name};\n{between}{listed}{indent}Box::new({name}::Migration),\n{after}"
    ))
}

/// The migrations that a history declares, oldest first.
fn modules(history: &str) -> impl Iterator<Item = &str> {
    let declared = |line: &'_ str| line.starts_with("mod m") && line.ends_with(';');
    history
        .lines()
        .filter(move |line| declared(line))
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
}

fn text(subject: &str) -> String {
    let words = subject.replace('_', " ");
    format!(
        "//! To do: what \"{words}\" changes, and why.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {{
    async fn up(&self, _manager: &SchemaManager) -> Result<(), DbErr> {{
        Err(DbErr::Migration(\"no steps yet\".to_owned()))
    }}
}}
"
    )
}

fn write_new(path: &PathBuf, text: &str) -> Result<(), Failure> {
    let written = fs::File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::new(format!("{} is there already", path.display())),
        _ => Failure::new(format!("can't write {}: {error}", path.display())),
    })
}

impl Realm {
    fn folder(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Tenant => "tenant",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HISTORY: &str = "\
mod m20261123_000001_users;
mod m20261123_000002_staff;

fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m20261123_000001_users::Migration),
        Box::new(m20261123_000002_staff::Migration),
    ]
}
";

    #[test]
    fn a_new_migration_comes_last_in_both_lists() {
        let registered = register(HISTORY, "m20270101_000003_add_supplier").unwrap();
        let expected = HISTORY
            .replace(
                "_staff;\n",
                "_staff;\nmod m20270101_000003_add_supplier;\n",
            )
            .replace(
                "_staff::Migration),\n",
                "_staff::Migration),\n        Box::new(m20270101_000003_add_supplier::Migration),\n",
            );
        assert_eq!(registered, expected);
    }

    #[test]
    fn names_stay_in_order_even_where_the_clock_is_behind() {
        let next = |today| name(HISTORY, "add_supplier", today).unwrap();
        assert_eq!(next("20270101"), "m20270101_000003_add_supplier");
        assert_eq!(next("20250101"), "m20261123_000003_add_supplier");
    }

    #[test]
    fn what_is_no_history_is_left_alone() {
        for text in ["", "mod invoices;\n", "mod m20261123_000001_users;\n"] {
            assert_eq!(register(text, "m20270101_000003_x"), None, "{text}");
        }
    }

    #[test]
    fn n15_only_words_of_small_letters_are_names() {
        assert!(checked("add_supplier").is_ok());
        let long = "a".repeat(41);
        for text in [
            "", "_", "a__b", "a_", "Add", "a-b", "a2", "../a", "a b", "ä", &long,
        ] {
            assert!(checked(text).is_err(), "{text}");
        }
    }
}
