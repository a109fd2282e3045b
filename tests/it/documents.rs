//! What documents say of tests is true as far as names go.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Documents that name tests.
const DOCUMENTS: [&str; 4] = [
    "docs/conformance.md",
    "docs/isolation.md",
    "docs/isolation-defects.md",
    "docs/performance.md",
];

fn root() -> &'static Path {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    crates.expect("the crate lies in the repository")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| {
        if path.is_dir() {
            sources(&path)
        } else {
            vec![path]
        }
    };
    paths.flat_map(below).collect()
}

/// The name of every function and module of the workspace.
fn functions() -> BTreeSet<String> {
    let crates = ["api", "cluster", "entity", "migration", "tenancy", "tests"];
    let files = crates.iter().flat_map(|one| {
        let folders = ["src", "tests", "it"].map(|folder| root().join(one).join(folder));
        let there = folders.into_iter().filter(|folder| folder.is_dir());
        there
            .flat_map(|folder| sources(&folder))
            .collect::<Vec<_>>()
    });
    let mut names = BTreeSet::new();
    for file in files.filter(|file| file.extension().is_some_and(|kind| kind == "rs")) {
        let text = fs::read_to_string(file).unwrap();
        let words = text.split("fn ").skip(1).chain(text.split("mod ").skip(1));
        let name = |rest: &str| {
            rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .map(str::to_owned)
        };
        names.extend(words.filter_map(name));
    }
    names
}

/// What stands in backticks and can only be a test: at least four words.
fn named(document: &str) -> impl Iterator<Item = &str> {
    let quoted = document.split('`').skip(1).step_by(2);
    quoted.filter(|text| {
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        text.chars().all(letters) && text.matches('_').count() >= 3
    })
}

#[test]
fn every_test_that_a_document_names_is_there() {
    let functions = functions();
    let mut missing = Vec::new();
    let mut seen = 0;
    for document in DOCUMENTS {
        let Ok(text) = fs::read_to_string(root().join(document)) else {
            continue;
        };
        for name in named(&text) {
            seen += 1;
            if !functions.contains(name) {
                missing.push(format!(
                    "{document} names {name}, and there is no such test"
                ));
            }
        }
    }
    assert!(seen > 150, "only {seen} names were found");
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}
