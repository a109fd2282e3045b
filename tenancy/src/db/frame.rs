//! One transaction on one connection, begun at its first statement.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{DbErr, Statement};
use sqlx::postgres::{PgConnection, PgRow};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::enter::{Entered, Entry, Then};
use super::held::{Held, Mark};
use crate::error::{Error, from_sqlx, is_stale};

/// The shared inside of a scope and its clones.
pub(super) struct Frame {
    entry: Entry,
    state: Arc<AsyncMutex<State>>,
    /// Savepoints that were dropped without an end. Whoever gets the connection next undoes them.
    abandoned: Mutex<Vec<Mark>>,
}

enum State {
    Waiting,
    Open(Held),
    /// By its last statement.
    Kept,
    Ended,
}

impl Frame {
    pub(super) fn new(entry: Entry) -> Self {
        Self {
            entry,
            state: Arc::new(AsyncMutex::new(State::Waiting)),
            abandoned: Mutex::default(),
        }
    }

    /// Whether statements are kept prepared on the connection.
    pub(super) fn keeps(&self) -> bool {
        self.entry.keeps.is_some()
    }

    /// The connection, inside the transaction and inside this savepoint, for as long as the guard
    /// lives.
    pub(super) async fn open(&self, within: Option<Mark>) -> Result<Open, DbErr> {
        let mut open = Open(Arc::clone(&self.state).lock_owned().await);
        if let State::Waiting = *open.0 {
            let held = self.entry.enter().await.map_err(from_sqlx)?;
            *open.0 = State::Open(held);
        }
        let held = open.held()?;
        if held.is_torn() {
            *open.0 = State::Ended;
            return Err(ended());
        }
        self.tidy(held).await.map_err(from_sqlx)?;
        if within.is_some_and(|mark| !held.is_open(mark)) {
            let error = "the nested transaction has ended, with one around it or with its scope";
            return Err(DbErr::Custom(error.into()));
        }
        Ok(open)
    }

    /// Begins with this statement, if nothing has begun and it can be sent so, and answers its rows. If nothing or a
    /// `COMMIT` is to follow it, that may be done then.
    pub(super) async fn open_with(
        &self,
        statement: &Statement,
        then: Then,
    ) -> Result<Option<Vec<PgRow>>, DbErr> {
        let mut open = Open(Arc::clone(&self.state).lock_owned().await);
        let State::Waiting = *open.0 else {
            return Ok(None);
        };
        let Some(first) = self.entry.first(statement, then) else {
            return Ok(None);
        };
        let entered = self.entry.enter_with(&first).await.map_err(from_sqlx)?;
        let (held, answer) = match entered {
            Entered::Open(held, answer) => (held, answer),
            Entered::Over(answer) => {
                *open.0 = match answer {
                    Ok(_) if then == Then::Commit => State::Kept,
                    _ => State::Ended,
                };
                return answer.map(Some).map_err(from_sqlx);
            }
        };
        *open.0 = State::Open(held);
        let Some(answer) = answer else {
            return Ok(None);
        };
        open.held()?.ask();
        // What was out of date is asked again, by itself.
        if self.renew(&mut open, &answer).await? {
            return Ok(None);
        }
        open.judge(answer).map(Some)
    }

    /// Begins anew if the first statement of the scope found what is kept of it out of date, so that
    /// it can be asked again. The tenant was migrated a moment ago.
    pub(super) async fn renew<T>(
        &self,
        open: &mut Open,
        result: &Result<T, sqlx::Error>,
    ) -> Result<bool, DbErr> {
        let Some(stale) = result.as_ref().err().filter(|error| is_stale(error)) else {
            return Ok(false);
        };
        if !open.held()?.is_fresh() {
            return Ok(false);
        }
        open.held()?.judge(Err(stale));
        // Should this fail or be interrupted, the next statement begins.
        let State::Open(held) = std::mem::replace(&mut *open.0, State::Waiting) else {
            return Err(ended());
        };
        let again = self.entry.enter_again(held.into_hand()).await;
        *open.0 = State::Open(again.map_err(from_sqlx)?);
        Ok(true)
    }

    /// Keeps what was done, unless nobody can tell what that is.
    pub(super) async fn commit(&self) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        if let State::Open(held) = &mut *state {
            if held.is_torn() {
                *state = State::Ended;
                return Err(Error::Aborted);
            }
            self.tidy(held).await?;
            if held.has_marks() {
                return Err(Error::Unfinished);
            }
        }
        match std::mem::replace(&mut *state, State::Ended) {
            State::Waiting => Ok(()),
            State::Open(held) => held.commit().await,
            State::Kept => {
                *state = State::Kept;
                Ok(())
            }
            State::Ended => Err(Error::Ended),
        }
    }

    /// Keeps what was done, as `commit` does, which is then of no effect.
    pub(super) async fn keep(&self) -> Result<(), Error> {
        self.commit().await?;
        *self.state.lock().await = State::Kept;
        Ok(())
    }

    /// Brings the transaction from wherever its users left it to where it ought to be.
    async fn tidy(&self, held: &mut Held) -> Result<(), sqlx::Error> {
        held.settle().await?;
        let abandoned = std::mem::take(&mut *self.abandoned());
        held.undo(&abandoned).await
    }

    /// Has a savepoint undone by whoever uses the connection next. Nobody needs to if that is the
    /// end of the scope.
    pub(super) fn abandon(&self, mark: Mark) {
        self.abandoned().push(mark);
    }

    /// Ends the transaction without waiting: the pool sends the `ROLLBACK` when it takes the
    /// connection back.
    pub(super) async fn end(&self) {
        *self.state.lock().await = State::Ended;
    }

    /// The same, unless the last statement has kept everything, or somebody is using a clone.
    pub(super) fn end_unless_kept(&self) {
        if let Ok(mut state) = self.state.try_lock()
            && !matches!(*state, State::Kept)
        {
            *state = State::Ended;
        }
    }

    fn abandoned(&self) -> std::sync::MutexGuard<'_, Vec<Mark>> {
        // Nothing can panic while it is held.
        self.abandoned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection inside its transaction.
pub(super) struct Open(OwnedMutexGuard<State>);

impl Open {
    pub(super) fn held(&mut self) -> Result<&mut Held, DbErr> {
        match &mut *self.0 {
            State::Open(held) => Ok(held),
            State::Waiting | State::Kept | State::Ended => Err(ended()),
        }
    }

    /// The connection for one statement, whose result [`Open::judge`] must see.
    pub(super) fn connection(&mut self) -> Result<&mut PgConnection, DbErr> {
        Ok(self.held()?.connection())
    }

    /// Takes note of how a statement went.
    pub(super) fn judge<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, DbErr> {
        if let Ok(held) = self.held() {
            held.judge(result.as_ref().map(|_| ()));
        }
        result.map_err(from_sqlx)
    }
}

fn ended() -> DbErr {
    DbErr::Custom(Error::Ended.to_string())
}
