//! Hashing and verifying passwords with argon2id, away from the threads that serve.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::{self, JoinError};

const SHORTEST: usize = 8;
const LONGEST: usize = 200;

/// Hashes and verifies passwords. Cheap to clone; all clones share the same few threads.
///
/// A hash takes a core for tens of milliseconds and 19 MiB, on purpose. So it runs on blocking
/// threads, fewer at once than there are cores: a flood of logins queues up here and leaves room for
/// everybody who is signed in. **No transaction may be open meanwhile**: read the stored hash, end
/// the transaction, verify, and begin another.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    room: Arc<Semaphore>,
    /// Matches no password and costs as much as a real one.
    nobodys: Arc<str>,
    runs: Arc<AtomicU64>,
}

impl Hasher {
    pub fn new(cost: Cost) -> Result<Self, PasswordError> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
            .map_err(|_| PasswordError::Cost)?;
        let nobodys = nobodys(&params).map_err(PasswordError::Hashing)?;
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            room: Arc::new(Semaphore::new(cores.saturating_sub(1).max(1))),
            nobodys: nobodys.into(),
            runs: Arc::default(),
        })
    }

    /// As cheap as argon2 goes, for tests that log in often. Worth nothing against an attacker.
    #[expect(
        clippy::missing_panics_doc,
        reason = "these are the least that argon2 allows"
    )]
    pub fn for_tests() -> Self {
        Self::new(Cost {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        })
        .expect("these are the least that argon2 allows")
    }

    /// The text to store for a new password: parameters, a random salt and the hash.
    pub async fn hash(&self, password: &Password) -> Result<String, PasswordError> {
        let (argon2, password) = (self.argon2.clone(), password.clone());
        self.run(move || {
            let hash: PasswordHash = argon2
                .hash_password(password.0.as_bytes())
                .map_err(PasswordError::Hashing)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `password` is the one whose hash is stored.
    ///
    /// `None` stands for a user who isn't there, is disabled, or has no password: it takes as long
    /// as a wrong password and is never right, so that the time tells nobody who has an account.
    pub async fn verify(
        &self,
        password: &Password,
        stored: Option<&str>,
    ) -> Result<bool, PasswordError> {
        let known = stored.is_some();
        let hash = PasswordHash::new(stored.unwrap_or(&self.nobodys))
            .ok()
            // One without these would be refused at once, and the time would show it.
            .filter(|hash| hash.salt.is_some() && hash.hash.is_some())
            .ok_or(PasswordError::Stored)?;
        let (argon2, password) = (self.argon2.clone(), password.clone());
        let matches =
            self.run(
                move || match argon2.verify_password(password.0.as_bytes(), &hash) {
                    Ok(()) => Ok(true),
                    Err(password_hash::Error::PasswordInvalid) => Ok(false),
                    Err(_) => Err(PasswordError::Stored),
                },
            );
        Ok(matches.await? && known)
    }

    /// How often something was hashed so far: what there is to do, and what time there is to tell.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    pub(super) fn nobodys(&self) -> &str {
        &self.nobodys
    }

    /// Runs `work` on a blocking thread when there is room.
    ///
    /// The permit goes with the work: a request that is given up leaves its hash running, and that
    /// still takes a core.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let room = Arc::clone(&self.room);
        let permit = room
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Closed)?;
        self.runs.fetch_add(1, Ordering::Relaxed);
        let done = task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(PasswordError::Interrupted)?
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("params", self.argon2.params())
            .finish_non_exhaustive()
    }
}

/// A well-formed hash with these parameters, of random bytes instead of a password's. Making it
/// costs nothing, so that a server's start doesn't pay for it.
fn nobodys(params: &Params) -> password_hash::Result<String> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: params.try_into()?,
        salt: Some(Salt::new(&rand::random::<[u8; 16]>())?),
        hash: Some(Output::new(&rand::random::<[u8; 32]>())?),
    };
    Ok(hash.to_string())
}

/// What a hash costs. The default is what OWASP recommends as the least for argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
            lanes: 1,
        }
    }
}

/// A password as somebody typed it. Shown nowhere.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// A text of 8 to 200 characters, taken as it is. Nothing else is asked for: rules about digits
    /// and capitals make passwords worse.
    ///
    /// A `login` answers an error of this like any other wrong password.
    pub fn parse(text: impl Into<String>) -> Result<Self, PasswordRule> {
        let text = text.into();
        match text.chars().count() {
            ..SHORTEST => Err(PasswordRule::TooShort),
            SHORTEST..=LONGEST => Ok(Self(text)),
            _ => Err(PasswordRule::TooLong),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

/// What a password lacks: to be shown to whoever chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasswordRule {
    #[error("a password needs at least {SHORTEST} characters")]
    TooShort,
    #[error("a password may have at most {LONGEST} characters")]
    TooLong,
}

/// What can fail about hashing, none of it the fault of whoever signs in.
#[derive(Debug, Error)]
pub enum PasswordError {
    #[error(
        "argon2 can't run with this cost: it needs 8 KiB per lane, one pass and one lane at least"
    )]
    Cost,
    #[error("a stored password hash is not argon2's: set this user's password anew")]
    Stored,
    #[error("hashing a password failed")]
    Hashing(#[source] password_hash::Error),
    #[error("hashing a password was interrupted, as when the server stops")]
    Interrupted(#[source] JoinError),
    #[error("the password hasher is closed, as when the server stops")]
    Closed,
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use super::*;

    /// A request that is given up leaves its hash running, so its room must stay taken.
    #[tokio::test]
    async fn a_cancelled_hash_keeps_its_room_until_it_is_done() {
        let hasher = Hasher::for_tests();
        let all = hasher.room.available_permits();
        let (go_on, wait) = mpsc::channel::<()>();
        let (started, has_started) = tokio::sync::oneshot::channel();
        let request = tokio::spawn({
            let hasher = hasher.clone();
            async move {
                let work = move || {
                    let _ = started.send(());
                    let _ = wait.recv();
                    Ok(())
                };
                hasher.run(work).await
            }
        });
        has_started.await.unwrap();
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        assert_eq!(hasher.room.available_permits(), all - 1);

        drop(go_on);
        let deadline = Instant::now() + Duration::from_secs(10);
        while hasher.room.available_permits() < all {
            assert!(Instant::now() < deadline, "the room is never given back");
            task::yield_now().await;
        }
    }

    #[test]
    fn there_is_always_room_for_one() {
        let room = Hasher::for_tests().room.available_permits();
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        assert!(room >= 1 && room <= cores, "{room} of {cores}");
    }
}
