//! What is read and written, for both realms alike.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, LockType};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, ModelTrait,
    QueryFilter, QuerySelect, Value,
};
use tenancy::{Access, Scoped};
use uuid::Uuid;

use super::Sessions;
use super::realm::{Accounts, Row};
use super::row::Session;
use super::standing::announce_ended;
use super::ticket::Ticket;
use crate::auth::Principal;

type Result<T, E = DbErr> = std::result::Result<T, E>;

impl<A: Accounts> Sessions<'_, A> {
    /// The user of this address, in a short scope of its own.
    pub(super) async fn find_by_email(&self, email: &str) -> Result<Option<Row<A::User>>> {
        // No row has it, and no parameter can hold it.
        if email.contains('\0') {
            return Ok(None);
        }
        let db = self.open(Access::Read);
        let by_email = A::USER.email.eq(email.to_lowercase());
        let found = A::User::find().filter(by_email).one(&db).await;
        db.end().await;
        found
    }

    /// The user of this id who may sign in, in a short scope of its own.
    pub(super) async fn find_by_id(&self, user: Uuid) -> Result<Option<Row<A::User>>> {
        let db = self.open(Access::Read);
        let found = self.find_enabled(&db, user).await;
        db.end().await;
        found
    }

    /// The user of this id who may sign in.
    pub(super) async fn find_enabled(
        &self,
        db: &Scoped<A>,
        user: Uuid,
    ) -> Result<Option<Row<A::User>>> {
        A::User::find_by_id(user)
            .filter(A::USER.disabled_at.is_null())
            .one(db)
            .await
    }

    /// Like [`find_enabled`](Self::find_enabled), held until the scope ends; with a password's hash
    /// only if it is still that one.
    pub(super) async fn lock_user(
        &self,
        db: &Scoped<A>,
        user: Uuid,
        password_hash: Option<&str>,
    ) -> Result<Option<Row<A::User>>> {
        let unchanged = password_hash.map(|hash| A::USER.password_hash.eq(hash));
        let enabled = Condition::all().add(A::USER.disabled_at.is_null());
        A::User::find_by_id(user)
            .filter(enabled.add_option(unchanged))
            // What a foreign key's check wants stays free.
            .lock(LockType::NoKeyUpdate)
            .one(db)
            .await
    }

    pub(super) async fn set_password(
        &self,
        db: &Scoped<A>,
        user: Uuid,
        password_hash: String,
    ) -> Result<()> {
        A::User::update_many()
            .col_expr(A::USER.password_hash, Expr::value(password_hash))
            .filter(A::USER.id.eq(user))
            .exec(db)
            .await?;
        Ok(())
    }

    pub(super) async fn insert(
        &self,
        db: &Scoped<A>,
        ticket: &Ticket,
        user: Uuid,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<()> {
        let mut row = <A::Session as EntityTrait>::ActiveModel::new();
        row.set(A::SESSION.id, ticket.session.into());
        row.set(A::SESSION.user_id, user.into());
        row.set(A::SESSION.refresh_hash, ticket.hash().into());
        row.set(A::SESSION.created_at, from.into());
        row.set(A::SESSION.expires_at, to.into());
        A::Session::insert(row).exec_without_returning(db).await?;
        Ok(())
    }

    /// The session, held until the scope ends.
    pub(super) async fn lock_session(
        &self,
        db: &Scoped<A>,
        session: Uuid,
    ) -> Result<Option<Session>> {
        A::Session::find_by_id(session)
            .lock_exclusive()
            .into_model()
            .one(db)
            .await
    }

    pub(super) async fn rotate(
        &self,
        db: &Scoped<A>,
        session: &Session,
        next: &Ticket,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let previous = session.refresh_hash.clone();
        A::Session::update_many()
            .col_expr(A::SESSION.previous_hash, Expr::value(previous))
            .col_expr(A::SESSION.refresh_hash, Expr::value(next.hash()))
            .col_expr(A::SESSION.rotated_at, Expr::value(now))
            .filter(A::SESSION.id.eq(session.id))
            .exec(db)
            .await?;
        Ok(())
    }

    /// Ends one session; answers which, none where it had ended before.
    pub(super) async fn revoke(
        &self,
        db: &Scoped<A>,
        session: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Vec<Uuid>> {
        let this = Condition::all().add(A::SESSION.id.eq(session));
        self.end(db, this, now).await
    }

    /// Ends all sessions of a user but the one to keep; answers which.
    pub(super) async fn revoke_all(
        &self,
        db: &Scoped<A>,
        user: Uuid,
        keep: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Uuid>> {
        let others = Condition::all()
            .add(A::SESSION.user_id.eq(user))
            .add(A::SESSION.expires_at.gt(now))
            .add_option(keep.map(|session| A::SESSION.id.ne(session)));
        self.end(db, others, now).await
    }

    /// Ends those of these sessions that go on, and tells every process.
    async fn end(&self, db: &Scoped<A>, which: Condition, now: DateTime<Utc>) -> Result<Vec<Uuid>> {
        let ended = A::Session::update_many()
            .col_expr(A::SESSION.revoked_at, Expr::value(now))
            .filter(which.add(A::SESSION.revoked_at.is_null()))
            .exec_with_returning(db)
            .await?;
        let id = |session: &<A::Session as EntityTrait>::Model| match session.get(A::SESSION.id) {
            Value::Uuid(id) => id,
            _ => None,
        };
        let ids: Vec<_> = ended.iter().filter_map(id).collect();
        announce_ended(db, &ids).await?;
        Ok(ids)
    }

    /// Whether the session goes on, its user may sign in, and has the role of the token.
    pub(super) async fn goes_on(&self, who: &Principal) -> Result<bool> {
        let session = A::Session::find_by_id(who.session())
            .filter(A::SESSION.user_id.eq(who.user()))
            .filter(A::SESSION.revoked_at.is_null());
        let session = QuerySelect::query(&mut session.select_only().expr(Expr::value(1))).take();
        let db = self.open(Access::Read);
        let user = A::User::find_by_id(who.user())
            .filter(A::USER.disabled_at.is_null())
            .filter(Expr::exists(session))
            .one(&db)
            .await;
        db.end().await;
        let as_now = |user| A::principal(self.subject, &user, who.session());
        Ok(user?.map(as_now).as_ref() == Some(who))
    }

    pub(super) async fn delete_expired(
        &self,
        db: &Scoped<A>,
        user: Uuid,
        now: DateTime<Utc>,
    ) -> Result<()> {
        A::Session::delete_many()
            .filter(A::SESSION.user_id.eq(user))
            .filter(A::SESSION.expires_at.lte(now))
            .exec(db)
            .await?;
        Ok(())
    }
}
