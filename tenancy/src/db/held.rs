//! A connection inside its transaction, and the savepoints that are open in it.

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgTransactionManager};
use sqlx::{AssertSqlSafe, Connection, Executor, Postgres};
use sqlx_core::transaction::TransactionManager;

use crate::error::{Error, is_lost, is_stale};

/// A savepoint, told apart from every other of its transaction: depths come back, marks don't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(u64);

/// The connection of an open frame. Dropping it rolls back.
///
/// Whoever waits for an answer may be cancelled. So each question is noted before it is asked, and
/// crossed out when its answer has been seen.
pub(super) struct Held {
    connection: PoolConnection<Postgres>,
    /// The savepoints that are open, outermost first.
    marks: Vec<Mark>,
    last: Mark,
    /// An answer is on its way that nobody waited for.
    unseen: bool,
    /// No statement has succeeded since one failed or was cancelled: PostgreSQL may answer `COMMIT`
    /// with a roll back.
    suspect: bool,
    /// A move between savepoints was begun and its end never seen, so nobody knows in which one
    /// the transaction stands.
    torn: bool,
}

impl Held {
    /// Takes over a connection on which a transaction has just begun.
    pub(super) fn new(connection: PoolConnection<Postgres>) -> Self {
        Self {
            connection,
            marks: Vec::new(),
            last: Mark(0),
            unseen: false,
            suspect: false,
            torn: false,
        }
    }

    pub(super) fn is_torn(&self) -> bool {
        self.torn
    }

    pub(super) fn is_open(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
    }

    pub(super) fn has_marks(&self) -> bool {
        !self.marks.is_empty()
    }

    /// The connection for one statement, whose result [`Held::judge`] must see.
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        self.unseen = true;
        self.suspect = true;
        &mut self.connection
    }

    /// Has the connection closed at the end of its transaction, with whatever is left on it.
    pub(super) fn close_at_end(&mut self) {
        self.connection.close_on_drop();
    }

    /// Takes note of how a statement went. One that succeeds proves that the transaction stands.
    pub(super) fn judge(&mut self, result: Result<(), &sqlx::Error>) {
        self.unseen = false;
        match result {
            Ok(()) => self.suspect = false,
            Err(error) if is_lost(error) || is_stale(error) => self.connection.close_on_drop(),
            Err(_) => {}
        }
    }

    /// Waits for the answers that nobody waited for, lest they be taken for those of the next
    /// statement.
    pub(super) async fn settle(&mut self) -> Result<(), sqlx::Error> {
        while self.unseen {
            match self.connection.ping().await {
                Err(error) if is_lost(&error) => {
                    self.judge(Err(&error));
                    return Err(error);
                }
                // That statement's failure; more may be on its way behind it.
                Err(_) => {}
                Ok(()) => self.unseen = false,
            }
        }
        Ok(())
    }

    pub(super) async fn savepoint(&mut self) -> Result<Mark, sqlx::Error> {
        self.last.0 += 1;
        let mark = self.last;
        self.turn(format!("SAVEPOINT {}", name(mark))).await?;
        self.marks.push(mark);
        Ok(mark)
    }

    /// Keeps what was done since a savepoint: the innermost, or nothing happens.
    pub(super) async fn release(&mut self, mark: Mark) -> Result<bool, sqlx::Error> {
        if self.marks.last() != Some(&mark) {
            return Ok(false);
        }
        self.turn(format!("RELEASE SAVEPOINT {}", name(mark)))
            .await?;
        self.marks.pop();
        Ok(true)
    }

    /// Undoes what was done since the outermost of these savepoints. Those that aren't open any
    /// more have been undone or kept already.
    pub(super) async fn undo(&mut self, marks: &[Mark]) -> Result<(), sqlx::Error> {
        let Some(at) = self.marks.iter().position(|open| marks.contains(open)) else {
            return Ok(());
        };
        let name = name(self.marks[at]);
        // Rolling back to a savepoint leaves it open.
        self.turn(format!(
            "ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}"
        ))
        .await?;
        self.marks.truncate(at);
        Ok(())
    }

    /// Moves between savepoints.
    async fn turn(&mut self, sql: String) -> Result<(), sqlx::Error> {
        self.torn = true;
        let result = self.connection().execute(AssertSqlSafe(sql)).await;
        self.judge(result.as_ref().map(|_| ()));
        self.torn = result.as_ref().is_err_and(is_lost);
        result.map(drop)
    }

    pub(super) async fn commit(mut self) -> Result<(), Error> {
        if self.suspect {
            // An aborted transaction refuses this; `COMMIT` would say yes and roll back.
            self.connection.execute("SELECT").await.map_err(|error| {
                if is_lost(&error) {
                    error.into()
                } else {
                    Error::Aborted
                }
            })?;
        }
        PgTransactionManager::commit(&mut self.connection).await?;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.unseen {
            // The pool would wait for the end of a statement that nobody waits for. Closed, the
            // connection makes room at once, and PostgreSQL notices and stops.
            self.connection.close_on_drop();
        } else if PgTransactionManager::get_transaction_depth(&self.connection) > 0 {
            PgTransactionManager::start_rollback(&mut self.connection);
        }
    }
}

fn name(mark: Mark) -> String {
    format!("nested_{}", mark.0)
}
