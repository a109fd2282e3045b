//! The doors of the serving logins.

use super::PoolOptions;
use super::door::{Door, Place};
use crate::Logins;
use crate::logins::LOOKUP;

/// How many look something up at once.
const LOOKUPS: u32 = 2;

/// The door of the logins that enter tenants and the shared realm, and that of the one which looks
/// up whose a request is: waiting for a second connection of those that one has the first of, all
/// could wait for each other.
#[derive(Clone)]
pub(super) struct Doors {
    pub(super) logins: Logins,
    pub(super) serving: Door,
    pub(super) directory: Door,
}

impl Doors {
    pub(super) fn new(logins: &Logins, options: &PoolOptions) -> Self {
        let lookups = PoolOptions {
            max_connections: LOOKUPS,
            ..options.clone()
        };
        Self {
            serving: Door::new(logins, options, true),
            directory: Door::new(logins, &lookups, false),
            logins: logins.clone(),
        }
    }

    /// The door that leads to this place.
    pub(super) fn to(&self, place: &Place<'_>) -> &Door {
        self.of(place.login)
    }

    /// The door of this login.
    pub(super) fn of(&self, login: u16) -> &Door {
        if login == LOOKUP {
            &self.directory
        } else {
            &self.serving
        }
    }

    pub(super) async fn close(&self) {
        tokio::join!(self.serving.pool.close(), self.directory.pool.close());
    }
}
