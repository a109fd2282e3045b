//! The cluster's folder and the small files in it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::user::User;
use crate::{Error, Options};

/// How much of PostgreSQL's log an error shows.
const LAST_WORDS: usize = 8;

const UNFINISHED: &str = "unfinished-";
/// How long an `initdb` without owner may still write. It is interrupted, and finds its files gone.
const INTERRUPTED_WITHIN: Duration = Duration::from_secs(10);

pub(crate) struct Folder {
    path: PathBuf,
    /// Removes a temporary folder; the supervisor does when we can't.
    temporary: Option<TempDir>,
}

/// A folder that is ours alone. Unlocked in so many words: a process that another thread is just starting has the file too, until
/// it becomes its program, and closing ours alone would leave it locked.
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "a folder stays locked until its file is closed everywhere");
        }
    }
}

impl Folder {
    /// Opens the folder, made if it is missing.
    pub(crate) fn open(options: &Options) -> Result<Self, Error> {
        let Some(wanted) = &options.data_dir else {
            return Self::open_temporary();
        };
        make_dir(wanted)?;
        Self::existing(wanted)
    }

    pub(crate) fn existing(path: &Path) -> Result<Self, Error> {
        // PostgreSQL must know it by the one absolute name by which we recognise its process.
        let path = path.canonicalize().map_err(Error::io("find", path))?;
        Ok(Self {
            path,
            temporary: None,
        })
    }

    /// A fresh one, which goes with its owner.
    pub(crate) fn open_temporary() -> Result<Self, Error> {
        let made = tempfile::Builder::new()
            .prefix("insula-postgres-")
            .tempdir()
            .map_err(Error::io("make a folder in", &std::env::temp_dir()))?;
        let folder = Self::existing(made.path())?;
        Ok(Self {
            temporary: Some(made),
            ..folder
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is worth nothing without us.
    pub(crate) fn scrap(&self) -> Option<&Path> {
        self.temporary.as_ref().map(|_| self.path())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// A place for data that aren't complete yet. Another each time: the `initdb` of a killed owner may be at work a little longer, and
    /// may make files in the old one while we remove it.
    pub(crate) fn unfinished(&self) -> Result<PathBuf, Error> {
        for entry in fs::read_dir(&self.path).map_err(Error::io("read", &self.path))? {
            let path = entry.map_err(Error::io("read", &self.path))?.path();
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            if name.starts_with(UNFINISHED.as_bytes()) {
                remove_from_under_a_writer(&path);
            }
        }
        let name = format!("{UNFINISHED}{:016x}", rand::random::<u64>());
        Ok(self.path.join(name))
    }

    /// The major version of PostgreSQL that made the data, if there are any.
    pub(crate) fn version(&self) -> Result<Option<u32>, Error> {
        let text = self.read("data/PG_VERSION")?;
        Ok(text.and_then(|text| text.trim().parse().ok()))
    }

    /// Lets the server's user through, and into what must vanish with it.
    pub(crate) fn open_to(&self, user: User) -> Result<(), Error> {
        if !user.is_another() {
            return Ok(());
        }
        let mode = fs::metadata(&self.path)
            .map_err(Error::io("read", &self.path))?
            .permissions()
            .mode();
        fs::set_permissions(&self.path, Permissions::from_mode(mode | 0o711))
            .map_err(Error::io("open", &self.path))?;
        if self.temporary.is_some() {
            // The supervisor, which is that user, has to remove it.
            user.own(&self.path)
                .map_err(Error::io("hand over", &self.path))?;
        }
        user.check_way_to(&self.path)
    }

    /// Ours alone, until this is dropped or our process ends.
    pub(crate) fn lock(&self) -> Result<Lock, Error> {
        let path = self.path.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(self.already_running(file)),
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.write_all(std::process::id().to_string().as_bytes())
        };
        write(&mut file).map_err(Error::io("write", &path))?;
        Ok(Lock(file))
    }

    /// Its owner writes its process id right after it has got the lock, so that we may come a moment too early.
    fn already_running(&self, mut lock: File) -> Error {
        let mut pid = 0;
        for _ in 0..50 {
            let mut text = String::new();
            let read = lock.rewind().and_then(|()| lock.read_to_string(&mut text));
            pid = read.ok().and_then(|_| text.parse().ok()).unwrap_or(0);
            if pid != 0 {
                break;
            }
            thread::sleep(Duration::from_millis(2));
        }
        Error::AlreadyRunning {
            pid,
            data_dir: self.path.clone(),
        }
    }

    pub(crate) fn password(&self) -> Result<Option<String>, Error> {
        self.read("password")
    }

    /// The password, made if there is none.
    pub(crate) fn make_password(&self) -> Result<String, Error> {
        if let Some(password) = self.password()? {
            return Ok(password);
        }
        let password = format!("{:032x}", rand::random::<u128>());
        write_private(&self.path.join("password"), &password)?;
        Ok(password)
    }

    pub(crate) fn password_missing(&self) -> Error {
        Error::PasswordMissing {
            path: self.path.join("password"),
        }
    }

    pub(crate) fn last_port(&self) -> Option<u16> {
        self.read("port").ok()??.trim().parse().ok()
    }

    pub(crate) fn remember_port(&self, port: u16) -> Result<(), Error> {
        let path = self.path.join("port");
        fs::write(&path, port.to_string()).map_err(Error::io("write", &path))
    }

    /// A new log; the one before is kept, since it says how the last run ended.
    pub(crate) fn begin_log(&self) -> Result<(), Error> {
        let path = self.log();
        match fs::rename(&path, path.with_extension("log.old")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("rename", &path)(error))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn append_log(&self) -> Result<File, Error> {
        let path = self.log();
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(Error::io("open", &path))
    }

    pub(crate) fn last_words(&self) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LAST_WORDS)..].join("\n")
    }

    fn log(&self) -> PathBuf {
        self.path.join("postgres.log")
    }

    fn read(&self, name: &str) -> Result<Option<String>, Error> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }
}

/// Replaces the file at once, so that it is never half written, and for nobody else to read.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || {
        // Made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(Error::io("write", path))
}

/// Makes the folder and those above it that are missing, open to the eyes of others as far as our umask is.
pub(crate) fn make_dir(path: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .map_err(Error::io("make", path))
}

/// Programs and templates are only taken from a folder that nobody else could have filled: some lie in a folder open to all.
pub(crate) fn is_ours(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|made| made.is_dir() && made.uid() == geteuid().as_raw())
}

/// Once it is gone nobody makes it again. What can't be removed for another reason than new files is left for the next time.
fn remove_from_under_a_writer(path: &Path) {
    let deadline = Instant::now() + INTERRUPTED_WITHIN;
    while let Err(error) = fs::remove_dir_all(path) {
        let refilled = error.kind() == io::ErrorKind::DirectoryNotEmpty;
        if !refilled || Instant::now() > deadline {
            break;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn remove_dir(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_free_at_once_though_a_process_that_is_being_started_has_its_lock() {
        let folder = Folder::open(&Options::temporary()).unwrap();
        let lock = folder.lock().unwrap();
        let inherited = lock.0.try_clone().unwrap();
        assert!(matches!(folder.lock(), Err(Error::AlreadyRunning { .. })));
        drop(lock);
        drop(folder.lock().unwrap());
        drop(inherited);
    }
}
