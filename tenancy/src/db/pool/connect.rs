//! How connections are opened, and how long they last.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection};
use tokio::time::{sleep, timeout, timeout_at};

use super::gauges::Figures;
use super::{Client, Kept, Pool, Prepared};

/// Whatever a backend gathers that nobody counts goes in the end.
const LIFETIME: Duration = Duration::from_mins(30);

/// A firewall may have forgotten a connection on which nothing was said for so long.
const IDLE: Duration = Duration::from_mins(10);

/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long to wait first before a server that isn't up yet is asked again.
const AGAIN: Duration = Duration::from_millis(10);

impl Pool {
    /// Opens a connection of this login, outside of all slots.
    pub(in crate::db) async fn connect(&self, login: u16) -> Result<PgConnection, sqlx::Error> {
        self.connect_by(login, self.deadline()).await
    }

    /// Opens a connection of this login. One that is refused as the server isn't up yet is tried again.
    pub(super) async fn connect_by(
        &self,
        login: u16,
        deadline: Instant,
    ) -> Result<PgConnection, sqlx::Error> {
        let most = deadline.saturating_duration_since(Instant::now()) / 5;
        let mut pause = AGAIN;
        loop {
            if self.table().closed {
                return Err(sqlx::Error::PoolClosed);
            }
            let address = (self.0.plan.address)(login);
            match timeout_at(deadline.into(), address.connect()).await {
                Ok(Err(error)) if is_not_up(&error) => {}
                Ok(result) => return result,
                Err(_) => return Err(sqlx::Error::PoolTimedOut),
            }
            sleep(pause).await;
            pause = most.min(pause * 2);
        }
    }
}

fn is_not_up(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

impl Kept {
    pub(super) fn new(raw: PgConnection, login: u16, prepared: Prepared) -> Self {
        let now = Instant::now();
        Self {
            raw,
            login,
            opened: now,
            rested: now,
            open: false,
            interrupted: 0,
            seen: HashSet::new(),
            prepared,
        }
    }

    /// Whether it may serve this client.
    pub(super) fn fits(&self, client: Client) -> bool {
        self.login == client.login && self.rested.elapsed() < IDLE
    }

    /// Whether it knows this client, or may come to.
    pub(super) fn has_room(&self, client: Client, tenants: usize) -> bool {
        self.seen.len() < tenants.max(1) || self.seen.contains(&client.key)
    }

    /// Whether the room that is left should be kept for those at home here.
    pub(super) fn is_nearly_full(&self, tenants: usize) -> bool {
        self.seen.len() >= tenants - tenants / 8
    }

    pub(super) fn figures(&self) -> Figures {
        Figures {
            tenants: self.seen.len(),
            statements: self.raw.cached_statements_size() + self.prepared.len(),
        }
    }

    pub(super) fn is_old(&self) -> bool {
        self.opened.elapsed() > LIFETIME
    }

    /// Says farewell, so that PostgreSQL doesn't have to notice.
    pub(super) async fn close(self) {
        // Whatever happens, the connection is gone.
        let _ = timeout(FAREWELL, self.raw.close()).await;
    }
}
