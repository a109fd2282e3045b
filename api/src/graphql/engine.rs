//! Runs an operation: one request, one transaction, one answer.

use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, Selection};
use async_graphql::{EmptySubscription, ObjectType, Request as Operation, Response, Schema, Value};
use tenancy::{Access, Admitted, SharedRealm, TenantRealm};

use super::context::{Realm, Request};
use super::error::{Fault, name_codes};
use super::index::SchemaIndex;
use super::weigh::{self, Limits, Refused};
use super::{complete, shared, tenant};
use crate::app::audit::Actor;
use crate::auth::Caller;
use crate::config::GraphQl;
use crate::state::State;

/// The schemas of both realms.
pub struct Engine {
    tenant: Side<tenant::Query, tenant::Mutation>,
    shared: Side<shared::Query, shared::Mutation>,
}

/// A realm's schema, what is known of its types, and what its documents may cost.
struct Side<Q, M> {
    schema: Schema<Q, M, EmptySubscription>,
    index: SchemaIndex,
    limits: Limits,
}

/// How an operation ended that has no answer of its own.
#[derive(Debug)]
pub enum Ended {
    /// The database is away or takes no more work.
    Unavailable,
    /// The database cancelled a statement that took too long.
    Overdue,
}

impl Engine {
    /// Both schemas. Needs no database.
    pub fn new(config: &GraphQl) -> Self {
        Self {
            tenant: Side::new(tenant::schema(), config),
            shared: Side::new(shared::schema(), config),
        }
    }

    /// Refuses a document that would cost too much, before anything follows its fragments.
    pub fn weigh(&self, admitted: &Admitted, operation: &mut Operation) -> Result<(), Refused> {
        match admitted {
            Admitted::Tenant(_) => self.tenant.weigh(operation),
            Admitted::Shared => self.shared.weigh(operation),
        }
    }

    /// Runs an operation in the realm that was admitted.
    pub async fn execute(
        &self,
        state: &Arc<State>,
        (admitted, actor): (Admitted, Actor),
        operation: Operation,
        access: Access,
    ) -> Result<Response, Ended> {
        match admitted {
            Admitted::Tenant(subject) => {
                run::<TenantRealm, _, _>(&self.tenant, state, (subject, actor), operation, access)
                    .await
            }
            Admitted::Shared => {
                run::<SharedRealm, _, _>(&self.shared, state, ((), actor), operation, access).await
            }
        }
    }
}

impl<Q, M> Side<Q, M>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
{
    fn new(schema: Schema<Q, M, EmptySubscription>, config: &GraphQl) -> Self {
        let index = SchemaIndex::new(&schema.sdl()).expect("a schema prints what can be read");
        let limits = Limits::new(config, &index);
        Self {
            schema,
            index,
            limits,
        }
    }

    fn weigh(&self, operation: &mut Operation) -> Result<(), Refused> {
        let name = operation.operation_name.clone();
        let variables = operation.variables.clone();
        // What can't be parsed costs nothing more, and is refused for that.
        let Ok(document) = operation.parsed_query() else {
            return Ok(());
        };
        weigh::check(
            document,
            name.as_deref(),
            &variables,
            &self.limits,
            &self.index,
        )
    }

    /// Executes, and answers what the specification says: every selected field, in that order.
    async fn answer(&self, mut operation: Operation, mut document: ExecutableDocument) -> Response {
        let name = operation.operation_name.clone();
        complete::default_variables(&document, name.as_deref(), &mut operation.variables);
        complete::prepare(&self.index, &mut document);
        let variables = operation.variables.clone();
        operation.set_parsed_query(document.clone());
        let mut response = self.schema.execute(operation).await;
        let name = name.as_deref();
        complete::apply(&self.index, &document, name, &variables, &mut response);
        response
    }
}

async fn run<R, Q, M>(
    side: &Side<Q, M>,
    state: &Arc<State>,
    (subject, actor): (R::Subject, Actor),
    mut operation: Operation,
    access: Access,
) -> Result<Response, Ended>
where
    R: Realm,
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
{
    let document = match operation.parsed_query() {
        Ok(document) => document.clone(),
        Err(error) => return Ok(Response::from_errors(vec![error])),
    };
    let writes = access == Access::Write;
    let single = has_single_field(&document, operation.operation_name.as_deref());
    if actor.caller() == Caller::Anonymous && !state.config.graphql.introspection {
        operation = operation.disable_introspection();
    }
    let request = Request::<R>::new(Arc::clone(state), subject, actor, access, single);
    let request = Arc::new(request);
    let mut response = side
        .answer(operation.data(Arc::clone(&request)), document)
        .await;
    if writes {
        let well = response.errors.is_empty();
        let ended = request.finish(well).await;
        if let Err(fault) = ended {
            response = Response::from_errors(vec![failed(fault)]);
        }
        if !response.errors.is_empty() {
            // Nothing happened, so nothing that the operation answered is true.
            response.data = Value::Null;
        }
    } else {
        request.end().await;
    }
    if response.errors.iter().any(is_of_privilege) {
        request.tell_of_privilege();
    }
    for chain in name_codes(&mut response) {
        tracing::error!(error = chain, "an operation failed");
    }
    let ended = response.errors.iter().find_map(ended);
    ended.map_or(Ok(response), Err)
}

/// A fault that is the whole operation's, whichever field met it.
fn ended(error: &async_graphql::ServerError) -> Option<Ended> {
    match error.source::<Fault>()? {
        Fault::Unavailable(_) => Some(Ended::Unavailable),
        Fault::Overdue(_) => Some(Ended::Overdue),
        _ => None,
    }
}

fn is_of_privilege(error: &async_graphql::ServerError) -> bool {
    error.source::<Fault>().is_some_and(Fault::is_of_privilege)
}

fn failed(fault: Fault) -> async_graphql::ServerError {
    async_graphql::Error::from(fault).into_server_error(async_graphql::Pos::default())
}

/// Whether the operation surely has one root field. Fragments count as many.
fn has_single_field(document: &ExecutableDocument, name: Option<&str>) -> bool {
    let chosen = document
        .operations
        .iter()
        .find(|(of, _)| name.is_none() || of.map(async_graphql::Name::as_str) == name);
    chosen.is_some_and(|(_, operation)| {
        let items = &operation.node.selection_set.node.items;
        matches!(items.as_slice(), [one] if matches!(one.node, Selection::Field(_)))
    })
}
