//! Verifying and changing passwords.

use std::error::Error as _;

use chrono::Utc;
use tenancy::Access;

use super::realm::{Login, Row};
use super::{Accounts, Sessions};
use crate::app::error::{Code, Error, Refusal, Result};
use crate::auth::password::{PasswordError, PasswordRule};
use crate::auth::permission::EditSelf;
use crate::auth::{Can, Password, Principal};

impl<A: Accounts> Sessions<'_, A> {
    /// Changes the user's own password, and ends all of the user's sessions but this one.
    pub async fn change_password(
        &self,
        _: Can<EditSelf>,
        who: &Principal,
        current: String,
        new: String,
    ) -> Result<Row<A::User>> {
        let new = Password::parse(new).map_err(|rule| against("newPassword", rule))?;
        let current = Password::parse(current).map_err(|_| wrong_current())?;
        let user = self.find_by_id(who.user()).await?;
        let login = self.verified(&current, user.as_ref().map(A::login)).await?;
        let login = login.ok_or_else(wrong_current)?;
        let hash = self
            .state
            .hasher
            .hash(&new)
            .await
            .map_err(|error| internal(&error))?;

        let db = self.open(Access::Write);
        let unchanged = Some(login.password_hash);
        let user = self.lock_user(&db, login.id, unchanged).await?;
        let user = user.ok_or_else(wrong_current)?;
        self.set_password(&db, login.id, hash).await?;
        let keep = Some(who.session());
        let ended = self.revoke_all(&db, login.id, keep, Utc::now()).await?;
        db.commit().await?;
        self.doubt(&ended);
        Ok(user)
    }

    /// The user, if there is one and the password is right. No scope may be open.
    pub(super) async fn verified<'u>(
        &self,
        password: &Password,
        user: Option<Login<'u>>,
    ) -> Result<Option<Login<'u>>> {
        let hasher = &self.state.hasher;
        let stored = user.as_ref().map(|user| user.password_hash);
        let right = match (hasher.verify(password, stored).await, &user) {
            (Err(error @ PasswordError::Stored), Some(user)) => {
                // Like somebody without a password, which must not show in the answer or its time.
                tracing::error!(user = %user.id, %error);
                hasher.verify(password, None).await
            }
            (result, _) => result,
        };
        let right = right.map_err(|error| internal(&error))?;
        Ok(user.filter(|_| right))
    }
}

fn wrong_current() -> Refusal {
    let message = "is not the current password";
    Refusal::new(Code::InvalidCredentials, &["currentPassword"], message)
}

pub(in crate::app) fn against(field: &str, rule: PasswordRule) -> Refusal {
    let code = match rule {
        PasswordRule::TooShort => Code::Invalid,
        PasswordRule::TooLong => Code::TooLong,
    };
    Refusal::new(code, &[field], rule.to_string())
}

pub(in crate::app) fn internal(error: &PasswordError) -> Error {
    let source = error.source();
    let source = source.map_or_else(String::new, |source| format!(": {source}"));
    Error::Internal(format!("{error}{source}"))
}
