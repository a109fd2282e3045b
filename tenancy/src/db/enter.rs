//! From a pool into a transaction.

use sqlx::PgPool;

use super::Access;
use super::first::First;
use super::hand::{Answer, Hand};
use super::held::Held;
use super::pool::{Client, Pool};
use crate::error::{is_denied, is_lost};

/// How often another connection is tried than the one that the pool gave.
const ATTEMPTS: u32 = 2;

/// How to enter.
pub(super) struct Entry {
    pub(super) source: Source,
    pub(super) begin: Begin,
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

/// Where connections come from.
pub(super) enum Source {
    Serving(Pool, Client),
    Operating(PgPool),
}

impl Entry {
    /// Begins, and has this statement answered on the way if it can be sent so. A connection may have
    /// died in the pool, or PostgreSQL may have missed there that the tenant's role was granted; as
    /// nothing was done yet, another is tried.
    pub(super) async fn enter(
        &self,
        first: Option<&First<'_>>,
    ) -> Result<(Held, Option<Answer>), sqlx::Error> {
        let mut hand = self.source.hand().await?;
        let mut attempts = self.source.attempts();
        loop {
            match self.begin(&mut hand, first).await {
                Err(error) if attempts > 0 && (is_lost(&error) || is_denied(&error)) => {
                    attempts -= 1;
                    hand = self.source.another(hand).await?;
                }
                result => return result.map(|answer| (self.held(hand), answer)),
            }
        }
    }

    async fn begin(
        &self,
        hand: &mut Hand,
        first: Option<&First<'_>>,
    ) -> Result<Option<Answer>, sqlx::Error> {
        if let Some(first) = first
            && let Some(stamp) = self.stamp()
            && let Some(words) = hand.words(first, &stamp)
        {
            let answer = hand.begin_with(&self.begin, self.access, words).await?;
            return Ok(Some(answer));
        }
        hand.begin(&self.begin, self.access).await?;
        Ok(None)
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
