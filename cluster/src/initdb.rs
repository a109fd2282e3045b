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
use crate::template::Template;
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

pub(crate) struct Init<'a> {
    pub folder: &'a Folder,
    pub programs: &'a Programs,
    pub user: User,
    pub options: &'a Options,
}

impl Init<'_> {
    /// Makes the data in a place of their own and moves them when they are complete. A run that was interrupted leaves nothing that
    /// could be taken for a cluster.
    ///
    /// The supervisor that is given back removes a temporary folder if we die now; let it go when the server's has taken over.
    pub(crate) fn run(&self) -> Result<Supervisor, Error> {
        let Self { folder, user, .. } = *self;
        let unfinished = folder.unfinished()?;
        make_private_dir(&unfinished, user)?;
        let template = Template::of(self.options, self.programs.major);
        let copied = match &template {
            Some(template) => self.copy(template, &unfinished)?,
            None => None,
        };
        let job = match copied {
            Some(job) => job,
            None => self.initdb(&unfinished, template.as_ref())?,
        };
        settle(folder, &unfinished.join("data"))?;
        remove_dir(&unfinished)?;
        Ok(job)
    }

    fn initdb(&self, unfinished: &Path, template: Option<&Template>) -> Result<Supervisor, Error> {
        let Self { folder, user, .. } = *self;
        let version = self.programs.major;
        tracing::info!(version, folder = %folder.path().display(), "making a PostgreSQL cluster");
        // Kept before there are data that need it.
        let password = folder.make_password()?;
        let secret = unfinished.join("password");
        write_private(&secret, &password)?;
        user.own(&secret).map_err(Error::io("hand over", &secret))?;
        let data = unfinished.join("data");
        make_private_dir(&data, user)?;

        let program = self.programs.folder.join("initdb");
        let arguments = arguments(&data, &secret, self.options);
        let (job, status) = self.spawn(&program, arguments, unfinished)?;
        if status != 0 {
            return Err(Error::Init {
                data_dir: folder.path().to_path_buf(),
                log: folder.last_words(),
            });
        }
        include_settings(&data)?;
        if let Some(template) = template {
            template.fill(&data, &password, user);
        }
        Ok(job)
    }

    /// `None`: there is no template yet, or none any more.
    fn copy(&self, template: &Template, unfinished: &Path) -> Result<Option<Supervisor>, Error> {
        let Some(password) = template.password() else {
            return Ok(None);
        };
        let (from, to) = (template.data(), unfinished.join("data"));
        let arguments = vec![OsStr::new("-R"), from.as_os_str(), to.as_os_str()];
        let (job, status) = self.spawn(Path::new("/bin/cp"), arguments, unfinished)?;
        if status == 0 {
            write_private(&self.folder.path().join("password"), &password)?;
            return Ok(Some(job));
        }
        job.keep().map_err(Error::io("settle", &to))?;
        remove_dir(&to)?;
        Ok(None)
    }

    /// Runs a program to its end.
    fn spawn(
        &self,
        program: &Path,
        arguments: Vec<&OsStr>,
        unfinished: &Path,
    ) -> Result<(Supervisor, i32), Error> {
        let mut job = Supervisor::spawn(Job {
            program,
            arguments,
            user: self.user,
            environment: &[],
            log: self.folder.append_log()?,
            scrap: Some(self.folder.scrap().unwrap_or(unfinished)),
        })
        .map_err(Error::io("run", program))?;
        let status = job.status().map_err(Error::io("run", program))?;
        Ok((job, status))
    }
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
        // Small files of log make a small template.
        arguments.extend(["--no-sync", "--wal-segsize=1"].map(OsStr::new));
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
        .and_then(|()| file.sync_all())
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

pub(crate) fn make_private_dir(path: &Path, user: User) -> Result<(), Error> {
    fs::DirBuilder::new()
        .mode(0o700)
        .create(path)
        .and_then(|()| user.own(path))
        .map_err(Error::io("make", path))
}
