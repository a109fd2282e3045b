//! From a pool into a transaction.

use sqlx::PgPool;

use super::Access;
use super::hand::Hand;
use super::held::Held;
use super::pool::{Client, Pool};
use crate::error::{is_denied, is_lost};

/// How often another connection is tried than the one that the pool gave.
const ATTEMPTS: u32 = 2;

/// How to enter.
pub(super) struct Entry {
    pub(super) source: Source,
    /// `BEGIN` and the `SET LOCAL`s, sent as one simple query: one round trip.
    pub(super) begin: String,
    pub(super) access: Access,
    /// Whose the statements are that are kept prepared, if any are.
    pub(super) keeps: Option<String>,
}

/// Where connections come from.
pub(super) enum Source {
    Serving(Pool, Client),
    Operating(PgPool),
}

impl Entry {
    /// Begins. A connection may have died in the pool, or PostgreSQL may have missed there that the
    /// tenant's role was granted; as nothing was done yet, another is tried.
    pub(super) async fn enter(&self) -> Result<Held, sqlx::Error> {
        let mut hand = self.source.hand().await?;
        let mut attempts = self.source.attempts();
        loop {
            match hand.begin(&self.begin, self.access).await {
                Err(error) if attempts > 0 && (is_lost(&error) || is_denied(&error)) => {
                    attempts -= 1;
                    hand = self.source.another(hand).await?;
                }
                result => return result.map(|()| self.held(hand)),
            }
        }
    }

    /// Begins anew on the same connection.
    pub(super) async fn enter_again(&self, mut hand: Hand) -> Result<Held, sqlx::Error> {
        hand.begin(&self.begin, self.access).await?;
        Ok(self.held(hand))
    }

    fn held(&self, hand: Hand) -> Held {
        let stamp = self.keeps.as_ref().map(|keeps| {
            let outdated = self.source.outdated();
            format!("/*{keeps}.{outdated}*/ ")
        });
        Held::new(hand, self.access, stamp)
    }
}

impl Source {
    async fn hand(&self) -> Result<Hand, sqlx::Error> {
        match self {
            Self::Serving(pool, client) => Ok(Hand::Serving(pool.acquire(*client).await?)),
            Self::Operating(pool) => Ok(Hand::operating(pool.acquire().await?)),
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
