//! A connection inside its transaction, and the savepoints that are open in it.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor};

use super::Access;
use super::hand::Hand;
use super::pool::{Stand, settled};
use crate::error::{Error, is_lost, is_stale};

/// A savepoint, told apart from every other of its transaction: depths come back, marks don't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(u64);

/// The connection of an open frame. Dropping it rolls back.
///
/// Whoever waits for an answer may be cancelled. So each question is noted before it is asked, and
/// crossed out when its answer has been seen: until then nobody knows how the connection stands, and
/// where it is dropped the pool waits for the answer, or closes it.
pub(super) struct Held {
    hand: Hand,
    /// How it stands while no answer is awaited.
    inside: Stand,
    /// What is said before each statement that is kept prepared, if any are.
    stamp: Option<String>,
    /// The savepoints that are open, outermost first.
    marks: Vec<Mark>,
    last: Mark,
    /// How many statements have succeeded. As long as none has, beginning anew loses nothing.
    answered: u64,
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
    pub(super) fn new(hand: Hand, access: Access, stamp: Option<String>) -> Self {
        Self {
            hand,
            inside: Stand::inside(access),
            stamp,
            marks: Vec::new(),
            last: Mark(0),
            answered: 0,
            unseen: false,
            suspect: false,
            torn: false,
        }
    }

    /// What is said before each statement that is kept prepared, if any are.
    pub(super) fn stamp(&self) -> Option<&str> {
        self.stamp.as_deref()
    }

    pub(super) fn is_fresh(&self) -> bool {
        self.answered == 0
    }

    /// The connection, still inside the transaction.
    pub(super) fn into_hand(self) -> Hand {
        self.hand
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
        self.ask();
        self.hand.connection()
    }

    /// Takes note that a statement has been sent, whose result [`Held::judge`] must see.
    pub(super) fn ask(&mut self) {
        self.unseen = true;
        self.suspect = true;
        if self.inside != Stand::Unknown {
            *self.hand.stand() = Stand::Unseen;
        }
    }

    /// Has the connection closed at the end of its transaction, with whatever is left on it.
    pub(super) fn close_at_end(&mut self) {
        self.inside = Stand::Unknown;
        *self.hand.stand() = self.inside;
    }

    /// Takes note of how a statement went. One that succeeds proves that the transaction stands.
    pub(super) fn judge(&mut self, result: Result<(), &sqlx::Error>) {
        match result {
            Ok(()) => {
                self.suspect = false;
                self.answered += 1;
            }
            Err(error) if is_lost(error) => self.inside = Stand::Unknown,
            Err(error) if is_stale(error) && !self.hand.outdate() => self.inside = Stand::Unknown,
            Err(_) => {}
        }
        self.seen();
    }

    fn seen(&mut self) {
        self.unseen = false;
        *self.hand.stand() = self.inside;
    }

    /// Waits for the answers that nobody waited for, lest they be taken for those of the next
    /// statement.
    pub(super) async fn settle(&mut self) -> Result<(), sqlx::Error> {
        if self.unseen {
            if let Err(error) = settled(self.hand.connection()).await {
                self.judge(Err(&error));
                return Err(error);
            }
            self.answered += 1;
            self.seen();
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
            self.say("SELECT").await.map_err(|error| {
                if is_lost(&error) {
                    error.into()
                } else {
                    Error::Aborted
                }
            })?;
        }
        self.say("COMMIT").await?;
        if self.inside != Stand::Unknown {
            *self.hand.stand() = Stand::Clean;
        }
        Ok(())
    }

    async fn say(&mut self, words: &'static str) -> Result<(), sqlx::Error> {
        let result = self.connection().execute(words).await;
        self.judge(result.as_ref().map(|_| ()));
        result.map(drop)
    }
}

fn name(mark: Mark) -> String {
    format!("nested_{}", mark.0)
}
