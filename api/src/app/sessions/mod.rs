//! Signing in, staying signed in and signing out: one piece of code for the users of a tenant and
//! for the operators of the shared realm.
//!
//! A session is a login on one device. Its access tokens live for minutes and are seldom looked up:
//! `standing` says when. Its refresh tokens are good once each, and an old one that comes back ends
//! the session.
//!
//! - Every step runs in short scopes of its own, never in its caller's: what happened to a session
//!   must stay, even if the rest of the operation comes to nothing.
//! - No scope is open while a password is hashed or verified. What was read before is checked again
//!   by the statement that writes afterwards.
//! - Who signs in, signs out everywhere or changes a password locks the user's row first, and a
//!   session's row after it: nobody slips in between, and nobody waits in a circle.
//! - A session ends `refresh_ttl` after its login, however often it is refreshed.

pub(super) mod passwords;
mod realm;
mod row;
pub(super) mod standing;
mod store;
mod ticket;

use chrono::{DateTime, TimeDelta, Utc};
use tenancy::{Access, Scoped};
use uuid::Uuid;

use super::error::{Code, Error, Refusal, Result};
use crate::auth::permission::{EditSelf, SignIn};
use crate::auth::{Caller, Can, Denied, MintedToken, Password, Principal, ReadToken};
use crate::state::State;
use realm::Row;
use row::Shown;
use standing::Judged;
use ticket::Ticket;

pub use realm::Accounts;
pub use standing::Standing;

/// The sessions of one tenant's users, or of the operators.
pub struct Sessions<'a, A: Accounts> {
    state: &'a State,
    subject: &'a A::Subject,
}

/// What somebody gets who is signed in.
pub struct SignedIn<A: Accounts> {
    pub access: MintedToken,
    /// The token for the next access token, which takes the place of the one before. `None` where
    /// the client has one already that was given a moment ago.
    pub refresh: Option<String>,
    pub user: Row<A::User>,
}

impl<'a, A: Accounts> Sessions<'a, A> {
    pub fn new(state: &'a State, subject: &'a A::Subject) -> Self {
        Self { state, subject }
    }

    /// Begins a session.
    ///
    /// A wrong password, an unknown address and a disabled user get the same answer at the same
    /// cost: one look-up and one hash.
    pub async fn login(
        &self,
        _: Can<SignIn>,
        email: &str,
        password: String,
    ) -> Result<SignedIn<A>> {
        // Whose password it would be doesn't enter into this.
        let password = Password::parse(password).map_err(|_| wrong_login())?;
        let known = self.find_by_email(email).await?;
        let enabled = known.as_ref().map(A::login).filter(|user| !user.disabled);
        let user = self.verified(&password, enabled).await?;
        self.begin(user.ok_or_else(wrong_login)?).await
    }

    /// Gives a new access token for a refresh token, and the next refresh token with it.
    ///
    /// The one just before the current one is still good for a new access token for ten seconds,
    /// and never for a refresh token: of two tabs that refresh at once, the second finds the next
    /// token where the first has put it. Whoever shows an older one ends the session.
    pub async fn refresh(&self, _: Can<SignIn>, token: &str) -> Result<SignedIn<A>> {
        let ticket = Ticket::parse(token).ok_or_else(ended)?;
        let db = self.open(Access::Write);
        let refreshed = self.show(&db, &ticket, Utc::now()).await?;
        // Also where it is refused: then the session was revoked.
        db.commit().await?;
        refreshed.ok_or_else(|| ended().into())
    }

    /// Ends the session that the access token belongs to, or all of the user's, and the access
    /// tokens that were given before along with them. Answers how many.
    pub async fn logout(&self, _: Can<EditSelf>, who: &Principal, everywhere: bool) -> Result<u64> {
        let db = self.open(Access::Write);
        let now = Utc::now();
        let ended = if everywhere {
            self.lock_user(&db, who.user(), None).await?;
            self.revoke_all(&db, who.user(), None, now).await?
        } else {
            self.revoke(&db, who.session(), now).await?
        };
        db.commit().await?;
        self.doubt(&ended);
        Ok(ended.len() as u64)
    }

    /// Whether the session of an access token goes on, with the role that the token has.
    ///
    /// Asks the database only where this process can't know. Operators are few, and their accounts
    /// are also changed by hand, so theirs are always asked about.
    pub async fn stands(&self, token: &ReadToken) -> Result<bool> {
        let (standing, who) = (&self.state.standing, &token.principal);
        if A::ALWAYS_ASKED {
            return self.goes_on(who).await.map_err(Error::from);
        }
        match standing.judge(token, Utc::now()) {
            Judged::Stands => Ok(true),
            Judged::Ended => Ok(false),
            Judged::Ask(at) => {
                let goes_on = self.goes_on(who).await?;
                standing.keep(who, at, goes_on);
                Ok(goes_on)
            }
        }
    }

    /// An access token for exploring, with a session that nobody can refresh. For a terminal only,
    /// since it asks for no password.
    pub async fn mint_for(&self, caller: Caller, user: Uuid) -> Result<MintedToken> {
        if caller != Caller::Console {
            return Err(Denied {
                permission: "Console",
                signed_in: caller.principal().is_some(),
            }
            .into());
        }
        let db = self.open(Access::Write);
        let row = self.lock_user(&db, user, None).await?;
        let row = row.ok_or_else(|| {
            let message = "there is no such user, or the user is disabled";
            Refusal::new(Code::NotFound, &[], message)
        })?;
        let now = Utc::now();
        let ticket = Ticket::for_session(entity::new_id());
        let access = self.mint(&row, ticket.session, now);
        self.insert(&db, &ticket, user, (now, access.expires_at))
            .await?;
        db.commit().await?;
        Ok(access)
    }

    /// A session for the user, if nothing has changed since the password was verified.
    async fn begin(&self, verified: realm::Login<'_>) -> Result<SignedIn<A>> {
        let db = self.open(Access::Write);
        let unchanged = Some(verified.password_hash);
        let user = self.lock_user(&db, verified.id, unchanged).await?;
        let user = user.ok_or_else(wrong_login)?;
        let now = Utc::now();
        let ticket = Ticket::for_session(entity::new_id());
        let life = TimeDelta::from_std(self.state.config.auth.refresh_ttl)
            .map_err(|_| Error::Internal("the life of a session is out of range".to_owned()))?;
        self.delete_expired(&db, verified.id, now).await?;
        self.insert(&db, &ticket, verified.id, (now, now + life))
            .await?;
        db.commit().await?;
        Ok(SignedIn {
            access: self.mint(&user, ticket.session, now),
            refresh: Some(ticket.reveal()),
            user,
        })
    }

    /// Judges a ticket and does to its session what follows from it. Holds the session's row, so
    /// that of two who show the same token one comes second.
    async fn show(
        &self,
        db: &Scoped<A>,
        ticket: &Ticket,
        now: DateTime<Utc>,
    ) -> Result<Option<SignedIn<A>>> {
        let Some(session) = self.lock_session(db, ticket.session).await? else {
            return Ok(None);
        };
        let shown = session.shown(&ticket.hash(), now);
        if shown == Shown::Ended {
            return Ok(None);
        }
        let user = self.find_enabled(db, session.user_id).await?;
        let (Some(user), Shown::Current | Shown::JustBefore) = (user, shown) else {
            let why = if shown == Shown::Stale {
                "a used refresh token came back: it, or the one after it, was stolen"
            } else {
                "the user is disabled"
            };
            tracing::warn!(session = %session.id, user = %session.user_id, "session revoked: {why}");
            self.revoke(db, session.id, now).await?;
            return Ok(None);
        };
        let refresh = if shown == Shown::Current {
            let next = Ticket::for_session(session.id);
            self.rotate(db, &session, &next, now).await?;
            Some(next.reveal())
        } else {
            None
        };
        let access = self.mint(&user, session.id, now);
        Ok(Some(SignedIn {
            access,
            refresh,
            user,
        }))
    }

    /// Knows at once what this process is about to hear, so that whoever has logged out is out.
    fn doubt(&self, ended: &[Uuid]) {
        for session in ended {
            self.state.standing.doubt(*session);
        }
    }

    fn mint(&self, user: &Row<A::User>, session: Uuid, now: DateTime<Utc>) -> MintedToken {
        let principal = A::principal(self.subject, user, session);
        self.state.tokens.mint(&principal, now)
    }

    fn open(&self, access: Access) -> Scoped<A> {
        A::open(self.state, self.subject, access)
    }
}

fn wrong_login() -> Refusal {
    let message = "the e-mail address or the password is wrong";
    Refusal::new(Code::InvalidCredentials, &[], message)
}

fn ended() -> Refusal {
    let message = "this session has ended; log in again";
    Refusal::new(Code::InvalidCredentials, &["refreshToken"], message)
}
