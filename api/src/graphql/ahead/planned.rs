//! What a root field answers that may have looked ahead.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, Error, OutputType, Positioned, ServerResult, Value};
use sea_orm::QueryResult;
use sqlx::Row;
use sqlx::postgres::PgValueFormat;
use uuid::Uuid;

use super::cell::{Cells, Unreadable};
use super::program::{Program, Renderer};
use super::sql::Shape;
use crate::graphql::Fault;

/// The rows of a root field, to be rendered at once, or an object whose resolvers go on.
pub enum Planned<T> {
    Ahead(Answer),
    Plain(T),
    /// Both, which must come to the same.
    Both(Answer, T),
}

/// What a statement answered, and what is to be made of it.
pub struct Answer {
    shape: Arc<Shape>,
    rows: Vec<QueryResult>,
    realm: Uuid,
}

impl Answer {
    pub fn new(shape: Arc<Shape>, rows: Vec<QueryResult>, realm: Uuid) -> Self {
        Self { shape, rows, realm }
    }

    /// Whether it was to be one row, and there is none.
    pub fn is_missing(&self) -> bool {
        matches!(self.shape.program, Program::One(_)) && self.rows.is_empty()
    }

    fn render(&self) -> Result<Value, Unreadable> {
        let rows = self.rows.iter().map(cells).collect::<Result<_, _>>()?;
        let renderer = Renderer { realm: self.realm };
        renderer.run(&self.shape.program, rows)
    }
}

#[derive(Debug, thiserror::Error)]
enum Misread {
    #[error("an answer isn't PostgreSQL's in its binary form")]
    Foreign,
    #[error("looking ahead came to {ahead}, and the resolvers to {plain}")]
    Differs { ahead: Value, plain: Value },
}

fn cells(row: &QueryResult) -> Result<Cells<'_>, Unreadable> {
    let row = row.try_as_pg_row().ok_or(Misread::Foreign)?;
    let cells = (0..row.len()).map(|place| {
        let cell = row.try_get_raw(place)?;
        if cell.format() != PgValueFormat::Binary {
            return Err(Misread::Foreign.into());
        }
        // Only nulls have no bytes.
        Ok(cell.as_bytes().ok())
    });
    cells.collect::<Result<_, Unreadable>>().map(Cells)
}

impl<T> Planned<T> {
    /// As something of which it is one.
    pub fn map<U>(self, into: impl FnOnce(T) -> U) -> Planned<U> {
        match self {
            Self::Ahead(answer) => Planned::Ahead(answer),
            Self::Plain(plain) => Planned::Plain(into(plain)),
            Self::Both(answer, plain) => Planned::Both(answer, into(plain)),
        }
    }
}

impl<T: OutputType> OutputType for Planned<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        match self {
            Self::Plain(plain) | Self::Both(_, plain) => plain.introspection_type_name(),
            Self::Ahead(_) => Self::type_name(),
        }
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let failed = |source| {
            let error = Error::from(Fault::Internal(source)).into_server_error(field.pos);
            ctx.set_error_path(error)
        };
        match self {
            Self::Plain(plain) => plain.resolve(ctx, field).await,
            Self::Ahead(answer) => answer.render().map_err(failed),
            Self::Both(answer, plain) => {
                let ahead = answer.render().map_err(failed)?;
                let plain = plain.resolve(ctx, field).await?;
                if ahead != plain {
                    return Err(failed(Misread::Differs { ahead, plain }.into()));
                }
                Ok(ahead)
            }
        }
    }
}
