use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no cluster. Each says what is wrong and what to do, in a line or two (PostgreSQL's own last words come below).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process, or this one, holds a cluster on the same folder.
    #[error(
        "PostgreSQL in {} is already in use by process {pid}; stop that one first, or choose another folder",
        data_dir.display()
    )]
    AlreadyRunning {
        /// The process that holds the cluster (not PostgreSQL's own).
        pid: u32,
        data_dir: PathBuf,
    },

    /// No server programs on this machine, and none could be fetched.
    #[error(
        "no PostgreSQL server programs found; install them with: {install}{}",
        in_brackets(tried)
    )]
    NoPrograms {
        /// The command that installs them here.
        install: &'static str,
        /// Why fetching them didn't help, if it was tried.
        tried: String,
    },

    /// A program that isn't PostgreSQL's is missing.
    #[error(
        "{name} is not on this machine; install it, on Debian with: apt-get install {name}{}",
        in_brackets(tried)
    )]
    NoCompanion {
        name: &'static str,
        /// Why installing it didn't help, if it was tried.
        tried: String,
    },

    /// The folder given for the programs can't be used.
    #[error("{} holds no usable PostgreSQL server programs: {reason}", folder.display())]
    UnusablePrograms { folder: PathBuf, reason: String },

    /// The data belong to a version of PostgreSQL that isn't on this machine.
    #[error(
        "the data in {} are of PostgreSQL {data}, which is not installed; install that version, or move the folder away to begin anew",
        data_dir.display()
    )]
    VersionMissing { data_dir: PathBuf, data: u32 },

    /// PostgreSQL doesn't run as root, and the user it runs as can't get to where it has to.
    #[error(
        "PostgreSQL runs as user {user}, who may not enter {}; allow it with `chmod o+x {}`, or choose another folder",
        folder.display(),
        folder.display()
    )]
    Impassable { folder: PathBuf, user: u32 },

    /// The password of existing data is gone.
    #[error(
        "{} is missing, and the data beside it can't be opened without; restore it, or remove {} to begin anew",
        path.display(),
        path.with_file_name("data").display()
    )]
    PasswordMissing { path: PathBuf },

    /// `initdb` failed.
    #[error("initdb could not make a cluster in {}{}", data_dir.display(), below(log))]
    Init { data_dir: PathBuf, log: String },

    /// PostgreSQL ended, or said nothing, before it was ready.
    #[error("PostgreSQL did not start in {}{}", data_dir.display(), below(log))]
    Start { data_dir: PathBuf, log: String },

    /// A PostgreSQL that lost its owner doesn't obey.
    #[error("an earlier PostgreSQL does not stop; end it with: kill -QUIT {pid}")]
    Stubborn { pid: i32 },

    /// A file or a process of the cluster.
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: what was being done, and to which path.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

fn in_brackets(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(" ({text})")
    }
}

fn below(log: &str) -> String {
    if log.is_empty() {
        return "; it said nothing".to_owned();
    }
    log.lines().fold(":".to_owned(), |mut text, line| {
        let _ = write!(text, "\n  {line}");
        text
    })
}
