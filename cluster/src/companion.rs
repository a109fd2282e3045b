//! A program that stands beside a cluster: a pooler, say.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::fetch;
use crate::files::{Folder, write_private};
use crate::supervisor::{Job, Supervisor};
use crate::user::User;

/// Where packages put programs, also those that `PATH` has for root alone.
const PLACES: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/opt/homebrew/sbin",
    "/opt/homebrew/bin",
];

/// A program in a fresh folder of its own, run as PostgreSQL is: by the same user, and never longer than the process that started it.
pub struct Companion {
    name: &'static str,
    // In the order in which they must go.
    running: Supervisor,
    place: Place,
}

/// The folder of a program that is still to be run.
pub struct Place {
    folder: Folder,
    user: User,
}

impl Companion {
    /// Runs a program, installed first if it is missing and this is Debian and we are root: package and program are called alike.
    /// `furnish` writes its files and says which of them the program is given.
    pub fn start(
        name: &'static str,
        furnish: impl FnOnce(&Place) -> Result<PathBuf, Error>,
    ) -> Result<Self, Error> {
        let program = find(name)?;
        let place = Place::fresh()?;
        let given = furnish(&place)?;
        let running = Supervisor::spawn(Job {
            program: &program,
            arguments: vec![given.as_os_str()],
            user: place.user,
            environment: &[],
            log: place.folder.append_log()?,
            scrap: place.folder.scrap(),
        });
        Ok(Self {
            name,
            running: running.map_err(Error::io("run", &program))?,
            place,
        })
    }

    /// Whether the program is still there.
    pub fn is_running(&self) -> bool {
        self.running.is_running()
    }

    /// The program's process id.
    pub fn pid(&self) -> u32 {
        self.running.pid().unsigned_abs()
    }

    /// The end of what the program said.
    pub fn last_words(&self) -> String {
        self.place.folder.last_words()
    }
}

impl Place {
    fn fresh() -> Result<Self, Error> {
        let folder = Folder::open_temporary()?;
        let user = User::choose(folder.path());
        folder.open_to(user)?;
        Ok(Self { folder, user })
    }

    /// Writes a file, for the program alone to read, and says where it is.
    pub fn write(&self, file: &str, text: &str) -> Result<PathBuf, Error> {
        let path = self.folder.path().join(file);
        write_private(&path, text)?;
        let owned = self.user.own(&path);
        owned.map_err(Error::io("hand over", &path))?;
        Ok(path)
    }
}

impl fmt::Debug for Companion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Companion")
            .field("name", &self.name)
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}

fn find(name: &'static str) -> Result<PathBuf, Error> {
    let look = || {
        let mut places = PLACES.iter().map(|place| Path::new(place).join(name));
        places.find(|program| program.is_file())
    };
    if let Some(found) = look() {
        return Ok(found);
    }
    let tried = fetch::install(name);
    look().ok_or(Error::NoCompanion { name, tried })
}
