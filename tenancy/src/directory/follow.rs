use std::sync::Weak;
use std::time::Duration;

use sqlx::postgres::PgListener;

use super::Directory;
use super::change::{CHANNEL, Change};
use crate::{Catalog, Operator};

/// How long to wait before trying to hear announcements again.
const PAUSE: Duration = Duration::from_millis(250);

/// Hears announcements for as long as the directory is there.
pub(super) async fn follow<C: Catalog>(directory: &Weak<Directory<C>>, operator: &Operator) {
    let mut deaf = false;
    loop {
        let listener = operator.listen(CHANNEL).await;
        // Only now, for until now changes went unheard.
        let Some(()) = with(directory, Directory::forget_all) else {
            return;
        };
        match listener {
            Ok(listener) => {
                deaf = false;
                let Some(()) = hear(directory, listener).await else {
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
async fn hear<C: Catalog>(directory: &Weak<Directory<C>>, mut listener: PgListener) -> Option<()> {
    while let Ok(Some(notice)) = listener.try_recv().await {
        with(directory, |directory| {
            match Change::parse(notice.payload()) {
                Some(change) => directory.forget(&change),
                None => directory.forget_all(),
            }
        })?;
    }
    with(directory, Directory::forget_all)
}

fn with<C>(directory: &Weak<Directory<C>>, act: impl FnOnce(&Directory<C>)) -> Option<()> {
    directory.upgrade().map(|directory| act(&directory))
}
