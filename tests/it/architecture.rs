//! The arrows between the rooms, and the budgets of the house.

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// The most lines of a source file, tests apart.
const MOST_LINES: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every source file below a folder, with its text; tests apart.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") && name != "tests.rs" {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.display().to_string(), text));
            }
        }
    }
    assert!(!found.is_empty(), "nothing in {folder}");
    found
}

/// The code of a file, without its tests and comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn crates_know_only_whom_they_may() {
    let allowed = [
        ("api", &["cluster", "entity", "migration", "tenancy"][..]),
        ("cluster", &[]),
        ("entity", &[]),
        ("migration", &[]),
        // For its testing feature alone.
        ("tenancy", &["cluster"]),
        (
            "tests",
            &["api", "cluster", "entity", "migration", "tenancy"],
        ),
    ];
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap();
    let ours: Vec<_> = metadata
        .packages
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    assert_eq!(ours.len(), allowed.len(), "{ours:?}");
    for package in &metadata.packages {
        let name = package.name.as_str();
        let (_, may) = allowed.iter().find(|(of, _)| *of == name).unwrap();
        for dependency in &package.dependencies {
            let known = dependency.name.as_str();
            let inner = dependency.kind == DependencyKind::Development;
            if !inner && ours.iter().any(|one| one == known) {
                assert!(may.contains(&known), "{name} must not know {known}");
            }
        }
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{name} has lints of its own"
        );
    }
}

/// Whom a room must not know: names of crates, or parts of paths.
const STRANGERS: [(&str, &str); 9] = [
    (
        "api/src/app",
        "axum async_graphql clap crate::cli crate::http crate::graphql",
    ),
    (
        "api/src/auth",
        "axum async_graphql clap sea_orm crate::cli crate::http crate::graphql crate::app",
    ),
    ("api/src/graphql", "axum clap crate::cli crate::http"),
    ("api/src/graphql/shared", "graphql::tenant entity::tenant"),
    ("api/src/graphql/tenant", "graphql::shared state.operator"),
    (
        "api/src/config",
        "sea_orm async_graphql crate::app crate::auth crate::graphql crate::http",
    ),
    ("entity/src", "serde axum async_graphql tenancy"),
    ("migration/src", "entity tenancy api"),
    ("tenancy/src", "entity migration api async_graphql"),
];

/// Whether a line names a crate, or a part of a path.
fn names(line: &str, stranger: &str) -> bool {
    let is_part = stranger.contains("::") || stranger.contains('.');
    let starts = |word: &str| word.starts_with(&format!("{stranger}::"));
    let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
    (is_part && line.contains(stranger)) || words.any(starts)
}

#[test]
fn rooms_know_only_whom_they_may() {
    for (room, strangers) in STRANGERS {
        for (path, text) in sources(room) {
            for line in code(&text) {
                for stranger in strangers.split(' ') {
                    let known = names(line, stranger);
                    assert!(!known, "{path} must not know {stranger}: {line}");
                }
            }
        }
    }
}

#[test]
fn only_the_door_opens_connections() {
    for folder in ["api/src", "entity/src", "migration/src", "tenancy/src"] {
        for (path, text) in sources(folder) {
            if path.contains("tenancy/src/db/") || path.contains("tenancy/src/testing/") {
                continue;
            }
            for opening in [
                "PgPool::",
                "PgPoolOptions",
                "PgConnection::connect",
                "Database::connect",
            ] {
                let opens = code(&text).any(|line| line.contains(opening));
                assert!(!opens, "{path} opens a connection: {opening}");
            }
        }
    }
}

#[test]
fn requests_are_never_made_at_the_console() {
    for folder in ["api/src/http", "api/src/graphql"] {
        for (path, text) in sources(folder) {
            let poses = code(&text).any(|line| line.contains("Caller::Console"));
            assert!(!poses, "{path} makes a request somebody at the console");
        }
    }
}

/// Who may name the audit trail's entity: those who add to it, and those who read it.
const OF_THE_TRAIL: [&str; 7] = [
    "app/audit/actor.rs",
    "app/audit/crossings.rs",
    "app/audit/event.rs",
    "app/audit/lane.rs",
    "app/audit/read.rs",
    "app/audit/tally.rs",
    "cli/audit.rs",
];

#[test]
fn the_audit_trail_is_added_to_and_read_and_nothing_else() {
    for (path, text) in sources("api/src") {
        let of_the_trail = OF_THE_TRAIL.iter().any(|file| path.ends_with(file));
        let of_the_wire = path.contains("graphql/shared/");
        for line in code(&text).filter(|line| line.contains("audit_event")) {
            assert!(
                of_the_trail || of_the_wire,
                "{path} knows the trail: {line}"
            );
        }
        if of_the_trail || path.ends_with("graphql/shared/audit.rs") {
            for change in ["::update", "::delete", ".update(", ".delete(", ".save("] {
                let changes = code(&text).any(|line| line.contains(change));
                assert!(!changes, "{path} changes the trail: {change}");
            }
        }
    }
}

#[test]
fn files_stay_small() {
    for folder in [
        "api/src",
        "cluster/src",
        "entity/src",
        "migration/src",
        "tenancy/src",
        "tests/src",
    ] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(
                lines <= MOST_LINES,
                "{path} has {lines} lines: a wall is missing"
            );
            assert!(
                !path.ends_with("/main.rs") || lines <= 60,
                "{path} has {lines} lines"
            );
        }
    }
}
