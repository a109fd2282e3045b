//! What must be known about an answer and isn't in it otherwise.

use std::collections::HashSet;

use async_graphql::{
    Name, Pos, Positioned, Value, Variables,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
    },
};

use super::{RUNTIME_TYPE, operation, typename};
use crate::graphql::index::{Kind, SchemaIndex, TypeId};

/// Makes it possible to complete a document's answers: where an object's type or even its presence couldn't be told from the answer, its type is
/// asked for under a key of ours, which `apply` takes out again. Depends on nothing but the document, and leaves it as valid as it was.
///
/// The document must have been weighed: cycles of fragments would be followed for a while.
pub fn prepare(index: &SchemaIndex, document: &mut ExecutableDocument) {
    typename::wrap(document);
    let mut survey = Survey::new(document);
    for (_, operation) in document.operations.iter() {
        survey.level(&[&operation.node.selection_set.node], MOST_LEVELS);
    }
    let marker = Marker {
        index,
        conditions: survey.conditions,
        repeated: survey.repeated.into_iter().cloned().collect(),
    };
    match &mut document.operations {
        DocumentOperations::Single(operation) => {
            marker.operation(&mut operation.node);
        }
        DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                marker.operation(&mut operation.node);
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        let ty = index.find(&fragment.node.type_condition.node.on.node);
        marker.mark(&mut fragment.node.selection_set.node, ty);
    }
}

/// Gives the variables that weren't sent their defaults. The executor forgets them in `@skip` and `@include`.
pub fn default_variables(
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &mut Variables,
) {
    let Some(operation) = operation(&document.operations, operation_name) else {
        return;
    };
    for definition in &operation.variable_definitions {
        let name = &definition.node.name.node;
        if let Some(default) = &definition.node.default_value
            && !variables.contains_key(name)
        {
            variables.insert(name.clone(), default.node.clone());
        }
    }
}

/// The variables that `@skip` and `@include` can look at: the others may be big, and are given away to be executed.
pub fn conditions(variables: &Variables) -> Variables {
    let mut conditions = Variables::default();
    for (name, value) in variables.iter() {
        if let Value::Boolean(condition) = value {
            conditions.insert(name.clone(), Value::Boolean(*condition));
        }
    }
    conditions
}

/// More than any document that is executed has.
const MOST_LEVELS: usize = 64;

/// What the selections of a document have in common.
struct Survey<'d> {
    document: &'d ExecutableDocument,
    /// Whether a selection can be left out.
    conditions: bool,
    /// The keys of objects that several fields share somewhere. The executor resolves each, and joins them only if none is `null`.
    repeated: HashSet<&'d Name>,
}

impl<'d> Survey<'d> {
    fn new(document: &'d ExecutableDocument) -> Self {
        Self {
            document,
            conditions: false,
            repeated: HashSet::new(),
        }
    }

    /// Looks at what is selected in one place of the answer.
    fn level(&mut self, sets: &[&'d SelectionSet], levels: usize) {
        let mut objects: Vec<(&'d Name, Vec<&'d SelectionSet>)> = Vec::new();
        let mut visited = HashSet::new();
        for set in sets {
            self.gather(set, &mut objects, &mut visited);
        }
        for (key, sets) in objects {
            if sets.len() > 1 {
                self.repeated.insert(key);
            }
            if let Some(levels) = levels.checked_sub(1) {
                self.level(&sets, levels);
            }
        }
    }

    fn gather(
        &mut self,
        set: &'d SelectionSet,
        objects: &mut Vec<(&'d Name, Vec<&'d SelectionSet>)>,
        visited: &mut HashSet<&'d Name>,
    ) {
        for item in &set.items {
            self.conditions |= !item.node.directives().is_empty();
            match &item.node {
                Selection::Field(field) if field.node.selection_set.node.items.is_empty() => {}
                Selection::Field(field) => {
                    let (key, set) = (&field.node.response_key().node, &field.node.selection_set);
                    match objects.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, sets)) => sets.push(&set.node),
                        None => objects.push((key, vec![&set.node])),
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.gather(&fragment.node.selection_set.node, objects, visited);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && visited.insert(name)
                    {
                        self.gather(&fragment.node.selection_set.node, objects, visited);
                    }
                }
            }
        }
    }
}

/// Asks for types.
struct Marker<'i> {
    index: &'i SchemaIndex,
    conditions: bool,
    repeated: HashSet<Name>,
}

impl Marker<'_> {
    fn operation(&self, operation: &mut OperationDefinition) {
        let root = self.index.root(operation.ty);
        self.mark(&mut operation.selection_set.node, root);
    }

    /// What isn't in the schema stays as it is, for validation to refuse.
    fn mark(&self, set: &mut SelectionSet, ty: Option<TypeId>) {
        for item in &mut set.items {
            match &mut item.node {
                Selection::Field(field) => self.field(&mut field.node, ty),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let ty = condition.map_or(ty, |it| self.index.find(&it.node.on.node));
                    self.mark(&mut fragment.node.selection_set.node, ty);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn field(&self, field: &mut Field, parent: Option<TypeId>) {
        let entry = parent.and_then(|parent| self.index.field(parent, &field.name.node));
        let Some(named) = entry.map(|entry| entry.ty.named()) else {
            return;
        };
        self.mark(&mut field.selection_set.node, Some(named));
        let needed = match self.index.entry(named).kind {
            Kind::Leaf => false,
            Kind::Abstract => true,
            Kind::Object => {
                self.repeated.contains(&field.response_key().node)
                    || (self.conditions && may_be_empty(&field.selection_set.node))
            }
        };
        if needed && !field.selection_set.node.items.is_empty() {
            let items = &mut field.selection_set.node.items;
            items.push(runtime_type(field.selection_set.pos));
        }
    }
}

/// Whether nothing may be left of the selections, as far as is seen at once.
fn may_be_empty(set: &SelectionSet) -> bool {
    let stays = |item: &Positioned<Selection>| {
        matches!(item.node, Selection::Field(_)) && item.node.directives().is_empty()
    };
    !set.items.iter().any(stays)
}

fn runtime_type(pos: Pos) -> Positioned<Selection> {
    let name = |name| Positioned::new(Name::new(name), pos);
    let field = Field {
        alias: Some(name(RUNTIME_TYPE)),
        name: name("__typename"),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::default(),
    };
    Positioned::new(Selection::Field(Positioned::new(field, pos)), pos)
}
