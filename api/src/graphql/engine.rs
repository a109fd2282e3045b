//! Runs an operation: one request, one transaction, one answer.

use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, Selection};
use async_graphql::{
    EmptySubscription, ObjectType, Request as Operation, Response, Schema, SchemaBuilder,
    ValidationMode, Value,
};
use tenancy::{Access, Admitted, SharedRealm, TenantRealm};

use super::context::{Realm, Request};
use super::documents::{Case, Document, Documents, Inputs};
use super::error::{Fault, name_codes};
use super::index::SchemaIndex;
use super::unexecuted::Unexecuted;
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

/// A realm's schema, what is known of its types and its documents, and what these may cost.
struct Side<Q, M> {
    /// Executes what the other found valid.
    schema: Schema<Q, M, EmptySubscription>,
    /// Validates, and executes nothing.
    validator: Schema<Q, M, EmptySubscription>,
    index: SchemaIndex,
    inputs: Inputs,
    limits: Limits,
    documents: Documents,
}

/// How an operation ended that has no answer of its own.
#[derive(Debug)]
pub enum Ended {
    /// The database is away or takes no more work.
    Unavailable,
    /// The database cancelled a statement that took too long.
    Overdue,
    /// The document would cost too much.
    Refused(Refused),
}

impl Engine {
    /// Both schemas. Needs no database.
    pub fn new(config: &GraphQl) -> Self {
        Self {
            tenant: Side::new(tenant::schema, config),
            shared: Side::new(shared::schema, config),
        }
    }

    /// The documents of the realm that was admitted.
    pub fn documents(&self, admitted: &Admitted) -> &Documents {
        match admitted {
            Admitted::Tenant(_) => &self.tenant.documents,
            Admitted::Shared => &self.shared.documents,
        }
    }

    /// How many documents of each realm are remembered.
    pub fn remembered(&self) -> [(&'static str, usize); 2] {
        [
            ("tenant", self.tenant.documents.count()),
            ("shared", self.shared.documents.count()),
        ]
    }

    /// Runs an operation of a document in the realm that was admitted.
    pub async fn execute(
        &self,
        state: &Arc<State>,
        (admitted, actor): (Admitted, Actor),
        operation: (Operation, Arc<Document>),
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
    fn new(schema: impl Fn() -> SchemaBuilder<Q, M, EmptySubscription>, config: &GraphQl) -> Self {
        let validator = schema().extension(Unexecuted).finish();
        let sdl = validator.sdl();
        let index = SchemaIndex::new(&sdl).expect("a schema prints what can be read");
        let inputs = Inputs::new(&sdl).expect("a schema prints what can be read");
        let limits = Limits::new(config, &index);
        Self {
            schema: schema().validation_mode(ValidationMode::Fast).finish(),
            validator,
            index,
            inputs,
            limits,
            documents: Documents::default(),
        }
    }

    /// The document as it can be executed, and the variables with their defaults; or the answer that it is invalid.
    async fn prove<'d>(
        &self,
        operation: &mut Operation,
        document: &'d Arc<Document>,
    ) -> Result<&'d ExecutableDocument, Unproven> {
        let name = operation.operation_name.as_deref();
        let parsed = &document.parsed;
        let definition = complete::operation(&parsed.operations, name);
        let variables = &mut operation.variables;
        let sent = (&*variables, &self.inputs);
        let case = definition.and_then(|definition| Case::of(name, definition, sent));
        let good = case.as_ref().filter(|case| document.is_good(case));
        let is_good = good.is_some();
        if !good.is_some_and(Case::says_the_cost) {
            // Before anything follows its fragments.
            weigh::check(parsed, name, variables, &self.limits, &self.index)?;
        }
        complete::default_variables(parsed, name, variables);
        let prepared = document.prepared(|document| complete::prepare(&self.index, document));
        if !is_good {
            self.validate(operation, prepared).await?;
            self.documents.approve(document, case);
        }
        Ok(prepared)
    }

    async fn validate(
        &self,
        operation: &Operation,
        document: &ExecutableDocument,
    ) -> Result<(), Unproven> {
        let mut request = Operation::new("").variables(operation.variables.clone());
        request.operation_name.clone_from(&operation.operation_name);
        request.set_parsed_query(document.clone());
        let response = self.validator.execute(request).await;
        if response.errors.is_empty() {
            Ok(())
        } else {
            Err(Unproven::Invalid(Box::new(response)))
        }
    }

    /// Executes, and answers what the specification says: every selected field, in that order.
    async fn answer(&self, mut operation: Operation, document: &ExecutableDocument) -> Response {
        let name = operation.operation_name.clone();
        let conditions = complete::conditions(&operation.variables);
        operation.set_parsed_query(document.clone());
        let mut response = self.schema.execute(operation).await;
        let name = name.as_deref();
        complete::apply(&self.index, document, name, &conditions, &mut response);
        response
    }
}

/// Why an operation isn't executed.
enum Unproven {
    Refused(Refused),
    Invalid(Box<Response>),
}

impl From<Refused> for Unproven {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

async fn run<R, Q, M>(
    side: &Side<Q, M>,
    state: &Arc<State>,
    (subject, actor): (R::Subject, Actor),
    (mut operation, document): (Operation, Arc<Document>),
    access: Access,
) -> Result<Response, Ended>
where
    R: Realm,
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
{
    let document = match side.prove(&mut operation, &document).await {
        Ok(document) => document,
        Err(Unproven::Refused(refused)) => return Err(Ended::Refused(refused)),
        Err(Unproven::Invalid(response)) => return Ok(*response),
    };
    let writes = access == Access::Write;
    let single = has_single_field(document, operation.operation_name.as_deref());
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
