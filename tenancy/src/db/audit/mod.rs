//! Whether it is safe to serve tenants from a database, asked before anybody is served.

mod logins;
mod passage;
mod schemas;
mod things;

use sqlx::{AssertSqlSafe, PgConnection};

use super::{Database, text};
use crate::error::{Error, is_refused};
use crate::logins::{LOOKUP, Role};
use crate::{ActiveTenant, Isolation};

/// One thing that lets tenants out of their schemas, or could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Danger {
    /// What kind of danger, for scripts: words with hyphens.
    pub code: &'static str,
    /// What it is about: a login, a schema, a role.
    pub subject: String,
    /// What is wrong.
    pub problem: String,
    /// What mends it.
    pub remedy: String,
}

impl Database {
    /// Looks at everything that isolation rests on, by connections like those that serve: enters
    /// `probe`, or else the shared realm, leaves again, and sees what is left on the connection; then
    /// asks the catalogue what the serving logins may do, and to whom the schemas belong.
    ///
    /// ```
    /// # tenancy::testing::block_on(async {
    /// use tenancy::{Database, Isolation, Logins, PoolOptions};
    ///
    /// let shops = tenancy::testing::two_shops().await?;
    /// assert_eq!(shops.database.audit(Some(&shops.python)).await?, []);
    ///
    /// // Nobody is safe whom the superuser serves.
    /// let operator = shops.url.replace("//postgres:", "//operator:");
    /// let logins = Logins::new(&shops.url, &operator, Isolation::Role)?;
    /// let careless = Database::new(&logins, &PoolOptions::default());
    /// assert_ne!(careless.audit(Some(&shops.python)).await?, []);
    /// # Ok::<_, tenancy::Error>(()) });
    /// ```
    pub async fn audit(&self, probe: Option<&ActiveTenant>) -> Result<Vec<Danger>, Error> {
        let login = probe.map_or(1, |tenant| tenant.login);
        let mut connection = match self.let_in(login).await? {
            Ok(connection) => connection,
            Err(danger) => return Ok(vec![danger]),
        };
        let mut dangers = passage::check(self, probe, &mut connection).await?;
        if dangers.is_empty() {
            dangers.extend(self.try_others(login, &mut connection).await?);
        }
        if dangers.is_empty() {
            dangers.extend(schemas::check(self, &mut connection).await?);
        }
        if dangers.is_empty() && self.isolation() == Isolation::Role {
            dangers.extend(logins::check(self, &mut connection).await?);
        }
        Ok(dangers)
    }

    /// The serving logins but this one, whose connection is held: the one that looks up, and those of
    /// other tenants.
    async fn try_others(
        &self,
        tried: u16,
        connection: &mut PgConnection,
    ) -> Result<Vec<Danger>, Error> {
        if self.isolation() == Isolation::Path {
            return Ok(Vec::new());
        }
        let mut dangers = Vec::new();
        match self.let_in(LOOKUP).await? {
            Ok(mut lookup) => {
                let place = self.within_shared(Role::Directory);
                let door = self.doors.to(&place);
                dangers.extend(passage::through(door, &place, &mut lookup).await?);
            }
            Err(danger) => dangers.push(danger),
        }
        let numbers = logins::numbers(&self.doors.logins, connection).await?;
        for number in numbers.into_iter().filter(|number| *number != tried) {
            match self.let_in(number).await? {
                Ok(mut other) => dangers.extend(passage::left_on(&mut other).await?),
                Err(danger) => dangers.push(danger),
            }
        }
        Ok(dangers)
    }

    /// A connection of this serving login as the pool opens them, or why there is none. It never
    /// serves, for what is asked here is nobody's to find.
    async fn let_in(&self, login: u16) -> Result<Result<PgConnection, Danger>, Error> {
        match self.doors.of(login).pool.connect(login).await {
            Ok(connection) => Ok(Ok(connection)),
            Err(error) if is_refused(&error) => Ok(Err(self.not_let_in(login))),
            Err(error) if passage::is_pooler(&error) => Ok(Err(passage::pooler())),
            Err(error) => Err(error.into()),
        }
    }

    fn not_let_in(&self, login: u16) -> Danger {
        let login = self.doors.logins.login(login);
        Danger {
            code: "login-refused",
            subject: format!("login {login}"),
            problem: "PostgreSQL doesn't let it in".to_owned(),
            remedy: "migrate, which makes the logins that serve; or correct its password"
                .to_owned(),
        }
    }
}

/// The rows of a question, in PostgreSQL's own words. No pooler minds it.
async fn rows(connection: &mut PgConnection, sql: String) -> Result<Vec<Vec<String>>, sqlx::Error> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_all(connection)
        .await?;
    let texts = |row| {
        let values = text::values(row)?.into_iter();
        Ok(values.map(Option::unwrap_or_default).collect())
    };
    rows.iter().map(texts).collect()
}

/// A text as an SQL literal.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
