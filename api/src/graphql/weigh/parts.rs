//! What validation does with a document, whatever its schema.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, Value as Constant, Variables,
    parser::types::{
        Directive, ExecutableDocument, Field, FragmentDefinition, Selection, SelectionSet,
    },
};
use async_graphql_value::Value;

use super::{
    bounds,
    refused::{Excess, Refused},
};

/// The parts of a document, counted.
pub(super) struct Parts<'d> {
    document: &'d ExecutableDocument,
    fragments: HashMap<&'d Name, State>,
    overlaps: u64,
    /// How often each variable is used.
    uses: HashMap<&'d Name, u64>,
    /// What variables are that aren't sent. Operations seldom disagree, and then the greater counts.
    defaults: HashMap<&'d Name, u64>,
}

#[derive(Clone, Copy)]
enum State {
    /// Inside of it.
    Open,
    Counted(Extent),
}

/// Of a selection set with all its fragments.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    parts: u64,
    levels: u64,
    /// Directly in the set, or in a fragment there: they may have the same key.
    fields: u64,
    /// The most arguments of one of these fields.
    arguments: u64,
}

impl<'d> Parts<'d> {
    pub(super) fn check(
        document: &'d ExecutableDocument,
        variables: &Variables,
        limit: u64,
    ) -> Result<(), Refused> {
        let mut parts = Self {
            document,
            fragments: HashMap::new(),
            overlaps: 0,
            uses: HashMap::new(),
            defaults: HashMap::new(),
        };
        let mut all: u64 = 0;
        for (_, operation) in document.operations.iter() {
            let operation = &operation.node;
            let variables = &operation.variable_definitions;
            Excess::Variables.check(variables.len() as u64, bounds::VARIABLES)?;
            for variable in variables {
                let default = variable.node.default_value.as_ref();
                let size = default.map_or(0, |default| size(&default.node));
                let known = parts.defaults.entry(&variable.node.name.node).or_default();
                *known = size.max(*known);
            }
            let extent = parts.set(&operation.selection_set.node, 1)?;
            all = all
                .saturating_add(parts.directives(&operation.directives))
                .saturating_add(extent.parts);
        }
        for (name, fragment) in &document.fragments {
            parts.fragment(name, fragment, 1)?;
        }
        Excess::Parts.check(all, limit)?;
        Excess::Overlaps.check(parts.overlaps, bounds::OVERLAPS)?;
        Excess::Copies.check(parts.copies(variables), bounds::COPIES)
    }

    /// `level` is that of the set; it is checked on the way down, so that the stack's end is never near.
    fn set(&mut self, set: &'d SelectionSet, level: u64) -> Result<Extent, Refused> {
        Excess::Levels.check(level, bounds::LEVELS)?;
        let mut extent = Extent::default();
        for item in &set.items {
            extent.add_parts(1);
            extent.add_parts(self.directives(item.node.directives()));
            match &item.node {
                Selection::Field(field) => self.field(&field.node, level, &mut extent)?,
                Selection::InlineFragment(fragment) => {
                    extent.spread(self.set(&fragment.node.selection_set.node, level + 1)?);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some((name, fragment)) = self.document.fragments.get_key_value(name) {
                        extent.spread(self.fragment(name, fragment, level + 1)?);
                    }
                }
            }
        }
        Excess::Levels.check(level.saturating_add(extent.levels), bounds::LEVELS)?;
        let overlaps = extent.fields.saturating_mul(1 + extent.arguments);
        self.overlaps = self.overlaps.saturating_add(overlaps);
        Ok(extent)
    }

    fn field(&mut self, field: &'d Field, level: u64, extent: &mut Extent) -> Result<(), Refused> {
        extent.fields = extent.fields.saturating_add(1);
        extent.arguments = extent.arguments.max(field.arguments.len() as u64);
        extent.add_parts(self.arguments(&field.arguments));
        let set = &field.selection_set.node;
        if !set.items.is_empty() {
            let below = self.set(set, level + 1)?;
            extent.add_parts(below.parts);
            extent.levels = extent.levels.max(below.levels + 1);
        }
        Ok(())
    }

    fn fragment(
        &mut self,
        name: &'d Name,
        fragment: &'d Positioned<FragmentDefinition>,
        level: u64,
    ) -> Result<Extent, Refused> {
        match self.fragments.get(name) {
            Some(State::Counted(extent)) => return Ok(*extent),
            Some(State::Open) => return Err(Refused::Cycle(name.to_string())),
            None => {}
        }
        self.fragments.insert(name, State::Open);
        let mut extent = self.set(&fragment.node.selection_set.node, level)?;
        extent.add_parts(self.directives(&fragment.node.directives));
        self.fragments.insert(name, State::Counted(extent));
        Ok(extent)
    }

    fn directives(&mut self, directives: &'d [Positioned<Directive>]) -> u64 {
        let mut parts = directives.len() as u64;
        for directive in directives {
            parts += self.arguments(&directive.node.arguments);
        }
        parts
    }

    fn arguments(&mut self, arguments: &'d [(Positioned<Name>, Positioned<Value>)]) -> u64 {
        let mut values = arguments.iter().map(|(_, value)| &value.node);
        values.by_ref().map(|value| self.value(value)).sum()
    }

    fn value(&mut self, value: &'d Value) -> u64 {
        let within = match value {
            Value::Variable(name) => {
                *self.uses.entry(name).or_default() += 1;
                0
            }
            Value::List(items) => items.iter().map(|item| self.value(item)).sum(),
            Value::Object(fields) => fields.values().map(|value| self.value(value)).sum(),
            _ => 0,
        };
        1 + within
    }

    /// The values of variables that are used once more than once.
    fn copies(&self, variables: &Variables) -> u64 {
        let again = self.uses.iter().filter(|(_, uses)| **uses > 1);
        again.fold(0, |sum: u64, (name, uses)| {
            let default = || self.defaults.get(name).copied().unwrap_or_default();
            let size = variables.get(*name).map_or_else(default, size);
            sum.saturating_add(size.saturating_mul(uses - 1))
        })
    }
}

impl Extent {
    fn add_parts(&mut self, parts: u64) {
        self.parts = self.parts.saturating_add(parts);
    }

    /// A fragment's selections stand beside the others of the set.
    fn spread(&mut self, fragment: Self) {
        self.add_parts(fragment.parts);
        self.levels = self.levels.max(fragment.levels + 1);
        self.fields = self.fields.saturating_add(fragment.fields);
        self.arguments = self.arguments.max(fragment.arguments);
    }
}

/// How many values a value has; a long string is as good as several.
pub(super) fn size(value: &Constant) -> u64 {
    let within = match value {
        Constant::String(text) => text.len() as u64 / 64,
        Constant::List(items) => items.iter().map(size).sum(),
        Constant::Object(fields) => fields.values().map(size).sum(),
        _ => 0,
    };
    1 + within
}
