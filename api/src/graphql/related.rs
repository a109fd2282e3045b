//! Rows that belong to other rows, fetched for all of them at once: however many parents a page
//! has, a relation costs one statement.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use dataloader::BatchFn;
use dataloader::non_cached::Loader;
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, Func, IntoColumnRef, JoinType, PostgresQueryBuilder, Query,
    SelectStatement,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryResult, QueryTrait,
    Select,
};
use tenancy::Scoped;
use uuid::Uuid;

use super::context::Realm;
use super::error::Result;
use super::noun::Noun;
use super::order::Ordering;
use super::page::{Page, Plan};

type Rows = std::result::Result<Arc<Vec<QueryResult>>, Arc<DbErr>>;

/// The relations of one request, in one scope.
pub struct Related<R: Realm> {
    loader: Loader<Wanted, Rows, Batch<R>>,
}

impl<R: Realm> Related<R> {
    pub fn new(db: Scoped<R>) -> Self {
        Self {
            loader: Loader::new(Batch { db }).with_max_batch_size(2000),
        }
    }

    /// The row that a foreign key points at.
    pub async fn one<N: Noun>(&self, key: Uuid) -> Result<Option<N>> {
        let select = <N::Entity as EntityTrait>::find();
        let rows = self.rows::<N>(key, select, N::KEY, None).await?;
        Ok(rows.into_iter().next().map(N::from_row))
    }

    /// The rows whose `column` points at `parent`: for small, bounded lists.
    pub async fn all<N: Noun>(
        &self,
        parent: Uuid,
        column: <N::Entity as EntityTrait>::Column,
        order: Ordering<N::Entity>,
    ) -> Result<Vec<N>> {
        let select = <N::Entity as EntityTrait>::find();
        let rows = self.rows::<N>(parent, select, column, Some(order)).await?;
        Ok(rows.into_iter().map(N::from_row).collect())
    }

    /// A page of the rows whose `column` points at `parent`.
    pub async fn page<N: Noun>(
        &self,
        parent: Uuid,
        column: <N::Entity as EntityTrait>::Column,
        plan: Plan<N>,
    ) -> Result<Page<N>> {
        let order = plan.statement_order();
        let rows = self
            .rows::<N>(parent, plan.select(), column, Some(order))
            .await?;
        Ok(plan.page(rows))
    }

    async fn rows<N: Noun>(
        &self,
        parent: Uuid,
        select: Select<N::Entity>,
        column: <N::Entity as EntityTrait>::Column,
        order: Option<Ordering<N::Entity>>,
    ) -> Result<Vec<<N::Entity as EntityTrait>::Model>> {
        let wanted = Wanted::new(parent, select, column, order);
        let rows = self
            .loader
            .try_load(wanted)
            .await
            .map_err(super::Fault::internal)?;
        let rows = rows.map_err(super::Fault::from)?;
        let read = |row| <N::Entity as EntityTrait>::Model::from_query_result(row, "");
        Ok(rows
            .iter()
            .map(read)
            .collect::<std::result::Result<_, _>>()?)
    }
}

/// What one parent wants. Equal shapes are fetched by one statement.
#[derive(Clone)]
struct Wanted {
    parent: Uuid,
    /// The text of the inner select, with its values.
    shape: Arc<str>,
    select: Arc<SelectStatement>,
    order: Arc<[(String, sea_orm::Order)]>,
}

/// The name of the parents' keys beside the children's columns.
const PARENT: &str = "__parent";
const PARENTS: &str = "__parents";
const CHILD: &str = "__child";

impl Wanted {
    fn new<E: EntityTrait>(
        parent: Uuid,
        select: Select<E>,
        column: E::Column,
        order: Option<Ordering<E>>,
    ) -> Self {
        use sea_orm::{IdenStatic, QueryFilter};
        let parents = Expr::col((Alias::new(PARENTS), Alias::new(PARENTS)));
        let select = select.filter(Expr::col(column.as_column_ref()).eq(parents));
        let mut columns = Vec::new();
        if let Some(order) = order {
            for column in [order.column, order.key] {
                columns.push((column.as_str().to_owned(), order.direction()));
            }
        }
        let select = select.into_query();
        Self {
            parent,
            shape: select.to_string(PostgresQueryBuilder).into(),
            select: Arc::new(select),
            order: columns.into(),
        }
    }

    /// The rows of all these parents: `unnest` gives the keys, and a lateral join lets each parent
    /// have its own page.
    fn statement(&self, parents: Vec<Uuid>) -> SelectStatement {
        let child = |name: &str| (Alias::new(CHILD), Alias::new(name)).into_column_ref();
        let mut query = Query::select()
            .expr_as(
                Expr::col((Alias::new(PARENTS), Alias::new(PARENTS))),
                Alias::new(PARENT),
            )
            .expr(Expr::col((Alias::new(CHILD), sea_orm::sea_query::Asterisk)))
            .from_function(
                Func::cust(Alias::new("unnest")).arg(parents),
                Alias::new(PARENTS),
            )
            .join_lateral(
                JoinType::InnerJoin,
                (*self.select).clone(),
                Alias::new(CHILD),
                Expr::val(true),
            )
            .take();
        for (column, direction) in self.order.iter() {
            query.order_by(child(column), direction.clone());
        }
        query
    }
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.shape, self.parent)
    }
}

impl PartialEq for Wanted {
    fn eq(&self, other: &Self) -> bool {
        self.parent == other.parent && self.shape == other.shape
    }
}

impl Eq for Wanted {}

impl Hash for Wanted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parent.hash(state);
        self.shape.hash(state);
    }
}

struct Batch<R: Realm> {
    db: Scoped<R>,
}

impl<R: Realm> BatchFn<Wanted, Rows> for Batch<R> {
    async fn load(&mut self, wanted: &[Wanted]) -> HashMap<Wanted, Rows> {
        let mut shapes: HashMap<Arc<str>, Vec<&Wanted>> = HashMap::new();
        for one in wanted {
            shapes.entry(Arc::clone(&one.shape)).or_default().push(one);
        }
        let mut answers = HashMap::new();
        for alike in shapes.into_values() {
            let fetched = fetch(&self.db, &alike).await.map_err(Arc::new);
            for one in alike {
                let rows = match &fetched {
                    Ok(by_parent) => Ok(by_parent.get(&one.parent).cloned().unwrap_or_default()),
                    Err(error) => Err(Arc::clone(error)),
                };
                answers.insert(one.clone(), rows);
            }
        }
        answers
    }
}

async fn fetch<R: Realm>(
    db: &Scoped<R>,
    alike: &[&Wanted],
) -> std::result::Result<HashMap<Uuid, Arc<Vec<QueryResult>>>, DbErr> {
    let Some(first) = alike.first() else {
        return Ok(HashMap::new());
    };
    let parents = alike.iter().map(|one| one.parent).collect();
    let mut by_parent: HashMap<Uuid, Vec<QueryResult>> = HashMap::new();
    for row in db.query_all(&first.statement(parents)).await? {
        let parent = row.try_get("", PARENT)?;
        by_parent.entry(parent).or_default().push(row);
    }
    Ok(by_parent
        .into_iter()
        .map(|(parent, rows)| (parent, Arc::new(rows)))
        .collect())
}
