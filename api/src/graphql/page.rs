//! Connections: pages of rows between two cursors, by Relay's rules, paged in SQL both ways.

use std::borrow::Cow;

use async_graphql::{Object, SimpleObject, TypeName};
use sea_orm::sea_query::Condition;
use sea_orm::{
    ConnectionTrait, EntityTrait, IdenStatic, ModelTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};

use super::ahead::Paged;
use super::cursor::{self, Cursor};
use super::error::{Fault, Result};
use super::noun::Noun;
use super::order::Ordering;
use crate::state::PageLimits;

/// Where a page begins and how long it is: Relay's four arguments.
#[derive(Debug, Clone, Default)]
pub struct PageArgs {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

impl PageArgs {
    pub fn new(
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Self {
        Self {
            first,
            after,
            last,
            before,
        }
    }
}

/// A page before its rows are there: which they are, and in which order.
pub struct Plan<N: Noun> {
    /// The filter's and the cursors'.
    condition: Condition,
    order: Ordering<N::Entity>,
    size: usize,
    backward: bool,
    /// Whether a cursor bounds the end where the page begins.
    bounded: bool,
}

impl<N: Noun> Plan<N> {
    pub fn new(
        filter: Condition,
        order: Ordering<N::Entity>,
        args: &PageArgs,
        limits: PageLimits,
    ) -> Result<Self> {
        let (size, backward) = size(args, limits)?;
        let bound = |text: &Option<String>| {
            text.as_deref()
                .map(|text| Cursor::parse(text, &order))
                .transpose()
        };
        let (after, before) = (bound(&args.after)?, bound(&args.before)?);
        let bounded = if backward {
            before.is_some()
        } else {
            after.is_some()
        };
        let after = after.map(|after| cursor::beyond(&after, &order));
        let before = before.map(|before| cursor::beyond(&before, &order.reversed()));
        Ok(Self {
            condition: filter.add_option(after).add_option(before),
            order,
            size,
            backward,
            bounded,
        })
    }

    /// At most one row more than the page has, which tells whether there is another page.
    pub fn select(&self) -> Select<N::Entity> {
        let order = self.statement_order();
        let mut select = <N::Entity as EntityTrait>::find().filter(self.condition.clone());
        if !order.is_by_key() {
            select = select.order_by(order.column, order.direction());
        }
        let select = select.order_by(order.key, order.direction());
        select.limit(self.size as u64 + 1)
    }

    /// In which the statement gives the rows: it is turned around for `last`.
    pub fn statement_order(&self) -> Ordering<N::Entity> {
        if self.backward {
            self.order.reversed()
        } else {
            self.order
        }
    }

    /// The same for those who know the noun by its table.
    pub fn paged(&self) -> Paged {
        Paged {
            condition: self.condition.clone(),
            by: self.order.column.as_str(),
            descending: self.order.descending,
            size: self.size,
            backward: self.backward,
            bounded: self.bounded,
        }
    }

    /// Asks for the page.
    pub async fn run(&self, db: &impl ConnectionTrait) -> Result<Option<Page<N>>> {
        let rows = self.select().all(db).await?;
        Ok(Some(self.page(rows)))
    }

    /// The page that these rows are.
    pub fn page(&self, mut rows: Vec<<N::Entity as EntityTrait>::Model>) -> Page<N> {
        let more = rows.len() > self.size;
        rows.truncate(self.size);
        if self.backward {
            rows.reverse();
        }
        let (previous, next) = if self.backward {
            (more, self.bounded)
        } else {
            (self.bounded, more)
        };
        let edges = rows.into_iter().map(|row| self.edge(row)).collect();
        Page {
            edges,
            previous,
            next,
        }
    }

    fn edge(&self, row: <N::Entity as EntityTrait>::Model) -> Edge<N> {
        let cursor = Cursor::of(
            row.get(self.order.column),
            row.get(self.order.key),
            &self.order,
        );
        Edge {
            cursor: cursor.to_string(),
            node: N::from_row(row),
        }
    }
}

/// The page's size and whether it is counted from the end.
fn size(args: &PageArgs, limits: PageLimits) -> Result<(usize, bool)> {
    let (asked, backward) = match (args.first, args.last) {
        (Some(_), Some(_)) => {
            return Err(Fault::Input("give first or last, not both".to_owned()));
        }
        (first, None) => (first, false),
        (None, last) => (last, true),
    };
    let most = limits.most;
    let size = match asked {
        None => Ok(limits.default),
        Some(asked) => u32::try_from(asked),
    };
    match size {
        Ok(size) if size >= 1 && size <= most => Ok((size as usize, backward)),
        _ => {
            let name = if backward { "last" } else { "first" };
            Err(Fault::Input(format!("{name} must be between 1 and {most}")))
        }
    }
}

/// A page of rows.
#[derive(Debug)]
pub struct Page<N> {
    edges: Vec<Edge<N>>,
    previous: bool,
    next: bool,
}

/// A page of a list, with cursors to go on from.
#[Object(name_type)]
impl<N: Noun> Page<N> {
    /// The rows of this page, each with its cursor.
    async fn edges(&self) -> &[Edge<N>] {
        &self.edges
    }

    /// The rows of this page, for those who need no cursors.
    async fn nodes(&self) -> Vec<&N> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Whether there is more, and the cursors at both ends of this page.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.previous,
            has_next_page: self.next,
            start_cursor: self.edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: self.edges.last().map(|edge| edge.cursor.clone()),
        }
    }
}

impl<N: Noun> TypeName for Page<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::NAME).into()
    }
}

/// A row and its place in the list.
#[derive(Debug)]
pub struct Edge<N> {
    cursor: String,
    node: N,
}

/// A row and its place in a list.
#[Object(name_type)]
impl<N: Noun> Edge<N> {
    /// The place of this row, for `after` and `before` of the same list in the same order.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The row itself.
    async fn node(&self) -> &N {
        &self.node
    }
}

impl<N: Noun> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::NAME).into()
    }
}

/// Where a page stands in its list.
#[derive(Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether there are rows before this page. When paging forwards: whether `after` was given.
    has_previous_page: bool,
    /// Whether there are rows behind this page. When paging backwards: whether `before` was given.
    has_next_page: bool,
    /// The cursor of the page's first row, `null` on an empty page.
    start_cursor: Option<String>,
    /// The cursor of the page's last row, `null` on an empty page.
    end_cursor: Option<String>,
}
