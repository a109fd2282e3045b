//! Root fields that look ahead: what is selected of rows, however deep, is asked for by one statement, and rendered from what it
//! answers without a resolver per field.
//!
//! A [`Table`] says of each noun how its fields are made. A [`wish`] is what a request selects; [`sql`] makes a statement and a
//! program of it, once for all equal wishes; [`program`] renders. What can't be foreseen is left to the resolvers, for the whole root
//! field: what the caller may not see, and arguments that are wrong, so that errors stand where they belong.
//!
//! Connections, single rows by id, `node` and a tenant's `me` look ahead. `nodes` doesn't, whose rows are of several tables; nor do the
//! operators' `me` and `tenant` by slug or domain, and what isn't made of rows of its realm, as a tenant's `tenant`.

mod cell;
mod level;
mod number;
mod planned;
mod program;
mod rows;
mod shapes;
mod sql;
mod table;
mod wish;

use async_graphql::{Context, OutputType};
use sea_orm::{DbBackend, Statement, Value};
use tenancy::Scoped;
use uuid::Uuid;

use super::connection::Filter;
use super::context::{Realm, Request};
use super::error::{Fault, Result};
use super::noun::Noun;
use super::order::OrderBy;
use super::page::{Page, PageArgs, Plan};
use crate::app::Then;
use crate::auth::{Can, Permission};
use planned::Answer;
use rows::Rows;
use wish::{Reader, Wish};

pub(crate) use cell::words;
pub use cell::{Cell, Leaf, Unreadable, writer};
pub use planned::Planned;
pub use shapes::{Mode, Shapes};
pub use table::{Field, Made, Other, Table};
pub use wish::Paged;

impl<R: Realm> Request<R> {
    /// The page that a root field answers.
    pub async fn page<N: Noun, P: Permission>(
        &self,
        ctx: &Context<'_>,
        can: Can<P>,
        plan: Plan<N>,
    ) -> Result<Option<Planned<Page<N>>>> {
        let db = self.db(can);
        let ahead = self.ahead(ctx, db, vec![], |reader| {
            reader.root_page(N::table(), plan.paged())
        });
        self.either(ahead.await?, || plan.run(db)).await
    }

    /// The row of this key that a root field answers.
    pub async fn row<N: Noun, P: Permission>(
        &self,
        ctx: &Context<'_>,
        can: Can<P>,
        key: Uuid,
    ) -> Result<Option<Planned<N>>> {
        let ahead = self.ahead(ctx, self.db(can), vec![key.into()], |reader| {
            reader.one(N::table())
        });
        self.either(ahead.await?, || self.related(can).one(key))
            .await
    }

    /// What comes after the work of a mutation: nothing where it is the only one of its operation, and nothing else of the
    /// row that it answers is selected than what it knows already.
    pub fn then<N: Noun, P: OutputType>(&self, ctx: &Context<'_>) -> Then {
        let mut reader = Reader::new(ctx, self.caller, vec![]);
        if self.is_single() && reader.knows_all(&P::type_name(), N::table()) {
            Then::Commit
        } else {
            Then::More
        }
    }

    /// The rows that a wish's statement answers. `None` where nothing could be foreseen.
    async fn ahead(
        &self,
        ctx: &Context<'_>,
        db: &Scoped<R>,
        values: Vec<Value>,
        read: impl FnOnce(&mut Reader<'_>) -> Option<Wish>,
    ) -> Result<Option<Answer>> {
        if self.state.shapes.mode() == Mode::Plain {
            return Ok(None);
        }
        let (shape, values) = {
            let mut reader = Reader::new(ctx, self.caller, values);
            let wish = read(&mut reader);
            let Some(shape) = wish.and_then(|wish| self.state.shapes.of(wish)) else {
                return Ok(None);
            };
            (shape, reader.values)
        };
        let statement =
            Statement::from_sql_and_values(DbBackend::Postgres, shape.sql.as_str(), values);
        let is_all = self.is_all_foreseen() && self.state.shapes.mode() == Mode::Ahead;
        let rows = if is_all {
            db.ask_only(statement).await?
        } else {
            db.begin_with(statement).await?
        };
        let answer = Answer {
            shape,
            rows: Rows::of(&rows).map_err(Fault::Internal)?,
            realm: self.realm_id(),
        };
        Ok(Some(answer))
    }

    /// What was foreseen, or else what the resolvers go on with.
    async fn either<T, F: Future<Output = Result<Option<T>>>>(
        &self,
        ahead: Option<Answer>,
        resolved: impl FnOnce() -> F,
    ) -> Result<Option<Planned<T>>> {
        if self.state.shapes.mode() != Mode::Both
            && let Some(answer) = ahead
        {
            return Ok((!answer.is_missing()).then_some(Planned::Ahead(answer)));
        }
        // Rare but for tests, so it has a place of its own: requests needn't make room for it.
        let resolved = Box::pin(resolved()).await?;
        Ok(resolved.map(|plain| match ahead {
            None => Planned::Plain(plain),
            Some(answer) => Planned::Both(answer, plain),
        }))
    }
}

/// What the arguments of a connection below a root field say, `None` where they are wrong.
pub fn paged<R, N, F, O>(request: &Request<R>, ctx: &Context<'_>) -> Option<Paged>
where
    R: Realm,
    N: Noun,
    F: Filter<R> + async_graphql::InputType,
    Option<O>: OrderBy<N::Entity> + async_graphql::InputType,
{
    let args = PageArgs::new(
        argument(ctx, "first")?,
        argument(ctx, "after")?,
        argument(ctx, "last")?,
        argument(ctx, "before")?,
    );
    let filter = argument::<Option<F>>(ctx, "filter")?;
    let order = argument::<Option<O>>(ctx, "orderBy")?;
    let plan = request.plan::<N>(&args, filter, order).ok()?;
    Some(plan.paged())
}

fn argument<T: async_graphql::InputType>(ctx: &Context<'_>, name: &str) -> Option<T> {
    ctx.param_value(name, None).ok().map(|(_, value)| value)
}

#[cfg(test)]
mod tests;
