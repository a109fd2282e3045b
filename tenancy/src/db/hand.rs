//! A connection from either kind of pool, and whether it is inside a transaction.

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor, Postgres};
use tokio::runtime::Handle;

use super::Access;
use super::pool::{Lease, Stand};

/// A connection in hand. Dropping it gives it back, undoing what was left undone, or closes it.
///
/// Nothing here counts transactions as sqlx does, which loses count when somebody is cancelled:
/// where it stands is unknown while an answer is awaited.
pub(super) enum Hand {
    Serving(Lease),
    Operating(Operating),
}

impl Hand {
    pub(super) fn operating(connection: PoolConnection<Postgres>) -> Self {
        Self::Operating(Operating {
            connection: Some(connection),
            stand: Stand::Clean,
        })
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        match self {
            Self::Serving(lease) => lease.connection(),
            Self::Operating(operating) => operating.connection(),
        }
    }

    pub(super) fn stand(&mut self) -> &mut Stand {
        match self {
            Self::Serving(lease) => &mut lease.stand,
            Self::Operating(operating) => &mut operating.stand,
        }
    }

    /// Begins a transaction by these words, and ends the former one before, if there is one.
    pub(super) async fn begin(&mut self, begin: &str, access: Access) -> Result<(), sqlx::Error> {
        let stand = std::mem::replace(self.stand(), Stand::Unknown);
        let former = if stand == Stand::Clean {
            ""
        } else {
            "ROLLBACK; "
        };
        let words = AssertSqlSafe([former, begin].concat());
        self.connection().execute(words).await?;
        *self.stand() = Stand::inside(access);
        Ok(())
    }

    /// The statements that are kept on it are out of date. Without others to keep in their place it
    /// is of no more use: answers whether it is.
    pub(super) fn outdate(&self) -> bool {
        match self {
            Self::Serving(lease) => lease.outdate(),
            Self::Operating(_) => false,
        }
    }
}

impl Stand {
    pub(super) fn inside(access: Access) -> Self {
        match access {
            Access::Read => Self::Read,
            Access::Write => Self::Written,
        }
    }
}

/// A connection of sqlx's own pool.
pub(super) struct Operating {
    connection: Option<PoolConnection<Postgres>>,
    stand: Stand,
}

impl Operating {
    fn connection(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("taken only when dropped")
    }

    async fn undo(mut self) {
        if self.connection().execute("ROLLBACK").await.is_ok() {
            self.stand = Stand::Clean;
        }
    }
}

impl Drop for Operating {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        match (self.stand, Handle::try_current()) {
            (Stand::Clean, _) => {}
            (Stand::Read | Stand::Written, Ok(runtime)) => {
                // Should this be interrupted, it is closed.
                let rest = Self {
                    connection: Some(connection),
                    stand: Stand::Unknown,
                };
                runtime.spawn(rest.undo());
            }
            _ => connection.close_on_drop(),
        }
    }
}
