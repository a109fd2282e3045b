//! Finding `initdb` and `postgres`.

use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::files::Folder;
use crate::user::User;
use crate::{Error, Options, fetch};

/// The oldest version that all we use is in.
const OLDEST: u32 = 15;

/// Where packages put server programs: a folder, how the folders in it that count begin, and the way down from there.
const PLACES: &[(&str, &str, &str)] = &[
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/usr", "pgsql-", "bin"),
    ("/usr/local", "pgsql", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

#[derive(Debug)]
pub(crate) struct Programs {
    pub folder: PathBuf,
    pub major: u32,
}

/// The programs for this folder: of the version that made its data, else the first that are found. Fetched if there are none.
pub(crate) fn find(folder: &Folder, user: User, options: &Options) -> Result<Programs, Error> {
    let wanted = folder.version()?;
    let fits = |programs: &Programs| wanted.is_none_or(|wanted| wanted == programs.major);
    let missing = |data| Error::VersionMissing {
        data_dir: folder.path().to_path_buf(),
        data,
    };
    if let Some(given) = &options.programs {
        let programs = probe(given, user)?;
        return match wanted {
            Some(data) if !fits(&programs) => Err(missing(data)),
            _ => Ok(programs),
        };
    }
    let fetched = options.cache.as_deref().and_then(fetch::installed);
    let found = candidates()
        .chain(fetched)
        .filter_map(|candidate| probe(&candidate, user).ok())
        .find(|programs| programs.major >= OLDEST && fits(programs));
    match (found, wanted) {
        (Some(programs), _) => Ok(programs),
        (None, Some(data)) if !fetch::could_give(data) => Err(missing(data)),
        (None, _) => {
            let fetched = fetch::fetch(options.cache.as_deref())?;
            let folder = fetched.or_else(|| candidates().next());
            probe(&folder.ok_or_else(fetch::nothing)?, user)
        }
    }
}

/// Folders that hold the programs, the likeliest first. Each is only looked for when the ones before it wouldn't do.
fn candidates() -> impl Iterator<Item = PathBuf> {
    let configured = iter::once_with(|| said_by(Command::new("pg_config").arg("--bindir")));
    let on_path = iter::once_with(|| {
        let found = said_by(Command::new("/bin/sh").args(["-c", "command -v postgres"]))?;
        found.parent().map(Path::to_path_buf)
    });
    let packaged = PLACES.iter().flat_map(|(parent, prefix, tail)| {
        let folders = newest_first(Path::new(parent), prefix);
        folders.into_iter().map(move |folder| folder.join(tail))
    });
    configured
        .chain(on_path)
        .flatten()
        .chain(packaged)
        .filter(|folder| is_complete(folder))
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "postgres"]
        .iter()
        .all(|name| folder.join(name).is_file())
}

/// Asks the server itself, as the user that will run it: it must be within reach and able to load its libraries.
fn probe(folder: &Path, user: User) -> Result<Programs, Error> {
    let unusable = |reason: &str| Error::UnusablePrograms {
        folder: folder.to_path_buf(),
        reason: reason.trim().to_owned(),
    };
    if !is_complete(folder) {
        return Err(unusable("it must hold both initdb and postgres"));
    }
    let folder = folder.canonicalize().map_err(Error::io("find", folder))?;
    user.check_way_to(&folder)?;
    let mut command = Command::new(folder.join("postgres"));
    user.apply(&mut command);
    let output = command
        .arg("--version")
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| unusable(&error.to_string()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    match major(&said) {
        Some(major) if major >= OLDEST => Ok(Programs { folder, major }),
        Some(major) => Err(unusable(&format!(
            "they are of version {major}, but {OLDEST} or later is needed"
        ))),
        None => Err(unusable(&String::from_utf8_lossy(&output.stderr))),
    }
}

/// `postgres (PostgreSQL) 15.14 (Debian …)` is 15, and so is `15beta2`.
fn major(said: &str) -> Option<u32> {
    let version = said.split_once("(PostgreSQL) ")?.1;
    let end = version.find(|c: char| !c.is_ascii_digit());
    version[..end.unwrap_or(version.len())].parse().ok()
}

fn said_by(command: &mut Command) -> Option<PathBuf> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    let said = said.trim();
    (output.status.success() && said.starts_with('/')).then(|| PathBuf::from(said))
}

fn newest_first(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut folders: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let rest = name.strip_prefix(prefix)?.trim_start_matches('@');
            // A folder without a number is a link to the current version.
            let version = if rest.is_empty() {
                0
            } else {
                rest.parse().ok()?
            };
            Some((version, entry.path()))
        })
        .collect();
    folders.sort();
    folders.into_iter().rev().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_the_number_before_anything_else() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) 17"), Some(17));
        assert_eq!(major("something else"), None);
    }

    #[test]
    fn packaged_versions_are_ordered_by_number_not_by_name() {
        let parent = tempfile::tempdir().unwrap();
        for name in [
            "postgresql@9",
            "postgresql@16",
            "postgresql",
            "postgrest",
            "other",
        ] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }

        let found = newest_first(parent.path(), "postgresql");
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();

        assert_eq!(names, ["postgresql@16", "postgresql@9", "postgresql"]);
    }
}
