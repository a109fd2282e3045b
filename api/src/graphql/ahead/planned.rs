//! What a root field answers that may have looked ahead.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, Error, OutputType, Positioned, ServerResult, Value};
use uuid::Uuid;

use super::cell::Unreadable;
use super::program::{Program, Renderer};
use super::rows::Rows;
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
    pub(super) shape: Arc<Shape>,
    pub(super) rows: Rows,
    pub(super) realm: Uuid,
}

impl Answer {
    /// Whether it was to be one row, and there is none.
    pub fn is_missing(&self) -> bool {
        self.rows.is_empty() && matches!(self.shape.program, Program::One(_))
    }

    fn render(&self) -> Result<Value, Unreadable> {
        let renderer = Renderer { realm: self.realm };
        renderer.run(&self.shape.program, self.rows.cells())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("looking ahead came to {ahead}, and the resolvers to {plain}")]
struct Differs {
    ahead: Value,
    plain: Value,
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
                    return Err(failed(Differs { ahead, plain }.into()));
                }
                Ok(ahead)
            }
        }
    }
}
