//! Signing in, the same in both realms but for who signs in.

use std::marker::PhantomData;

use async_graphql::{Context, InputObject, Object};

use super::context::{Realm, Request};
use super::error::Result;
use super::noun::Noun;
use super::payload::payload;
use super::scalars::Moment;
use crate::app::audit::Action;
use crate::app::sessions::{Accounts, Sessions, SignedIn};
use crate::app::{self, Refusal};
use crate::auth::limiter::{Account, Limiter, Place};
use crate::auth::permission::{EditSelf, SignIn};
use crate::auth::{Can, Denied, Permission, Principal};

/// A realm whose people sign in by GraphQL.
pub(super) trait SignsIn: Realm {
    /// What they are on the wire.
    type Person: Noun<Entity = <Self as Accounts>::User>;

    fn request<'c>(ctx: &'c Context<'_>) -> &'c Request<Self>;

    /// Tells the audit trail, where it is told whether people sign in: `who`, if it isn't the caller.
    fn tell(_: &Request<Self>, _: Action, _who: Option<Principal>, _done: bool) {}
}

/// Who logs in.
#[derive(InputObject)]
struct LoginInput {
    /// The e-mail address; capitals don't matter.
    email: String,
    /// The password.
    #[graphql(secret)]
    password: String,
}

/// Which session goes on.
#[derive(InputObject)]
struct RefreshTokenInput {
    /// The refresh token that was given last. It is good once.
    #[graphql(secret)]
    refresh_token: String,
}

/// Which sessions end.
#[derive(InputObject)]
struct LogoutInput {
    /// Whether all sessions end, on every device; only this one if not given.
    everywhere: Option<bool>,
}

/// The password to be.
#[derive(InputObject)]
struct ChangePasswordInput {
    /// The password as it is.
    #[graphql(secret)]
    current_password: String,
    /// The new password, of 8 to 200 characters.
    #[graphql(secret)]
    new_password: String,
}

payload! {
    /// What came of `login`.
    LoginPayload<P: Noun> {
        /// What to send with every request, as `Authorization: Bearer …`. It lives for minutes.
        access_token: String,
        /// What to get the next access token with, by `refreshToken`. Keep it secret.
        refresh_token: String,
        /// When the access token ends.
        expires_at: Moment,
        /// Who is signed in now.
        user: P,
    }
}

payload! {
    /// What came of `refreshToken`.
    RefreshTokenPayload<P: Noun> {
        /// The next access token.
        access_token: String,
        /// The next refresh token, in place of the one that was sent. `null` where that one had been
        /// used a moment ago, by another tab say, which was given the next.
        refresh_token: String,
        /// When the access token ends.
        expires_at: Moment,
        /// Who is signed in, as of now.
        user: P,
    }
}

payload! {
    /// What came of `logout`.
    LogoutPayload {
        /// How many sessions were ended.
        ended_sessions: i32,
    }
}

payload! {
    /// What came of `changePassword`.
    ChangePasswordPayload<P: Noun> {
        /// Whose password it is.
        user: P,
    }
}

/// The mutations of a realm's sessions.
pub(super) struct SessionMutations<R>(PhantomData<fn() -> R>);

impl<R> Default for SessionMutations<R> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

#[Object]
impl<R: SignsIn> SessionMutations<R> {
    /// Logs in: gives an access token, and a refresh token for the ones to come.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who logs in.")] input: LoginInput,
    ) -> Result<Option<LoginPayload<R::Person>>> {
        let request = R::request(ctx);
        let can = request.can::<SignIn>()?;
        request.must_not_have_begun("login")?;
        let (email, password) = (input.email, input.password);
        let attempt = limiter(request).password(place(request), Account::Email(&email))?;
        let signed_in = outcome(sessions(request).login(can, &email, password).await)?;
        let who = |signed_in: &SignedIn<R>| request.state.tokens.owner(&signed_in.access.token);
        let who = signed_in.as_ref().ok().and_then(who);
        R::tell(request, Action::SessionLogin, who, signed_in.is_ok());
        if signed_in.is_ok() {
            attempt.forgive();
        }
        Ok(Some(LoginPayload::of(signed_in, fields)))
    }

    /// Gives the next access token. A refresh token is good once: whoever sends an old one again
    /// ends its session.
    async fn refresh_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session goes on.")] input: RefreshTokenInput,
    ) -> Result<Option<RefreshTokenPayload<R::Person>>> {
        let request = R::request(ctx);
        let can = request.can::<SignIn>()?;
        limiter(request).refresh(place(request))?;
        let signed_in = outcome(sessions(request).refresh(can, &input.refresh_token).await)?;
        Ok(Some(RefreshTokenPayload::of(signed_in, fields)))
    }

    /// Logs out: ends the session, or every session of the user. Its access tokens are refused from
    /// now on, and it can't be refreshed any more.
    async fn logout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sessions end.")] input: LogoutInput,
    ) -> Result<Option<LogoutPayload>> {
        let request = R::request(ctx);
        let (can, who) = oneself(request)?;
        let everywhere = input.everywhere.unwrap_or_default();
        let ended = outcome(sessions(request).logout(can, who, everywhere).await)?;
        R::tell(request, Action::SessionLogout, None, ended.is_ok());
        Ok(Some(LogoutPayload::of(ended, |ended| {
            (Some(i32::try_from(ended).unwrap_or(i32::MAX)),)
        })))
    }

    /// Changes one's own password, and ends one's sessions on all other devices.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password to be.")] input: ChangePasswordInput,
    ) -> Result<Option<ChangePasswordPayload<R::Person>>> {
        let request = R::request(ctx);
        let (can, who) = oneself(request)?;
        request.must_not_have_begun("changePassword")?;
        let account = Account::User(who.user());
        let attempt = limiter(request).password(place(request), account)?;
        let sessions = sessions(request);
        let change = sessions.change_password(can, who, input.current_password, input.new_password);
        let changed = outcome(change.await)?;
        R::tell(request, Action::PasswordChange, None, changed.is_ok());
        if changed.is_ok() {
            attempt.forgive();
        }
        Ok(Some(ChangePasswordPayload::of(changed, |user| {
            (Some(R::Person::from_row(user)),)
        })))
    }
}

fn sessions<R: SignsIn>(request: &Request<R>) -> Sessions<'_, R> {
    Sessions::new(&request.state, &request.subject)
}

fn limiter<R: Realm>(request: &Request<R>) -> &Limiter {
    &request.state.limiter
}

/// Where somebody tries to sign in.
fn place<R: Realm>(request: &Request<R>) -> Place {
    let source = request.actor.origin().source.as_deref();
    Place {
        realm: R::audience(&request.subject),
        address: source.and_then(|source| source.parse().ok()),
    }
}

type Fields<P> = (Option<String>, Option<String>, Option<Moment>, Option<P>);

fn fields<R: SignsIn>(signed_in: SignedIn<R>) -> Fields<R::Person> {
    (
        Some(signed_in.access.token),
        signed_in.refresh,
        Some(Moment(signed_in.access.expires_at)),
        Some(R::Person::from_row(signed_in.user)),
    )
}

/// What went well or was refused, apart from what failed. Sessions commit by themselves, so unlike
/// [`Request::write`] this leaves the operation's own scope alone.
fn outcome<T>(result: app::Result<T>) -> Result<std::result::Result<T, Vec<Refusal>>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(app::Error::Refused(refusals)) => Ok(Err(refusals)),
        Err(error) => Err(error.into()),
    }
}

/// Somebody who is signed in and works on their own account.
fn oneself<R: Realm>(request: &Request<R>) -> Result<(Can<EditSelf>, &Principal)> {
    let can = request.can::<EditSelf>()?;
    let nobody = Denied {
        permission: EditSelf::NAME,
        signed_in: false,
    };
    Ok((can, request.caller.principal().ok_or(nobody)?))
}
