//! One flight to PostgreSQL and back: how a scope begins, with its first statement, and before that the
//! whole of other scopes, which wait for the same connection and have nothing more to ask.
//!
//! Each has a transaction of its own, which the `ROLLBACK` before the next one ends. PostgreSQL answers
//! command by command, in order, so whose an answer is follows from counting; what doesn't add up is
//! nobody's, and the connection is closed. Where one fails PostgreSQL runs nothing of what comes after it.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use futures::stream::BoxStream;
use sqlx::Either;
use sqlx::postgres::{PgQueryResult, PgRow};
use tokio::time::sleep;

use super::enter::Then;
use super::pool::{Prepared, Reply};
use super::question::{Question, Words};
use crate::error::is_lost;

/// What ends a transaction in which was only read.
pub(super) const END: &str = "ROLLBACK; ";

const COMMIT: &str = "; COMMIT";

/// For how many times what somebody is patient who waits for a connection a flight may last while others
/// wait for its answers; for more where it has more statements. Then all who wait ask by themselves.
const LONG: u32 = 3;

/// How often a statement that took as long as that, or failed, must be quick until it shares a flight again.
const DOUBT: u8 = 16;

/// What is sent at once, who waits for the answers, and how far these have come.
pub(super) struct Flight<'q> {
    riders: Vec<Rider>,
    own: Own<'q>,
    /// A statement that takes longer isn't quick.
    patience: Duration,
    since: Instant,
    /// How many commands come before the own statement, but for what prepares it.
    frame: usize,
    /// How many riders PostgreSQL has answered.
    answered: usize,
    /// How many commands it has done of the next one, or else of the own.
    done: usize,
    /// What the last of these commands has answered so far.
    rows: Vec<PgRow>,
}

/// The statement of whoever has the connection.
pub(super) struct Own<'q> {
    pub(super) question: &'q Question,
    pub(super) words: Words,
    pub(super) then: Then,
}

/// One who was taken along.
pub(super) struct Rider {
    question: Arc<Question>,
    name: u64,
    /// How many its commands are. The last is its statement.
    commands: usize,
    /// None once it was answered.
    reply: Option<Reply>,
}

/// What an own statement answered. It may fail inside of a transaction that has begun well.
pub(super) type Answer = Result<Vec<PgRow>, sqlx::Error>;

/// How a flight ended.
pub(super) enum Landed {
    /// With the own answer, inside of its transaction.
    Answered(Answer),
    /// With the own answer, and its transaction is over: it was kept, or this is why not. Whoever lost the connection
    /// can't know.
    Kept(Answer),
    /// One before the own statement has failed, so that it was not run.
    Unasked,
    /// Not yet. Nobody wants to wait any longer.
    Late,
}

type Part = Either<PgQueryResult, PgRow>;
type Parts<'p> = BoxStream<'p, Result<Part, sqlx::Error>>;

impl Rider {
    pub(super) fn new(question: Arc<Question>, name: u64, reply: Reply) -> Self {
        Self {
            question,
            name,
            commands: 0,
            reply: Some(reply),
        }
    }
}

impl<'q> Flight<'q> {
    pub(super) fn new(riders: Vec<Rider>, own: Own<'q>, patience: Duration) -> Self {
        Self {
            riders,
            own,
            patience,
            since: Instant::now(),
            frame: 0,
            answered: 0,
            done: 0,
            rows: Vec::new(),
        }
    }

    /// Has the own statement share no other flight until it is known how this one went.
    pub(super) fn doubt(&self, prepared: &mut Prepared) {
        self.own.question.doubt(prepared);
    }

    /// What is sent on a connection where this must be said first.
    pub(super) fn text(&mut self, mut former: &'static str) -> String {
        let mut sql = String::new();
        for rider in &mut self.riders {
            rider.commands = rider.question.write(former, rider.name, &mut sql);
            former = END;
        }
        let begin = &self.own.question.begin;
        self.frame = begin.commands + usize::from(!former.is_empty());
        let end = if self.commits() { COMMIT } else { "" };
        sql.extend([former, &begin.words, &self.own.words.sql, end]);
        sql
    }

    /// Gives everybody their answer. With a `COMMIT` behind it the own one is the end of its transaction too.
    pub(super) async fn land(&mut self, parts: Parts<'_>) -> Result<Landed, sqlx::Error> {
        match self.hear(parts).await {
            Ok(Landed::Answered(Ok(rows))) if self.commits() => Ok(Landed::Kept(Ok(rows))),
            Ok(Landed::Answered(Err(error))) | Err(error)
                if self.commits() && self.may_be_kept(&error) =>
            {
                Ok(Landed::Kept(Err(error)))
            }
            landed => landed,
        }
    }

    /// Takes the answers in as they come.
    async fn hear(&mut self, mut parts: Parts<'_>) -> Result<Landed, sqlx::Error> {
        let mut alarm = pin!(sleep(self.limit()));
        loop {
            let part = tokio::select! {
                biased;
                part = parts.try_next() => part,
                () = &mut alarm, if self.answered < self.riders.len() => return Ok(Landed::Late),
            };
            let is_own = self.answered == self.riders.len();
            match part {
                Ok(Some(part)) => self.take(part)?,
                Ok(None) if is_own && self.done == self.commands() => {
                    return Ok(Landed::Answered(Ok(std::mem::take(&mut self.rows))));
                }
                Ok(None) => return Err(confused()),
                Err(error) if is_own && self.done >= self.frame => {
                    return Ok(Landed::Answered(Err(error)));
                }
                Err(error) if is_own || is_lost(&error) => return Err(error),
                Err(_) => return Ok(Landed::Unasked),
            }
        }
    }

    pub(super) fn commits(&self) -> bool {
        self.own.then == Then::Commit
    }

    /// Whether the `COMMIT` may have been done, or has failed. It hasn't been reached where PostgreSQL itself says that
    /// something before it failed; of a lost connection (class 08) somebody in between tells.
    fn may_be_kept(&self, error: &sqlx::Error) -> bool {
        let error = error.as_database_error();
        let is_told = error.is_some_and(|it| it.code().is_some_and(|it| !it.starts_with("08")));
        !is_told || self.done + 1 == self.commands()
    }

    fn statements(&self) -> u32 {
        u32::try_from(self.riders.len() + 1).unwrap_or(u32::MAX)
    }

    fn limit(&self) -> Duration {
        self.patience * self.statements().max(LONG)
    }

    fn take(&mut self, part: Part) -> Result<(), sqlx::Error> {
        let commands = self.commands();
        match part {
            Either::Right(row) if self.done + 1 == self.place() => self.rows.push(row),
            Either::Left(end) if self.done < commands => {
                self.done += 1;
                if self.done == commands && self.answered < self.riders.len() {
                    return self.answer(end.rows_affected());
                }
            }
            Either::Left(_) | Either::Right(_) => return Err(confused()),
        }
        Ok(())
    }

    /// Of how many commands the next answers are.
    fn commands(&self) -> usize {
        match self.riders.get(self.answered) {
            Some(rider) => rider.commands,
            None => self.place() + usize::from(self.commits()),
        }
    }

    /// Which of them is the statement.
    fn place(&self) -> usize {
        match self.riders.get(self.answered) {
            Some(rider) => rider.commands,
            None => self.frame + self.own.words.preparing() + 1,
        }
    }

    /// Gives the next rider their rows, which PostgreSQL has counted too.
    fn answer(&mut self, counted: u64) -> Result<(), sqlx::Error> {
        let rows = std::mem::take(&mut self.rows);
        if counted != rows.len() as u64 {
            return Err(confused());
        }
        if let Some(reply) = self.riders[self.answered].reply.take() {
            reply.answer(rows);
        }
        self.answered += 1;
        self.done = 0;
        Ok(())
    }

    /// Takes note of what is prepared now, and how it went.
    pub(super) fn note(mut self, prepared: &mut Prepared, landed: &Result<Landed, sqlx::Error>) {
        let words = &mut self.own.words;
        if let Some(new) = words.new.take()
            && self.done >= self.frame + new.commands
        {
            prepared.insert(new.text, words.name);
        }
        let took = self.since.elapsed();
        let doubt = if took > self.limit() {
            DOUBT
        } else {
            u8::from(took / self.statements() > self.patience)
        };
        let went_well = matches!(landed, Ok(Landed::Answered(Ok(_)) | Landed::Kept(Ok(_))));
        let statements = self.riders.iter().map(|rider| &*rider.question);
        for (nth, question) in statements.chain([self.own.question]).enumerate() {
            let failed = nth == self.answered && !went_well;
            question.ran(prepared, if failed { DOUBT } else { doubt });
        }
    }
}

fn confused() -> sqlx::Error {
    sqlx::Error::Protocol("answers came that nobody can have asked for".to_owned())
}
