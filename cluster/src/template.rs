//! The data of a fresh cluster, kept to be copied: `initdb` is most of what a short-lived cluster takes to start.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::files::{is_ours, make_dir, remove_dir, write_private};
use crate::initdb::make_private_dir;
use crate::options::Durability;
use crate::user::User;
use crate::{Error, Options};

const DAY: Duration = Duration::from_hours(24);

/// What the names of all templates begin with.
const NAME: &str = "template-";

pub(crate) struct Template {
    place: PathBuf,
}

impl Template {
    /// The template for such a cluster, whether it is there yet or not. None for a durable one: it is made once.
    pub(crate) fn of(options: &Options, major: u32) -> Option<Self> {
        let cache = options.cache.as_deref()?;
        if options.durability == Durability::Durable {
            return None;
        }
        // A new one each day: systems that tidy their temporary folders take away single files that are some days old.
        let age = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        let day = age.as_secs() / DAY.as_secs();
        let place = cache.join(format!("{NAME}{major}-{day}"));
        Some(Self { place })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.place.join("data")
    }

    /// The password of the data, if there are any, made by us.
    pub(crate) fn password(&self) -> Option<String> {
        if !is_ours(self.place.parent()?) {
            return None;
        }
        fs::read_to_string(self.place.join("password")).ok()
    }

    /// Keeps a copy of these data. Without one the next cluster takes longer, which is no error.
    pub(crate) fn fill(&self, data: &Path, password: &str, user: User) {
        let name = format!("unfinished-{:016x}", rand::random::<u64>());
        let unfinished = self.place.with_file_name(name);
        if let Err(error) = self.try_fill(&unfinished, (data, password), user) {
            tracing::debug!(%error, "no template was kept");
        }
        let _ = fs::remove_dir_all(&unfinished);
    }

    fn try_fill(
        &self,
        unfinished: &Path,
        (data, password): (&Path, &str),
        user: User,
    ) -> Result<(), Error> {
        let cache = self.place.parent().unwrap_or(Path::new("."));
        make_dir(cache)?;
        if !is_ours(cache) {
            return Ok(());
        }
        for entry in fs::read_dir(cache)
            .map_err(Error::io("read", cache))?
            .flatten()
        {
            if entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(NAME.as_bytes())
                && entry.path() != self.place
            {
                remove_dir(&entry.path())?;
            }
        }
        make_private_dir(unfinished, user)?;
        let mut copy = Command::new("/bin/cp");
        user.apply(&mut copy);
        let copied = copy
            .arg("-R")
            .args([data, &unfinished.join("data")])
            .current_dir("/")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if copied.is_ok_and(|status| status.success()) {
            write_private(&unfinished.join("password"), password)?;
            // Fails when another process was quicker, which is as well.
            fs::rename(unfinished, &self.place).map_err(Error::io("fill", &self.place))?;
        }
        Ok(())
    }
}
