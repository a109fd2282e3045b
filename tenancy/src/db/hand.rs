//! A connection from either kind of pool, and whether it is inside a transaction.

use futures::TryStreamExt;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Either, Executor, Postgres};
use tokio::runtime::Handle;

use super::Access;
use super::enter::Begin;
use super::first::{First, Words};
use super::pool::{Lease, Prepared, Stand};

/// A connection in hand. Dropping it gives it back, undoing what was left undone, or closes it.
///
/// Nothing here counts transactions as sqlx does, which loses count when somebody is cancelled:
/// where it stands is unknown while an answer is awaited.
pub(super) enum Hand {
    Serving(Lease),
    Operating(Operating),
}

/// What a statement answered.
pub(super) type Answer = Result<Vec<PgRow>, sqlx::Error>;

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
    pub(super) async fn begin(&mut self, begin: &Begin, access: Access) -> Result<(), sqlx::Error> {
        let words = AssertSqlSafe([self.end_former(), &begin.words].concat());
        self.connection().execute(words).await?;
        *self.stand() = Stand::inside(access);
        Ok(())
    }

    /// The same, with a statement in the same flight. Its answer is its own: it may fail inside of a
    /// transaction that has begun well.
    pub(super) async fn begin_with(
        &mut self,
        begin: &Begin,
        access: Access,
        words: Words,
    ) -> Result<Answer, sqlx::Error> {
        let former = self.end_former();
        let frame = begin.commands + usize::from(!former.is_empty());
        let sql = AssertSqlSafe([former, &begin.words, &words.sql].concat());
        let (mut done, mut rows) = (0, Vec::new());
        let mut parts = sqlx::raw_sql(sql).fetch_many(self.connection());
        let end = loop {
            match parts.try_next().await {
                Ok(Some(Either::Left(_))) => done += 1,
                Ok(Some(Either::Right(row))) => rows.push(row),
                Err(error) if done < frame => return Err(error),
                end => break end,
            }
        };
        drop(parts);
        if let Some(new) = words.new
            && done >= frame + new.commands
            && let Some(prepared) = self.prepared()
        {
            prepared.insert(new.text, new.name);
        }
        *self.stand() = Stand::inside(access);
        Ok(end.map(|_| rows))
    }

    /// What is to be said first. Until an answer has come, nobody knows how the connection stands.
    fn end_former(&mut self) -> &'static str {
        match std::mem::replace(self.stand(), Stand::Unknown) {
            Stand::Clean => "",
            _ => "ROLLBACK; ",
        }
    }

    /// How a first statement is sent on this connection, if it can be.
    pub(super) fn words(&mut self, first: &First<'_>, stamp: &str) -> Option<Words> {
        first.words(stamp, self.prepared()?)
    }

    fn prepared(&mut self) -> Option<&mut Prepared> {
        match self {
            Self::Serving(lease) => Some(lease.prepared()),
            Self::Operating(_) => None,
        }
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
