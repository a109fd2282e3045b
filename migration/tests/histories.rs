//! The two lists themselves. What the migrations do is tested against PostgreSQL, in the
//! workspace's own tests.

use std::collections::BTreeSet;
use std::path::Path;

use sea_orm_migration::MigratorTrait;

fn names<M: MigratorTrait>() -> Vec<String> {
    M::migrations()
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect()
}

fn histories() -> [(&'static str, Vec<String>, &'static [&'static str]); 2] {
    [
        (
            "shared",
            names::<migration::shared::Migrator>(),
            migration::shared::BREAKING,
        ),
        (
            "tenant",
            names::<migration::tenant::Migrator>(),
            migration::tenant::BREAKING,
        ),
    ]
}

#[test]
fn names_are_unique_and_in_order() {
    for (realm, names, _) in histories() {
        assert!(
            names.is_sorted_by(|one, next| one < next),
            "{realm}: {names:#?}"
        );
    }
}

#[test]
fn names_have_a_date_a_number_and_a_subject() {
    for (realm, names, _) in histories() {
        for name in names {
            let parts: Vec<&str> = name.splitn(3, '_').collect();
            let [date, number, subject] = parts[..] else {
                panic!("{realm}: {name}");
            };
            let digits = |text: &str, count| {
                text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
            };
            assert!(
                date.strip_prefix('m').is_some_and(|date| digits(date, 8)),
                "{realm}: {name}"
            );
            assert!(digits(number, 6), "{realm}: {name}");
            assert!(
                subject
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{realm}: {name}"
            );
        }
    }
}

#[test]
fn every_file_is_in_its_history() {
    for (realm, names, _) in histories() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src")
            .join(realm);
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| {
                file.unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .filter(|file| file != "mod")
            .collect();
        assert_eq!(files, names.into_iter().collect(), "in {realm}");
    }
}

#[test]
fn what_is_marked_as_breaking_is_in_its_history() {
    for (realm, names, breaking) in histories() {
        for mark in breaking {
            assert!(
                names.iter().any(|name| name == mark),
                "{realm} has no {mark}"
            );
        }
    }
}
