//! Who PostgreSQL runs as: us, or somebody else when we are root.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::geteuid;

use crate::Error;

/// `nobody` nearly everywhere.
const NOBODY: Ids = Ids {
    uid: 65534,
    gid: 65534,
};

/// `None` is ourselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User(Option<Ids>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ids {
    uid: u32,
    gid: u32,
}

impl User {
    /// As root: the owner of the data if there are any, else the user `postgres`, else nobody.
    pub(crate) fn choose(data: &Path) -> Self {
        if !geteuid().is_root() {
            return Self(None);
        }
        let owner = fs::metadata(data)
            .ok()
            .map(|data| Ids {
                uid: data.uid(),
                gid: data.gid(),
            })
            .filter(|owner| owner.uid != 0);
        let postgres = || ids_of("postgres", &fs::read_to_string("/etc/passwd").ok()?);
        Self(Some(owner.or_else(postgres).unwrap_or(NOBODY)))
    }

    pub(crate) fn is_another(self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn apply(self, command: &mut Command) {
        if let Some(ids) = self.0 {
            command.uid(ids.uid).gid(ids.gid);
        }
    }

    /// Makes a file or folder that we made theirs.
    pub(crate) fn own(self, path: &Path) -> io::Result<()> {
        match self.0 {
            Some(ids) => chown(path, Some(ids.uid), Some(ids.gid)),
            None => Ok(()),
        }
    }

    /// Refuses when this user can't get into the folder, and names the one that bars the way.
    pub(crate) fn check_way_to(self, folder: &Path) -> Result<(), Error> {
        let Some(ids) = self.0 else { return Ok(()) };
        let mut way: Vec<&Path> = folder.ancestors().collect();
        if self.may_enter(folder)? {
            return Ok(());
        }
        way.reverse();
        for step in way {
            if !self.may_enter(step)? {
                return Err(Error::Impassable {
                    folder: step.to_path_buf(),
                    user: ids.uid,
                });
            }
        }
        Ok(())
    }

    /// Tried, not calculated: access lists and mount options count too.
    fn may_enter(self, folder: &Path) -> Result<bool, Error> {
        let mut command = Command::new("/bin/sh");
        self.apply(&mut command);
        let tried = command
            .args(["-c", "cd -- \"$1\"", "sh"])
            .arg(folder)
            .current_dir("/")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status();
        tried
            .map(|status| status.success())
            .map_err(Error::io("enter", folder))
    }
}

fn ids_of(name: &str, passwd: &str) -> Option<Ids> {
    let line = passwd
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some(Ids {
        uid: fields.next()?.parse().ok()?,
        gid: fields.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_from_the_line_of_that_name_alone() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:8::/:\npostgres:x:101:104:PostgreSQL:/var:/bin/sh\n";

        assert_eq!(ids_of("postgres", passwd), Some(Ids { uid: 101, gid: 104 }));
        assert_eq!(ids_of("nobody", passwd), None);
        assert_eq!(ids_of("bad", "bad:x:many:few::/:"), None);
    }
}
