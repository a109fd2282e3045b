//! From a pool into a transaction.

use std::sync::Arc;

use sea_orm::Statement;
use sqlx::PgPool;

use super::Access;
use super::flight::Answer;
use super::hand::{Begun, Hand};
use super::held::Held;
use super::pool::{Client, Pool, Served, Stand};
use super::question::Question;
use crate::error::{is_denied, is_lost};

/// How often another connection is tried than the one that the pool gave.
const ATTEMPTS: u32 = 2;

/// How to enter.
pub(super) struct Entry {
    pub(super) source: Source,
    pub(super) begin: Arc<Begin>,
    pub(super) access: Access,
    /// Whose the statements are that are kept prepared, if any are.
    pub(super) keeps: Option<String>,
}

/// `BEGIN` and the `SET LOCAL`s, sent as one simple query: one round trip.
pub(super) struct Begin {
    pub(super) words: String,
    /// How many there are.
    pub(super) commands: usize,
}

/// What a scope asks first.
pub(super) struct First {
    question: Arc<Question>,
    then: Then,
}

/// What follows the first statement of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Perhaps others.
    More,
    /// Nothing. What was only read needn't be kept.
    Nothing,
    /// The `COMMIT`.
    Commit,
}

/// How a scope was entered.
pub(super) enum Entered {
    /// It goes on, and its question was answered if it could be sent so.
    Open(Held, Option<Answer>),
    /// All that it asked was answered, and it has ended.
    Over(Answer),
}

/// Where connections come from.
pub(super) enum Source {
    Serving(Pool, Client),
    Operating(PgPool),
}

impl Entry {
    /// Begins.
    pub(super) async fn enter(&self) -> Result<Held, sqlx::Error> {
        let hand = self.source.hand().await?;
        match self.begun(hand, None).await? {
            Entered::Open(held, _) => Ok(held),
            // Nobody commits what wasn't asked.
            Entered::Over(_) => Err(sqlx::Error::PoolClosed),
        }
    }

    /// Begins, and has this asked on the way if it can be sent so; or has it asked by somebody else.
    pub(super) async fn enter_with(&self, first: &First) -> Result<Entered, sqlx::Error> {
        let hand = match &self.source {
            Source::Serving(pool, client) if first.then == Then::Nothing => {
                match pool.share(*client, &first.question).await? {
                    Served::Lease(lease) => Hand::Serving(lease),
                    Served::Rows(rows) => return Ok(Entered::Over(Ok(rows))),
                }
            }
            source => source.hand().await?,
        };
        self.begun(hand, Some(first)).await
    }

    /// A connection may have died in the pool, or PostgreSQL may have missed there that the tenant's
    /// role was granted; as nothing was done yet, another is tried.
    async fn begun(&self, mut hand: Hand, first: Option<&First>) -> Result<Entered, sqlx::Error> {
        let mut attempts = self.source.attempts();
        let mut in_company = true;
        loop {
            match self.begin(&mut hand, first, in_company).await {
                Ok(Begun::Answered(answer)) => {
                    return Ok(Entered::Open(self.held(hand), Some(answer)));
                }
                Ok(Begun::Over(answer)) => return Ok(Entered::Over(answer)),
                Ok(Begun::Unsent) => return Ok(Entered::Open(self.held(hand), None)),
                Ok(Begun::Late) => {
                    in_company = false;
                    drop(hand);
                    hand = self.source.hand().await?;
                }
                Err(error) if attempts > 0 && (is_lost(&error) || is_denied(&error)) => {
                    attempts -= 1;
                    hand = self.source.another(hand).await?;
                }
                Err(error) => {
                    *hand.stand() = Stand::Unknown;
                    return Err(error);
                }
            }
        }
    }

    /// Begins, with this question if it can be sent so.
    async fn begin(
        &self,
        hand: &mut Hand,
        first: Option<&First>,
        in_company: bool,
    ) -> Result<Begun, sqlx::Error> {
        if let Some(First { question, then }) = first {
            let begun = hand.begin_with(question, self.access, *then, in_company);
            match begun.await? {
                Begun::Unsent => {}
                begun => return Ok(begun),
            }
        }
        hand.begin(&self.begin, self.access).await?;
        Ok(Begun::Unsent)
    }

    /// This statement as it is asked first, if it can be sent so.
    pub(super) fn first(&self, statement: &Statement, then: Then) -> Option<First> {
        let question = Question::new(&self.begin, &self.stamp()?, statement)?;
        let then = match (self.access, then) {
            (Access::Read, Then::Nothing | Then::Commit) => Then::Nothing,
            (Access::Write, Then::Commit) => Then::Commit,
            _ => Then::More,
        };
        Some(First {
            question: Arc::new(question),
            then,
        })
    }

    /// Begins anew on the same connection.
    pub(super) async fn enter_again(&self, mut hand: Hand) -> Result<Held, sqlx::Error> {
        hand.begin(&self.begin, self.access).await?;
        Ok(self.held(hand))
    }

    fn held(&self, hand: Hand) -> Held {
        Held::new(hand, self.access, self.stamp())
    }

    fn stamp(&self) -> Option<String> {
        let keeps = self.keeps.as_ref()?;
        let outdated = self.source.outdated();
        Some(format!("/*{keeps}.{outdated}*/ "))
    }
}

impl Source {
    async fn hand(&self) -> Result<Hand, sqlx::Error> {
        match self {
            Self::Serving(pool, client) => Ok(Hand::Serving(pool.acquire(*client).await?)),
            // sqlx's future is large, and those that serve shouldn't make room for it.
            Self::Operating(pool) => Ok(Hand::operating(Box::pin(pool.acquire()).await?)),
        }
    }

    /// Another connection in place of one that is of no use, and is closed.
    async fn another(&self, hand: Hand) -> Result<Hand, sqlx::Error> {
        if let (Self::Serving(_, client), Hand::Serving(mut lease)) = (self, hand) {
            lease.renew(*client).await?;
            return Ok(Hand::Serving(lease));
        }
        self.hand().await
    }

    fn attempts(&self) -> u32 {
        match self {
            Self::Serving(..) => ATTEMPTS,
            // Each that it has may have died.
            Self::Operating(pool) => pool.options().get_max_connections(),
        }
    }

    fn outdated(&self) -> u32 {
        match self {
            Self::Serving(pool, client) => pool.outdated(client.key),
            Self::Operating(_) => 0,
        }
    }
}
