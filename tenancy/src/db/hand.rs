//! A connection from either kind of pool, and whether it is inside a transaction.

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor, Postgres};
use tokio::runtime::Handle;

use super::Access;
use super::enter::{Begin, Then};
use super::flight::{Answer, END, Flight, Landed, Own};
use super::pool::{Lease, Stand};
use super::question::Question;
use crate::error::is_lost;

/// A connection in hand. Dropping it gives it back, undoing what was left undone, or closes it.
///
/// Nothing here counts transactions as sqlx does, which loses count when somebody is cancelled:
/// where it stands is unknown while an answer is awaited.
pub(super) enum Hand {
    Serving(Lease),
    Operating(Operating),
}

/// What came of beginning with a statement.
pub(super) enum Begun {
    /// What it answered.
    Answered(Answer),
    /// Nothing, for it can only be sent by itself.
    Unsent,
    /// Nothing yet, for the company takes long. The answers are still on their way.
    Late,
    /// What it answered, or why that wasn't kept, and the transaction is over. Who loses the connection can't know
    /// whether it was kept.
    Over(Answer),
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
    pub(super) async fn begin(&mut self, begin: &Begin, access: Access) -> Result<(), sqlx::Error> {
        let words = AssertSqlSafe([end_former(self.stand()), &begin.words].concat());
        self.connection().execute(words).await?;
        *self.stand() = Stand::inside(access);
        Ok(())
    }

    /// The same, with a statement in the same flight, and in company with those who wait for this connection and can
    /// be taken along.
    pub(super) async fn begin_with(
        &mut self,
        question: &Question,
        access: Access,
        then: Then,
        in_company: bool,
    ) -> Result<Begun, sqlx::Error> {
        let Self::Serving(lease) = self else {
            return Ok(Begun::Unsent);
        };
        let then = match then {
            // Where it turns out to be gone nobody could say whether anything was kept, nor ask again.
            Then::Commit if !lease.is_surely_alive() => Then::More,
            then => then,
        };
        let in_company = in_company && access == Access::Read;
        let (mut riders, patience) = lease.board(question, in_company);
        loop {
            let Some(words) = question.words(lease.prepared()) else {
                return Ok(Begun::Unsent);
            };
            let own = Own {
                question,
                words,
                then,
            };
            let flight = Flight::new(std::mem::take(&mut riders), own, patience);
            match fly(lease, flight).await? {
                Landed::Answered(answer) => {
                    lease.stand = Stand::inside(access);
                    return Ok(Begun::Answered(answer));
                }
                Landed::Kept(answer) => {
                    lease.stand = match &answer {
                        Ok(_) => Stand::Clean,
                        Err(error) if is_lost(error) => Stand::Unknown,
                        // A cancellation comes before the `COMMIT` is tried.
                        Err(_) => Stand::Written,
                    };
                    return Ok(Begun::Over(answer));
                }
                Landed::Unasked => {}
                Landed::Late => {
                    lease.stand = Stand::Late;
                    return Ok(Begun::Late);
                }
            }
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

async fn fly(lease: &mut Lease, mut flight: Flight<'_>) -> Result<Landed, sqlx::Error> {
    // Should this be interrupted, nobody will know how it went.
    flight.doubt(lease.prepared());
    let former = end_former(&mut lease.stand);
    let text = AssertSqlSafe(flight.text(former));
    // Else it may be interrupted before it was sent, inside of the former transaction.
    if flight.commits() && former.is_empty() {
        lease.stand = Stand::Unkept;
    }
    let parts = sqlx::raw_sql(text).fetch_many(lease.connection());
    let landed = flight.land(parts).await;
    flight.note(lease.prepared(), &landed);
    landed
}

/// What is to be said first. Until an answer has come, nobody knows how the connection stands.
fn end_former(stand: &mut Stand) -> &'static str {
    match std::mem::replace(stand, Stand::Unseen) {
        Stand::Clean => "",
        _ => END,
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
