//! Making a cluster's data, and its settings.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::files::{Folder, remove_dir, write_private};
use crate::options::Durability;
use crate::programs::Programs;
use crate::supervisor::{Job, Supervisor};
use crate::user::User;
use crate::{Error, Options};

const SETTINGS: &str = include_str!("insula.conf");
const FAST_SETTINGS: &str = include_str!("insula.fast.conf");

/// Bytes for order, Unicode for letters: the same on every machine. Only Linux has it by this name everywhere.
const LOCALE: &str = if cfg!(target_os = "linux") {
    "--locale=C.UTF-8"
} else {
    "--locale=C"
};

/// Makes the data in a place of their own and moves them when they are complete. A run that was interrupted leaves nothing that
/// could be taken for a cluster.
///
/// The supervisor that is given back removes a temporary folder if we die now; let it go when the server's has taken over.
pub(crate) fn init(
    folder: &Folder,
    programs: &Programs,
    user: User,
    options: &Options,
) -> Result<Supervisor, Error> {
    tracing::info!(folder = %folder.path().display(), version = programs.major, "making a PostgreSQL cluster");
    let unfinished = folder.unfinished()?;
    make_private_dir(&unfinished, user)?;
    // Kept before there are data that need it.
    let password = folder.make_password()?;
    let secret = unfinished.join("password");
    write_private(&secret, &password)?;
    user.own(&secret).map_err(Error::io("hand over", &secret))?;
    let data = unfinished.join("data");
    make_private_dir(&data, user)?;

    let mut job = Supervisor::spawn(Job {
        program: &programs.folder.join("initdb"),
        arguments: arguments(&data, &secret, options),
        user,
        log: folder.append_log()?,
        scrap: Some(folder.scrap().unwrap_or(&unfinished)),
    })
    .map_err(Error::io("run initdb for", &data))?;
    if job.status().map_err(Error::io("run initdb for", &data))? != 0 {
        return Err(Error::Init {
            data_dir: folder.path().to_path_buf(),
            log: folder.last_words(),
        });
    }
    include_settings(&data)?;
    settle(folder, &data)?;
    remove_dir(&unfinished)?;
    Ok(job)
}

fn arguments<'a>(data: &'a Path, secret: &'a Path, options: &Options) -> Vec<&'a OsStr> {
    let mut arguments: Vec<&OsStr> = vec![
        OsStr::new("--pgdata"),
        data.as_os_str(),
        OsStr::new("--pwfile"),
        secret.as_os_str(),
    ];
    arguments.extend(
        [
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            LOCALE,
            "--no-instructions",
        ]
        .map(OsStr::new),
    );
    if options.durability == Durability::Fast {
        arguments.push(OsStr::new("--no-sync"));
    }
    arguments
}

/// Writes our settings into the data folder. At each start, so that data made by an earlier version get what this one needs.
pub(crate) fn write_settings(data: &Path, user: User, options: &Options) -> Result<(), Error> {
    let settings = match options.durability {
        Durability::Durable => SETTINGS.to_owned(),
        Durability::Fast => format!("{SETTINGS}{FAST_SETTINGS}"),
    };
    let path = data.join("insula.conf");
    write_private(&path, &settings)?;
    user.own(&path).map_err(Error::io("hand over", &path))
}

fn include_settings(data: &Path) -> Result<(), Error> {
    let path = data.join("postgresql.conf");
    let mut file = OpenOptions::new()
        .append(true)
        .open(&path)
        .map_err(Error::io("open", &path))?;
    file.write_all(b"\ninclude 'insula.conf'\n")
        .map_err(Error::io("write", &path))
}

fn settle(folder: &Folder, data: &Path) -> Result<(), Error> {
    let place = folder.data();
    // Without `PG_VERSION` it is no cluster, and PostgreSQL would refuse it; it may be the remains of a removal.
    remove_dir(&place)?;
    fs::rename(data, &place).map_err(Error::io("move into place", data))?;
    // A rename lasts when its folder has reached the disk.
    File::open(folder.path())
        .and_then(|folder| folder.sync_all())
        .map_err(Error::io("sync", folder.path()))
}

fn make_private_dir(path: &Path, user: User) -> Result<(), Error> {
    fs::DirBuilder::new()
        .mode(0o700)
        .create(path)
        .and_then(|()| user.own(path))
        .map_err(Error::io("make", path))
}
