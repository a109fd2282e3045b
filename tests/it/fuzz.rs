//! What fuzzers try, in a small dose: seeds, near misses of registered names, and bytes that were made up.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tests::fuzz::{Reached, Sent, TARGETS, Target};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder().join("seeds").join(target)).unwrap();
    let seeds: Vec<_> = files
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

#[test]
fn every_target_has_its_program_and_takes_its_seeds() {
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    for (name, target) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        let program = folder().join(format!("fuzz_targets/{name}.rs"));
        let program = fs::read_to_string(program).unwrap();
        assert!(program.contains(&format!("fuzz::{name}(")), "{name}");
        for seed in seeds(name) {
            target(&seed);
        }
    }
}

/// Cuts, doubles and swaps pieces of a seed, as a fuzzer does.
fn mutated(target: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let change = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        any::<u8>(),
        0..5_u8,
    );
    let changes = prop::collection::vec(change, 0..6);
    (prop::sample::select(seeds(target)), changes).prop_map(|(mut bytes, changes)| {
        for (from, to, byte, how) in changes {
            let length = bytes.len().max(1);
            let (from, to) = (from.index(length), to.index(length));
            let (from, to) = (from.min(to), from.max(to));
            match how {
                0 => bytes.truncate(to),
                1 => bytes.insert(from.min(bytes.len()), byte),
                2 => _ = bytes.drain(from.min(bytes.len())..to.min(bytes.len())),
                3 => {
                    let piece = bytes[from.min(bytes.len())..to.min(bytes.len())].to_vec();
                    bytes.extend(piece);
                }
                _ => {
                    if let Some(place) = bytes.get_mut(from) {
                        *place = byte;
                    }
                }
            }
        }
        bytes
    })
}

fn hold(target: Target, strategy: impl Strategy<Value = Vec<u8>>) {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(1500));
    let run = runner.run(&strategy, |bytes| {
        target(&bytes);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_claims_hold_of_any_bytes_and_of_seeds_gone_wrong() {
    for (name, target) in TARGETS {
        hold(target, prop::collection::vec(any::<u8>(), 0..200));
        hold(target, mutated(name));
    }
}

/// Registered names, and some that could be taken for them.
const NAMES: [&str; 24] = [
    "python.x",
    "PYTHON.X",
    "Ruby.x",
    "ruby.x",
    "shared.x",
    "xn--mnchen-3ya.x",
    "XN--MNCHEN-3YA.X",
    "münchen.x",
    "MÜNCHEN.x",
    "mu\u{308}nchen.x",
    "xn--python-.x",
    "xn--python.x",
    "ｐｙｔｈｏｎ.x",
    "python。x",
    "pyth\u{ad}on.x",
    "pytho\u{200d}n.x",
    "рython.x",
    "python.x.x",
    "x.python.x",
    "pythonx",
    "127.0.0.1",
    "[::1]",
    "_.x",
    "",
];

/// What may stand before a name.
const BEFORE: [&str; 21] = [
    "",
    "",
    "",
    "www.",
    "WWW.",
    "www.www.",
    "wwww.",
    ".",
    " ",
    "\t",
    "user@",
    "user:password@",
    "http://",
    "//",
    "%70",
    "\0",
    "ruby.x@",
    "ruby.x,",
    "ruby.x ",
    "ruby.x\\",
    "ruby.x#",
];

/// What may stand behind it.
const BEHIND: [&str; 34] = [
    "",
    "",
    "",
    ".",
    "..",
    ":",
    ":80",
    ":8443",
    ":0",
    ":65535",
    ":65536",
    ":8o",
    ":-1",
    ":+1",
    ":80:80",
    ".:80",
    ":80.",
    "/",
    "/x",
    "?x",
    "#x",
    ",ruby.x",
    ", ruby.x",
    ";ruby.x",
    " ",
    " ruby.x",
    "\0",
    "\0.ruby.x",
    "%00",
    "%2e",
    "@ruby.x",
    "'",
    "\"",
    "\\",
];

/// A registered name, or almost one.
fn near_miss() -> impl Strategy<Value = String> {
    let [before, name, behind] = [&BEFORE[..], &NAMES, &BEHIND].map(prop::sample::select);
    (before, name, behind).prop_map(|(before, name, behind)| format!("{before}{name}{behind}"))
}

/// Names in all places that a request has for them, and in some that must not count.
fn sent() -> impl Strategy<Value = Sent> {
    let idle = prop::sample::select(vec![
        "x-forwarded-host",
        "forwarded",
        "x-original-host",
        "x-host",
        "x-http-host-override",
        "x-forwarded-server",
        "referer",
        "origin",
    ]);
    let header = prop_oneof![2 => Just("host"), 2 => Just("x-tenant-domain"), 1 => idle];
    // Most names are right, so that some requests come through with several of them.
    let right = prop::sample::select(vec!["python.x", "Ruby.X:80", "www.münchen.x.", "shared.x"]);
    let value = prop_oneof![
        4 => right.prop_map(|name| name.as_bytes().to_vec()),
        3 => near_miss().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ];
    let headers = prop::collection::vec((header.prop_map(str::to_owned), value), 0..4);
    let authority = prop_oneof![3 => Just(None), 1 => near_miss().prop_map(Some)];
    (authority, headers).prop_map(|(authority, headers)| Sent { authority, headers })
}

/// The control of what follows: somebody is reached, by those who spell it right.
#[test]
fn r20_spellings_of_a_name_reach_the_one_it_names() {
    let somebody = |slug: &str| Reached::Somebody(slug.to_owned());
    for (authority, headers, expected) in [
        (
            None,
            vec![("host", "WWW.Python.X.:8443")],
            somebody("python"),
        ),
        (
            None,
            vec![("x-tenant-domain", "MÜNCHEN.x")],
            somebody("ruby"),
        ),
        (
            None,
            vec![("host", "python.x"), ("x-tenant-domain", "python.x.")],
            somebody("python"),
        ),
        (
            None,
            vec![("host", "shared.x"), ("x-tenant-domain", "ruby.x")],
            somebody("ruby"),
        ),
        (
            Some("python.x:80"),
            vec![("host", "ruby.x")],
            somebody("python"),
        ),
        (
            None,
            vec![("host", "python.x"), ("x-forwarded-host", "ruby.x")],
            somebody("python"),
        ),
        (
            None,
            vec![("x-forwarded-host", "ruby.x")],
            Reached::Refused(404),
        ),
        (
            None,
            vec![("host", "python.x"), ("x-tenant-domain", "ruby.x")],
            Reached::Refused(400),
        ),
        (
            None,
            vec![("x-tenant-domain", "python.x, ruby.x")],
            Reached::Refused(400),
        ),
        (Some("ruby.x@python.x"), vec![], Reached::Refused(400)),
    ] {
        let headers = headers.into_iter();
        let sent = Sent {
            authority: authority.map(str::to_owned),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect(),
        };
        assert_eq!(sent.reached(), Some(expected), "{sent:?}");
        sent.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn n15_near_misses_reach_whom_their_canonical_name_names_or_nobody(sent in sent()) {
        sent.check();
    }

    #[test]
    fn n15_near_misses_have_one_canonical_form_or_none(name in near_miss()) {
        tests::fuzz::domain(name.as_bytes());
    }
}
