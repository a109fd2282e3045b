//! Builds the playground (`graphiql/`) and puts it into `OUT_DIR/graphiql`, where `src/http/graphiql.rs` embeds it.
//!
//! npm works on a copy in cargo's target directory, shared by all profiles, and only when the sources changed. Where it
//! can't, or `INSULA_GRAPHIQL=off` asks it not to, the server is built all the same, with a page that says what to do.
#![expect(
    clippy::disallowed_methods,
    reason = "cargo hands a build script its arguments in the environment"
)]

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What the playground is made of: named one by one, so that a developer's `node_modules` beside them doesn't count.
const SOURCES: [&str; 6] = [
    ".npmrc",
    "index.html",
    "package-lock.json",
    "package.json",
    "src",
    "vite.config.js",
];

/// What `npm ci` looks at.
const PACKAGES: [&str; 3] = [".npmrc", "package-lock.json", "package.json"];

const SWITCH: &str = "INSULA_GRAPHIQL";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=graphiql/unbuilt.html");
    println!("cargo:rerun-if-env-changed={SWITCH}");
    for source in SOURCES {
        println!("cargo:rerun-if-changed=graphiql/{source}");
    }
    let out_dir = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let site = out_dir.join("graphiql");
    remove(&site).expect("OUT_DIR can be written");
    if let Err(reason) = playground(&workshop(&out_dir), &site) {
        println!("cargo:warning=the playground at /graphiql is left out of this build, because");
        reason
            .lines()
            .for_each(|line| println!("cargo:warning=  {line}"));
        leave_note(&site, &reason).expect("OUT_DIR can be written");
    }
}

/// Copies the built playground to `site`, building it first where the last build was of other sources.
fn playground(workshop: &Path, site: &Path) -> Result<(), String> {
    if std::env::var_os(SWITCH).is_some_and(|value| value == "off") {
        return Err(format!("{SWITCH} is \"off\"."));
    }
    let failed = |error: io::Error| format!("{}: {error}.", workshop.display());
    fs::create_dir_all(workshop).map_err(failed)?;
    // Two profiles may be built at the same time. The lock goes when the file does.
    let lock = File::create(workshop.join("lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;

    once(&workshop.join("built"), &SOURCES, || {
        for source in SOURCES {
            remove(&workshop.join(source)).map_err(failed)?;
            copy(&Path::new("graphiql").join(source), &workshop.join(source)).map_err(failed)?;
        }
        // Vite is needed whatever NODE_ENV says; no package needs to run scripts of its own; and a machine without a
        // network should learn so soon.
        let install = "ci --loglevel=error --include=dev --ignore-scripts --no-audit --no-fund --prefer-offline --fetch-retries=1";
        once(&workshop.join("installed"), &PACKAGES, || {
            npm(workshop, install)
        })?;
        npm(workshop, "run build")
    })?;
    copy(&workshop.join("dist"), site).map_err(failed)
}

/// Does a piece of work, unless it was last done for sources like today's. The stamp says which those were.
fn once(
    stamp: &Path,
    sources: &[&str],
    work: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let failed = |error: io::Error| format!("{}: {error}.", stamp.display());
    let today = fingerprint(sources).map_err(failed)?.to_string();
    if fs::read_to_string(stamp).is_ok_and(|then| then == today) {
        return Ok(());
    }
    remove(stamp).map_err(failed)?;
    work()?;
    fs::write(stamp, today).map_err(failed)
}

fn npm(folder: &Path, arguments: &str) -> Result<(), String> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(program)
        .args(arguments.split(' '))
        .current_dir(folder)
        .output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!(
            "`npm {arguments}` failed.\n{}",
            last_words(&output)
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err("npm is not installed.".to_owned())
        }
        Err(error) => Err(format!("npm could not be started: {error}.")),
    }
}

/// The end of what a program printed: errors come last.
fn last_words(output: &Output) -> String {
    let printed = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8_lossy(&printed);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

fn leave_note(site: &Path, reason: &str) -> io::Result<()> {
    let reason = reason.replace('&', "&amp;").replace('<', "&lt;");
    fs::create_dir_all(site)?;
    fs::write(
        site.join("index.html"),
        include_str!("graphiql/unbuilt.html").replace("{{reason}}", &reason),
    )
}

/// A folder for all profiles: in the target directory, which cargo marks as a cache; failing that, in `OUT_DIR`.
fn workshop(out_dir: &Path) -> PathBuf {
    let target = out_dir
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").exists());
    target.unwrap_or(out_dir).join("graphiql-build")
}

fn fingerprint(names: &[&str]) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    for name in names {
        hash(&Path::new("graphiql").join(name), &mut hasher)?;
    }
    Ok(hasher.finish())
}

fn hash(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    path.hash(hasher);
    if path.is_file() {
        fs::read(path)?.hash(hasher);
        return Ok(());
    }
    children(path)?
        .iter()
        .try_for_each(|name| hash(&path.join(name), hasher))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_file() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    children(from)?
        .iter()
        .try_for_each(|name| copy(&from.join(name), &to.join(name)))
}

/// The names in a folder, in an order that is the same everywhere.
fn children(folder: &Path) -> io::Result<Vec<impl AsRef<OsStr> + AsRef<Path>>> {
    let mut names = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(names)
}

fn remove(path: &Path) -> io::Result<()> {
    let gone = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match gone {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
