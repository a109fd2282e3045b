//! Any row of a tenant, by its global id.

use async_graphql::{Context, Error, ID, Interface, Object};
use futures::future::join_all;
use uuid::Uuid;

use super::customer::Customer;
use super::department::Department;
use super::employee::Employee;
use super::invoice::Invoice;
use super::invoice_line::InvoiceLine;
use super::user::User;
use crate::auth::Permission;
use crate::auth::permission::{ViewSales, ViewSelf, ViewStaff, ViewUsers};
use crate::graphql::ahead::Planned;
use crate::graphql::ids::{GlobalId, Kind};
use crate::graphql::noun::Noun;
use crate::graphql::{ContextExt, Fault, Result};

/// The most ids that `nodes` takes.
const MOST: usize = 100;

/// Anything that has a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Its global id."))]
pub enum Node {
    User(User),
    Department(Department),
    Employee(Employee),
    Customer(Customer),
    Invoice(Invoice),
    InvoiceLine(InvoiceLine),
}

#[derive(Default)]
pub struct NodeQueries;

#[Object]
impl NodeQueries {
    /// Whatever has this id, `null` where there is nothing, or not here.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A global id.")] id: ID,
    ) -> Result<Option<Planned<Node>>> {
        let request = ctx.tenant();
        request.can::<ViewSelf>()?;
        let Some(GlobalId { kind, row, .. }) = request.own(&id) else {
            return Ok(None);
        };
        match kind {
            Kind::User => node::<_, ViewUsers>(ctx, row, Node::User).await,
            Kind::Department => node::<_, ViewStaff>(ctx, row, Node::Department).await,
            Kind::Employee => node::<_, ViewStaff>(ctx, row, Node::Employee).await,
            Kind::Customer => node::<_, ViewSales>(ctx, row, Node::Customer).await,
            Kind::Invoice => node::<_, ViewSales>(ctx, row, Node::Invoice).await,
            Kind::InvoiceLine => node::<_, ViewSales>(ctx, row, Node::InvoiceLine).await,
            Kind::Tenant | Kind::Domain | Kind::Account | Kind::AuditEvent => Ok(None),
        }
    }

    /// Whatever has these ids, in their order; `null` where there is nothing, or not here.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Result<Node, Error>>>> {
        ctx.tenant().can::<ViewSelf>()?;
        if ids.len() > MOST {
            return Err(Fault::Input(format!("nodes takes at most {MOST} ids")));
        }
        let found = join_all(ids.iter().map(|id| find(ctx, id))).await;
        // What the caller may not see is an error in its own place, and leaves the others alone.
        let place = |node: Result<Option<Node>>| node.map_err(Error::from).transpose();
        Ok(found.into_iter().map(place).collect())
    }
}

async fn node<N: Noun, P: Permission>(
    ctx: &Context<'_>,
    row: Uuid,
    of: fn(N) -> Node,
) -> Result<Option<Planned<Node>>> {
    let request = ctx.tenant();
    let found = request.row(ctx, request.can::<P>()?, row).await?;
    Ok(found.map(|planned| planned.map(of)))
}

/// Asked for at once, the rows of a type come by one statement.
async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let request = ctx.tenant();
    let Some(GlobalId { kind, row, .. }) = request.own(id) else {
        return Ok(None);
    };
    let staff = || Ok::<_, Fault>(request.related(request.can::<ViewStaff>()?));
    let sales = || Ok::<_, Fault>(request.related(request.can::<ViewSales>()?));
    let users = || Ok::<_, Fault>(request.related(request.can::<ViewUsers>()?));
    Ok(match kind {
        Kind::User => users()?.one(row).await?.map(Node::User),
        Kind::Department => staff()?.one(row).await?.map(Node::Department),
        Kind::Employee => staff()?.one(row).await?.map(Node::Employee),
        Kind::Customer => sales()?.one(row).await?.map(Node::Customer),
        Kind::Invoice => sales()?.one(row).await?.map(Node::Invoice),
        Kind::InvoiceLine => sales()?.one(row).await?.map(Node::InvoiceLine),
        Kind::Tenant | Kind::Domain | Kind::Account | Kind::AuditEvent => None,
    })
}
