//! Completes what the executor answers, by the specification's `CompleteValue`: it leaves out fields that failed, and lists the
//! others in the order in which they were ready.
//!
//! Here the keys of an object become those that were selected, in that order; what is missing is `null`; and a `null` where the
//! schema allows none makes the nearest parent that may be null `null`, up to the whole data.
//!
//! A request goes through `default_variables`, `prepare` once it was weighed, the executor, and `apply`.

mod collect;
mod failures;
mod prepare;
mod typename;

use async_graphql::{
    Name, Response, Value, Variables,
    indexmap::IndexMap,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition},
};

use self::{
    collect::{Below, Collector},
    failures::{Failures, Step},
};
use super::index::{Base, Kind, SchemaIndex, TypeId, TypeRef};

pub use self::prepare::{conditions, default_variables, prepare};

/// Asks, beside what the client wants, for the type of what may be of several. A client can't select it: it is never answered.
const RUNTIME_TYPE: &str = "__runtimeType";

/// Completes the answer to a document that `prepare` has prepared, or to a copy of it as it was before; `variables` are the prepared
/// ones, of which [`conditions`] are enough. An answer that refuses the whole request stays as it is.
pub fn apply(
    index: &SchemaIndex,
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Variables,
    response: &mut Response,
) {
    let nowhere = |response: &Response| response.errors.iter().all(|error| error.path.is_empty());
    if response.data == Value::Null && !response.errors.is_empty() && nowhere(response) {
        return;
    }
    let Some(operation) = operation(&document.operations, operation_name) else {
        return;
    };
    let Some(root) = index.root(operation.ty) else {
        return;
    };
    let mut completion = Completion {
        collector: Collector {
            index,
            document,
            variables,
        },
        failures: Failures::new(&response.errors),
        path: Vec::new(),
    };
    let mut below = Below::new(&operation.selection_set.node);
    completion.object(&mut response.data, (root, false), &mut below);
}

/// The specification's `GetOperation`.
pub fn operation<'a>(
    operations: &'a DocumentOperations,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    let operation = match (operations, name) {
        (DocumentOperations::Single(operation), None) => operation,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name)?,
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next()?
        }
        _ => return None,
    };
    Some(&operation.node)
}

struct Completion<'a> {
    collector: Collector<'a>,
    failures: Failures<'a>,
    /// Of the value that is being completed.
    path: Vec<Step<'a>>,
}

impl<'a> Completion<'a> {
    /// Whether the value may stand there after it was completed.
    fn value(&mut self, value: &mut Value, ty: &'a TypeRef, below: &mut Below<'a>) -> bool {
        match &ty.base {
            Base::List(item) => self.list(value, item, below),
            Base::Named(named) => match self.collector.index.entry(*named).kind {
                Kind::Leaf => {}
                Kind::Object => self.object(value, (*named, ty.nullable), below),
                Kind::Abstract => {
                    let runtime = self.runtime_type(value, below);
                    if let Some(runtime) = runtime {
                        self.object(value, (runtime, ty.nullable), below);
                    }
                }
            },
        }
        ty.nullable || !is_null(value)
    }

    fn list(&mut self, value: &mut Value, item: &'a TypeRef, below: &mut Below<'a>) {
        let Value::List(items) = value else { return };
        let mut items = items.iter_mut().enumerate();
        let all = items.all(|(place, value)| {
            self.path.push(Step::Index(place));
            let stays = self.value(value, item, below);
            self.path.pop();
            stays
        });
        if !all {
            *value = Value::Null;
        }
    }

    /// The value becomes `null` where one of its fields is `null` that mustn't be.
    fn object(&mut self, value: &mut Value, (ty, nullable): (TypeId, bool), below: &mut Below<'a>) {
        // An object without a single field that went well comes as `null`.
        let is_emptied = |it: &Self| !nullable || it.failures.is_any_below(&it.path);
        if is_null(value) && is_emptied(self) {
            *value = Value::Object(IndexMap::new());
        }
        let Value::Object(fields) = value else { return };
        if !self.fields(fields, ty, below) {
            *value = Value::Null;
        }
    }

    /// Whether every field may be as it is.
    fn fields(
        &mut self,
        fields: &mut IndexMap<Name, Value>,
        ty: TypeId,
        below: &mut Below<'a>,
    ) -> bool {
        let slots = below.slots(ty, &self.collector);
        for (place, slot) in slots.iter_mut().enumerate() {
            let answered = take_place(fields, place, slot.key);
            let stays = match (answered, slot.ty) {
                (_, None) => true,
                (None, Some(ty)) => ty.nullable,
                (Some(value), Some(ty)) => {
                    self.path.push(Step::Key(slot.key));
                    let stays = self.value(value, ty, &mut slot.below);
                    self.path.pop();
                    stays
                }
            };
            if !stays {
                return false;
            }
        }
        fields.truncate(slots.len());
        true
    }

    /// What the value of an interface or a union is. It is known unless nobody prepared the document.
    fn runtime_type(&self, value: &Value, below: &Below<'a>) -> Option<TypeId> {
        let Value::Object(fields) = value else {
            return None;
        };
        let name = fields
            .get(RUNTIME_TYPE)
            .or_else(|| fields.get(below.type_key()?))?;
        match name {
            Value::String(name) => self.collector.index.find(name),
            _ => None,
        }
    }
}

/// Moves the value of a key to where the key was selected, and what stood there further on. A field that failed has no value: it
/// becomes `null`.
fn take_place<'f>(
    fields: &'f mut IndexMap<Name, Value>,
    place: usize,
    key: &Name,
) -> Option<&'f mut Value> {
    let there = fields.get_index(place).map(|(there, _)| there);
    if there.is_none_or(|there| !is_same(there, key)) {
        let Some(from) = fields.get_index_of(key) else {
            let (last, _) = fields.insert_full(key.clone(), Value::Null);
            fields.swap_indices(last, place);
            return None;
        };
        fields.swap_indices(from, place);
    }
    Some(&mut fields[place])
}

/// Most names in answers are those of the document itself.
fn is_same(one: &Name, other: &Name) -> bool {
    std::ptr::eq(one.as_str(), other.as_str()) || one == other
}

/// Comparing would look at the kind of both.
fn is_null(value: &Value) -> bool {
    matches!(value, Value::Null)
}

#[cfg(test)]
mod tests;
