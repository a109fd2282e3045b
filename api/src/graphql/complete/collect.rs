//! The specification's `CollectFields`, done once for all objects of one type in one place of the response.

use std::collections::HashSet;

use async_graphql::{
    Name, Positioned, Value as Constant, Variables,
    parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet},
};
use async_graphql_value::Value;

use super::RUNTIME_TYPE;
use crate::graphql::index::{SchemaIndex, TypeId, TypeRef};

/// What is selected from the values in one place of the response: by all fields that share a response key.
pub(super) struct Below<'a> {
    sets: Vec<&'a SelectionSet>,
    /// Found when the first value of a type comes.
    found: Vec<(TypeId, Vec<Slot<'a>>)>,
}

/// A response key and what belongs there.
pub(super) struct Slot<'a> {
    pub(super) key: &'a Name,
    /// `None` where the schema's index knows no such field: then anything does.
    pub(super) ty: Option<&'a TypeRef>,
    pub(super) below: Below<'a>,
}

impl<'a> Below<'a> {
    pub(super) fn new(set: &'a SelectionSet) -> Self {
        Self {
            sets: vec![set],
            found: Vec::new(),
        }
    }

    /// The slots of an object of this type, in the order of selection.
    pub(super) fn slots(&mut self, ty: TypeId, collector: &Collector<'a>) -> &mut Vec<Slot<'a>> {
        let known = self.found.iter().position(|(found, _)| *found == ty);
        let place = known.unwrap_or_else(|| {
            self.found.push((ty, collector.collect(ty, &self.sets)));
            self.found.len() - 1
        });
        &mut self.found[place].1
    }

    /// The key under which the client itself asked for the type, without a condition.
    pub(super) fn type_key(&self) -> Option<&'a str> {
        let mut items = self.sets.iter().flat_map(|set| &set.items);
        items.find_map(|item| match &item.node {
            Selection::Field(field)
                if field.node.name.node == "__typename" && field.node.directives.is_empty() =>
            {
                Some(field.node.response_key().node.as_str())
            }
            _ => None,
        })
    }
}

/// What the selections of a request mean.
pub(super) struct Collector<'a> {
    pub(super) index: &'a SchemaIndex,
    pub(super) document: &'a ExecutableDocument,
    pub(super) variables: &'a Variables,
}

impl<'a> Collector<'a> {
    fn collect(&self, ty: TypeId, sets: &[&'a SelectionSet]) -> Vec<Slot<'a>> {
        let mut slots = Vec::new();
        let mut visited = HashSet::new();
        for set in sets {
            self.add(ty, set, &mut slots, &mut visited);
        }
        slots
    }

    fn add(
        &self,
        ty: TypeId,
        set: &'a SelectionSet,
        slots: &mut Vec<Slot<'a>>,
        visited: &mut HashSet<&'a str>,
    ) {
        let chosen = |item: &&Positioned<Selection>| is_chosen(item, self.variables);
        for item in set.items.iter().filter(chosen) {
            match &item.node {
                Selection::Field(field) => self.add_field(ty, &field.node, slots),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    if condition.is_none_or(|it| self.index.is(ty, &it.node.on.node)) {
                        self.add(ty, &fragment.node.selection_set.node, slots, visited);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name) else {
                        continue;
                    };
                    let condition = &fragment.node.type_condition.node.on.node;
                    if visited.insert(name) && self.index.is(ty, condition) {
                        self.add(ty, &fragment.node.selection_set.node, slots, visited);
                    }
                }
            }
        }
    }

    fn add_field(&self, ty: TypeId, field: &'a Field, slots: &mut Vec<Slot<'a>>) {
        let key = &field.response_key().node;
        if key == RUNTIME_TYPE {
            return;
        }
        let set = &field.selection_set.node;
        if let Some(slot) = slots.iter_mut().find(|slot| slot.key == key) {
            slot.below.sets.push(set);
            return;
        }
        slots.push(Slot {
            key,
            ty: self
                .index
                .field(ty, &field.name.node)
                .map(|field| &field.ty),
            below: Below::new(set),
        });
    }
}

/// Whether `@skip` and `@include` leave a selection in.
fn is_chosen(selection: &Positioned<Selection>, variables: &Variables) -> bool {
    let directives = selection.node.directives();
    directives
        .iter()
        .all(|directive| match directive.node.name.node.as_str() {
            "skip" => condition(&directive.node, variables) != Some(true),
            "include" => condition(&directive.node, variables) != Some(false),
            _ => true,
        })
}

/// As the executor takes it: what is no boolean is `false`, and without `if` there is no condition.
fn condition(directive: &Directive, variables: &Variables) -> Option<bool> {
    let condition = match &directive.get_argument("if")?.node {
        Value::Boolean(condition) => *condition,
        Value::Variable(name) => variables.get(name) == Some(&Constant::Boolean(true)),
        _ => false,
    };
    Some(condition)
}
