//! Whether the session of an access token still stands, without asking the database each time.
//!
//! The session's row is the truth; this is a memory before it. Whoever ends a session announces it
//! in the transaction that does so, and every process hears of it. An announcement only raises
//! doubt: the next request asks the row, so that a false one costs a question and nothing else.
//! Where something may have been missed the row is asked too: for tokens that are older than the
//! connection that hears, and for all of them while there is none.

use std::collections::{HashMap, VecDeque};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache;
use sea_orm::{ConnectionTrait, DbErr};
use tenancy::{Change, Follower, announce};
use uuid::Uuid;

use crate::auth::token::LEEWAY;
use crate::auth::{Principal, ReadToken};

/// How many doubts are kept. With more, every token that is older than this moment is asked about.
const MOST_DOUBTS: usize = 100_000;

/// How many answers are kept; one that is not is asked for again.
const MOST_ANSWERS: usize = 100_000;

/// How many sessions fit into one announcement.
const ANNOUNCED_AT_ONCE: usize = 100;

/// What announcements of ended sessions begin with.
const TOPIC: &str = "sessions";

/// Tells every process that these sessions may have ended, once the transaction of `db` commits.
pub(in crate::app) async fn announce_ended(
    db: &impl ConnectionTrait,
    sessions: &[Uuid],
) -> Result<(), DbErr> {
    for some in sessions.chunks(ANNOUNCED_AT_ONCE) {
        let ids = some.iter().map(|id| id.simple().to_string());
        let words: Vec<_> = std::iter::once(TOPIC.to_owned()).chain(ids).collect();
        announce(db, &Change::Other(words.join(" "))).await?;
    }
    Ok(())
}

/// What this process knows of sessions.
pub struct Standing {
    known: RwLock<Known>,
    /// By all that a token says, so that one with an old role isn't taken for the one with the new.
    answers: Cache<Principal, Answer>,
    /// How old a token may be, and how long a doubt is kept: longer than any token lives.
    life: Duration,
}

struct Known {
    /// Since when every announcement is heard; `None` while it isn't.
    since: Option<DateTime<Utc>>,
    /// An answer that is younger than this was not overtaken by anything unheard.
    sound: u64,
    /// The doubts that were raised, each at its time.
    doubts: HashMap<Uuid, u64>,
    /// The same in the order in which they came, and when they may go.
    order: VecDeque<(Instant, Uuid, u64)>,
    /// Counts what was heard, so that an answer can be told from an older one.
    clock: u64,
}

/// What a row said, and what had been heard when it was asked.
#[derive(Clone, Copy)]
struct Answer {
    stands: bool,
    at: u64,
    since: Instant,
}

/// What is known of a token's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    Stands,
    Ended,
    /// Only the row knows. The number goes to [`Standing::keep`] with what it said.
    Ask(u64),
}

impl Standing {
    /// Nothing is known, and nothing heard, until somebody [follows](Follower).
    pub fn new(access_ttl: Duration) -> Self {
        let life = access_ttl + Duration::from_mins(1);
        Self {
            known: RwLock::new(Known {
                since: None,
                sound: 0,
                doubts: HashMap::new(),
                order: VecDeque::new(),
                clock: 0,
            }),
            answers: Cache::new(MOST_ANSWERS),
            life,
        }
    }

    pub(super) fn judge(&self, token: &ReadToken, now: DateTime<Utc>) -> Judged {
        let session = token.principal.session();
        let answer = self.answers.get(&token.principal);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let doubt = known.doubts.get(&session).copied();
        let answer = answer.filter(|answer| answer.since.elapsed() < self.life);
        match answer.filter(|answer| known.believes(*answer, doubt)) {
            Some(Answer { stands: true, .. }) => return Judged::Stands,
            Some(Answer { stands: false, .. }) => return Judged::Ended,
            None => {}
        }
        let heard_of_all = known.since.is_some_and(|since| {
            let leeway = TimeDelta::seconds(LEEWAY);
            let age = (now - token.minted_at).to_std().unwrap_or_default();
            // A token older than doubts are kept was minted by servers of another configuration.
            token.minted_at >= since + leeway && age < self.life
        });
        if heard_of_all && doubt.is_none() {
            Judged::Stands
        } else {
            Judged::Ask(known.clock)
        }
    }

    /// Keeps what the row said to a question of that time.
    pub(super) fn keep(&self, who: &Principal, at: u64, stands: bool) {
        let since = Instant::now();
        self.answers.insert(*who, Answer { stands, at, since });
    }

    /// The next request of this session asks its row.
    pub fn doubt(&self, session: Uuid) {
        let now = Instant::now();
        let mut known = self.known();
        known.forget_until(now);
        if known.doubts.len() >= MOST_DOUBTS {
            let since = known.since.map(|_| Utc::now());
            known.begin(since);
        }
        known.clock += 1;
        let at = known.clock;
        known.doubts.insert(session, at);
        known.order.push_back((now + self.life, session, at));
    }

    fn known(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn believes(&self, answer: Answer, doubt: Option<u64>) -> bool {
        let young = answer.at >= self.sound && doubt.is_none_or(|doubt| answer.at >= doubt);
        self.since.is_some() && young
    }

    /// Everything that came before this moment may be otherwise by now.
    fn begin(&mut self, since: Option<DateTime<Utc>>) {
        self.clock += 1;
        self.sound = self.clock;
        self.since = since;
        self.doubts.clear();
        self.order.clear();
    }

    /// Drops the doubts whose tokens have all expired.
    fn forget_until(&mut self, now: Instant) {
        while let Some((until, session, at)) = self.order.front().copied() {
            if until > now {
                break;
            }
            self.order.pop_front();
            if self.doubts.get(&session) == Some(&at) {
                self.doubts.remove(&session);
            }
        }
    }
}

impl Follower for Standing {
    fn listening(&self) {
        self.known().begin(Some(Utc::now()));
    }

    fn deaf(&self) {
        self.known().begin(None);
    }

    fn heard(&self, words: &str) {
        let mut words = words.split(' ');
        if words.next() != Some(TOPIC) {
            return;
        }
        for session in words.filter_map(|word| Uuid::try_parse(word).ok()) {
            self.doubt(session);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::TenantRole;

    const TTL: Duration = Duration::from_mins(10);

    fn token(session: Uuid, age: i64) -> ReadToken {
        let tenant = Uuid::from_u128(1);
        ReadToken {
            principal: Principal::of_tenant(tenant, Uuid::nil(), session, TenantRole::Owner),
            minted_at: Utc::now() - TimeDelta::seconds(age),
        }
    }

    fn judge(standing: &Standing, token: &ReadToken) -> Judged {
        standing.judge(token, Utc::now())
    }

    /// As if it had listened for so many seconds.
    fn listening(seconds: i64) -> Standing {
        let standing = Standing::new(TTL);
        let since = Utc::now() - TimeDelta::seconds(seconds);
        standing.known().begin(Some(since));
        standing
    }

    fn answer(standing: &Standing, token: &ReadToken, stands: bool) {
        match judge(standing, token) {
            Judged::Ask(at) => standing.keep(&token.principal, at, stands),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_younger_than_the_connection_costs_no_question() {
        let standing = listening(60);
        assert_eq!(judge(&standing, &token(Uuid::max(), 0)), Judged::Stands);
        assert_eq!(judge(&standing, &token(Uuid::max(), 54)), Judged::Stands);
        // The servers' clocks may be apart.
        for age in [56, 61, 3_600] {
            let judged = judge(&standing, &token(Uuid::max(), age));
            assert!(matches!(judged, Judged::Ask(_)), "{age}: {judged:?}");
        }
    }

    #[test]
    fn whoever_hears_nothing_asks_every_time() {
        let standing = Standing::new(TTL);
        let young = token(Uuid::max(), 0);
        answer(&standing, &young, true);
        assert!(matches!(judge(&standing, &young), Judged::Ask(_)));

        standing.listening();
        answer(&standing, &young, true);
        assert_eq!(judge(&standing, &young), Judged::Stands);
        standing.deaf();
        assert!(matches!(judge(&standing, &young), Judged::Ask(_)));
    }

    #[test]
    fn an_announcement_raises_a_doubt_that_the_row_settles() {
        let standing = listening(60);
        let [one, other] = [token(Uuid::from_u128(7), 0), token(Uuid::from_u128(8), 0)];
        let id = one.principal.session().simple();
        standing.heard(&format!("sessions {id} {}", Uuid::from_u128(9).simple()));
        assert_eq!(judge(&standing, &other), Judged::Stands);
        answer(&standing, &one, true);
        assert_eq!(judge(&standing, &one), Judged::Stands);

        standing.heard(&format!("sessions {id}"));
        answer(&standing, &one, false);
        assert_eq!(judge(&standing, &one), Judged::Ended);
        standing.deaf();
        assert!(matches!(judge(&standing, &one), Judged::Ask(_)));
    }

    #[test]
    fn an_answer_about_one_role_says_nothing_of_another() {
        let standing = listening(60);
        let old = token(Uuid::from_u128(7), 0);
        let (user, session) = (old.principal.user(), old.principal.session());
        let tenant = Uuid::from_u128(1);
        let new = ReadToken {
            principal: Principal::of_tenant(tenant, user, session, TenantRole::Staff),
            ..old
        };
        standing.doubt(session);
        answer(&standing, &old, false);
        answer(&standing, &new, true);
        assert_eq!(judge(&standing, &old), Judged::Ended);
        assert_eq!(judge(&standing, &new), Judged::Stands);
    }

    #[test]
    fn an_answer_that_was_overtaken_is_not_believed() {
        let standing = listening(60);
        let one = token(Uuid::from_u128(7), 0);
        standing.doubt(one.principal.session());
        let Judged::Ask(at) = judge(&standing, &one) else {
            panic!("it is in doubt");
        };
        standing.doubt(one.principal.session());
        standing.keep(&one.principal, at, true);
        assert!(matches!(judge(&standing, &one), Judged::Ask(_)));
    }

    #[test]
    fn the_same_session_id_at_two_tenants_is_two_sessions() {
        let standing = listening(60);
        let one = token(Uuid::from_u128(7), 0);
        let (user, session) = (one.principal.user(), one.principal.session());
        let elsewhere = Uuid::from_u128(2);
        let other = ReadToken {
            principal: Principal::of_tenant(elsewhere, user, session, TenantRole::Owner),
            ..one
        };
        standing.doubt(session);
        answer(&standing, &one, false);
        answer(&standing, &other, true);
        assert_eq!(judge(&standing, &one), Judged::Ended);
        assert_eq!(judge(&standing, &other), Judged::Stands);
    }

    #[test]
    fn other_words_mean_nothing() {
        let standing = listening(60);
        let one = token(Uuid::from_u128(7), 0);
        let id = one.principal.session().simple();
        for words in [&format!("tea {id}"), "", "sessions", "sessions seven"] {
            standing.heard(words);
            assert_eq!(judge(&standing, &one), Judged::Stands, "{words}");
        }
    }

    #[test]
    fn doubts_go_when_their_tokens_have_expired_and_never_pile_up() {
        let standing = listening(60);
        standing.doubt(Uuid::from_u128(7));
        let later = Instant::now() + TTL + Duration::from_secs(61);
        standing.known().forget_until(later);
        assert!(standing.known().doubts.is_empty());

        let first = token(Uuid::from_u128(0), 0);
        for n in 0..=MOST_DOUBTS {
            standing.doubt(Uuid::from_u128(n as u128));
        }
        assert_eq!(standing.known().doubts.len(), 1);
        assert_eq!(standing.known().order.len(), 1);
        // What was forgotten is asked about.
        assert!(matches!(judge(&standing, &first), Judged::Ask(_)));
    }
}
