//! Anything of the registry, by its global id.

use async_graphql::{Context, ID, Interface, Object};

use super::audit::AuditEvent;
use super::tenant::{Domain, Tenant};
use crate::auth::permission::{ViewAudit, ViewFleet};
use crate::graphql::ahead::Planned;
use crate::graphql::ids::{GlobalId, Kind};
use crate::graphql::{ContextExt, Fault, Result};

/// The most ids that `nodes` takes.
const MOST: usize = 100;

/// Anything that has a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Its global id."))]
pub enum Node {
    Tenant(Tenant),
    Domain(Domain),
    AuditEvent(AuditEvent),
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
        let request = ctx.shared();
        let can = request.can::<ViewFleet>()?;
        let Some(GlobalId { kind, row, .. }) = request.own(&id) else {
            return Ok(None);
        };
        Ok(match kind {
            Kind::Tenant => request
                .row(ctx, can, row)
                .await?
                .map(|it| it.map(Node::Tenant)),
            Kind::Domain => request
                .row(ctx, can, row)
                .await?
                .map(|it| it.map(Node::Domain)),
            Kind::AuditEvent => {
                let can = request.can::<ViewAudit>()?;
                let found = request.row(ctx, can, row).await?;
                found.map(|it| it.map(Node::AuditEvent))
            }
            _ => None,
        })
    }

    /// Whatever has these ids, in their order; `null` where there is nothing, or not here.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > MOST {
            return Err(Fault::Input(format!("nodes takes at most {MOST} ids")));
        }
        futures::future::try_join_all(ids.iter().map(|id| find(ctx, id))).await
    }
}

async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let request = ctx.shared();
    let related = request.related(request.can::<ViewFleet>()?);
    let Some(GlobalId { kind, row, .. }) = request.own(id) else {
        return Ok(None);
    };
    Ok(match kind {
        Kind::Tenant => related.one::<Tenant>(row).await?.map(Node::Tenant),
        Kind::Domain => related.one::<Domain>(row).await?.map(Node::Domain),
        Kind::AuditEvent => {
            let related = request.related(request.can::<ViewAudit>()?);
            related.one::<AuditEvent>(row).await?.map(Node::AuditEvent)
        }
        _ => None,
    })
}
