//! A pool for each serving login.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;

use super::PoolOptions;
use super::door::Door;
use crate::Logins;
use crate::logins::{Isolation, LOOKUP};

/// How many look something up at once.
const LOOKUPS: u32 = 2;

/// The doors of all serving logins, of which most databases have one.
#[derive(Clone)]
pub(super) struct Doors {
    pub(super) logins: Logins,
    options: PoolOptions,
    first: Door,
    directory: Door,
    /// Opened by the first tenant that needs one.
    others: Arc<Mutex<BTreeMap<u16, Door>>>,
}

impl Doors {
    pub(super) fn new(logins: &Logins, options: &PoolOptions) -> Self {
        let lookups = PoolOptions {
            max_connections: LOOKUPS,
            ..options.clone()
        };
        Self {
            first: Door::serving(logins.address(1), options),
            directory: Door::serving(logins.address(LOOKUP), &lookups),
            logins: logins.clone(),
            options: options.clone(),
            others: Arc::default(),
        }
    }

    /// The door of the first login, which alone enters the shared realm.
    pub(super) fn first(&self) -> &Door {
        &self.first
    }

    /// The door to the directory.
    pub(super) fn directory(&self) -> &Door {
        &self.directory
    }

    /// The door of this login.
    pub(super) fn of(&self, login: u16) -> Door {
        if login == 1 || self.logins.isolation == Isolation::Path {
            return self.first.clone();
        }
        if login == LOOKUP {
            return self.directory.clone();
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || Door::serving(self.logins.address(login), &self.options);
        others.entry(login).or_insert_with(open).clone()
    }

    pub(super) async fn close(&self) {
        let doors = self.all();
        join_all(doors.iter().map(|door| door.pool.close())).await;
    }

    fn all(&self) -> Vec<Door> {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = [&self.first, &self.directory];
        others.values().chain(mine).cloned().collect()
    }
}
