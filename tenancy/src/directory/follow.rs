use std::sync::Weak;
use std::time::Duration;

use sqlx::postgres::{PgListener, PgNotification};
use tokio::time::timeout;

use super::change::{CHANNEL, Change};
use super::{DEAF, Directory, HEARING};
use crate::{Catalog, Operator};

/// How long to wait before trying to hear announcements again.
const PAUSE: Duration = Duration::from_millis(250);

/// How long it may be quiet before the connection is tried, and how long that may take. One that a
/// network dropped without a word looks like one on which nothing is said.
const QUIET: Duration = Duration::from_secs(5);

/// What the connection is tried with: it says once more what the connection is for.
const AGAIN: &str = "LISTEN tenancy";

/// Hears of changes that the directory knows nothing about, and of when none can be heard.
pub trait Follower: Send + Sync + 'static {
    /// From now on every announcement is heard; what was announced before may have been missed.
    fn listening(&self);

    /// From now on announcements may be missed.
    fn deaf(&self);

    /// [`Change::Other`] was announced, in these words. Whoever may run a statement may have said
    /// them: ask the database what is true.
    fn heard(&self, words: &str);
}

/// Nobody.
impl Follower for () {
    fn listening(&self) {}

    fn deaf(&self) {}

    fn heard(&self, _: &str) {}
}

/// Hears announcements for as long as the directory is there.
pub(super) async fn follow<C: Catalog>(
    directory: &Weak<Directory<C>>,
    operator: &Operator,
    other: &impl Follower,
) {
    // However this ends, nobody hears anything afterwards.
    let _deaf = DeafInTheEnd(directory, other);
    let mut deaf = false;
    loop {
        let listener = operator.listen(CHANNEL).await;
        let life = if listener.is_ok() { HEARING } else { DEAF };
        // Only now, for until now changes went unheard.
        let Some(()) = with(directory, |directory| directory.begin(Some(life))) else {
            return;
        };
        match listener {
            Ok(listener) => {
                deaf = false;
                other.listening();
                let heard = hear(directory, listener, other).await;
                other.deaf();
                let Some(()) = heard else {
                    return;
                };
                tracing::warn!("lost the connection that hears of changes in the registry");
            }
            Err(error) if !deaf => {
                deaf = true;
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "changes in the registry can't be heard");
            }
            Err(_) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Hears announcements until the connection is lost.
async fn hear<C: Catalog>(
    directory: &Weak<Directory<C>>,
    mut listener: PgListener,
    other: &impl Follower,
) -> Option<()> {
    while let Some(notice) = next(&mut listener).await {
        with(directory, |directory| {
            match Change::parse(notice.payload()) {
                Some(Change::Other(words)) => other.heard(&words),
                Some(change) => directory.forget(&change),
                // Of a newer server, perhaps: nobody knows what it made untrue.
                None => {
                    directory.forget_all();
                    other.listening();
                }
            }
        })?;
    }
    with(directory, |directory| directory.begin(Some(DEAF)))
}

/// The next announcement; `None` once the connection is lost.
async fn next(listener: &mut PgListener) -> Option<PgNotification> {
    loop {
        if let Ok(received) = timeout(QUIET, listener.try_recv()).await {
            return received.ok().flatten();
        }
        let tried = timeout(QUIET, sqlx::query(AGAIN).execute(&mut *listener));
        tried.await.ok()?.ok()?;
    }
}

fn with<C>(directory: &Weak<Directory<C>>, act: impl FnOnce(&Directory<C>)) -> Option<()> {
    directory.upgrade().map(|directory| act(&directory))
}

struct DeafInTheEnd<'a, C: Catalog, F: Follower>(&'a Weak<Directory<C>>, &'a F);

impl<C: Catalog, F: Follower> Drop for DeafInTheEnd<'_, C, F> {
    fn drop(&mut self) {
        let Self(directory, other) = self;
        other.deaf();
        with(directory, |directory| directory.begin(Some(DEAF)));
    }
}
