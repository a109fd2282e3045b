//! What the executor does for an operation, at most, by the sizes of its pages.

use std::collections::HashMap;

use async_graphql::{
    Name, Value as Constant, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value;

use super::{Limits, parts::size, work::Weight};
use crate::graphql::index::{Role, SchemaIndex, TypeId};

/// How long a list is that isn't paged, such as an invoice's lines.
const LIST: u64 = 10;
/// Reading so many values of an argument is as much work as resolving a field.
const VALUES_PER_FIELD: u64 = 8;

/// Weighs one operation. Whatever a condition may leave out counts, and of an object that may be of several types all of them do.
pub(super) struct Weigher<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    limits: &'a Limits,
    index: &'a SchemaIndex,
    /// A fragment weighs the same wherever it is spread.
    fragments: HashMap<&'a Name, Weight>,
    sizes: HashMap<&'a Name, u64>,
}

impl<'a> Weigher<'a> {
    pub(super) fn new(
        document: &'a ExecutableDocument,
        operation: &'a OperationDefinition,
        variables: &'a Variables,
        (limits, index): (&'a Limits, &'a SchemaIndex),
    ) -> Self {
        Self {
            document,
            operation,
            variables,
            limits,
            index,
            fragments: HashMap::new(),
            sizes: HashMap::new(),
        }
    }

    /// For one object of this type. What the schema doesn't know weighs little: validation refuses it.
    pub(super) fn set(&mut self, set: &'a SelectionSet, ty: Option<TypeId>) -> Weight {
        let mut weight = Weight::default();
        for item in &set.items {
            weight += match &item.node {
                Selection::Field(field) => self.field(&field.node, ty),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let ty = condition.map_or(ty, |it| self.index.find(&it.node.on.node));
                    self.set(&fragment.node.selection_set.node, ty)
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
            };
        }
        weight
    }

    fn fragment(&mut self, name: &'a Name) -> Weight {
        if let Some(weight) = self.fragments.get(name) {
            return *weight;
        }
        // A cycle would have been refused; should one come here, it ends.
        self.fragments.insert(name, Weight::default());
        let Some(fragment) = self.document.fragments.get(name) else {
            return Weight::default();
        };
        let ty = self.index.find(&fragment.node.type_condition.node.on.node);
        let weight = self.set(&fragment.node.selection_set.node, ty);
        self.fragments.insert(name, weight);
        weight
    }

    fn field(&mut self, field: &'a Field, parent: Option<TypeId>) -> Weight {
        let entry = parent.and_then(|parent| self.index.field(parent, &field.name.node));
        let role = |ty: Option<TypeId>| ty.map_or(Role::Other, |ty| self.index.entry(ty).role);
        let parent = role(parent);
        let mut weight = Weight {
            aliases: field.alias.is_some().into(),
            depth: 1,
            siblings: (field.name.node != "__typename").into(),
            logins: (field.name.node == "login").into(),
            ..Weight::default()
        };
        if parent == Role::Meta {
            weight.once.introspected = 1;
        } else {
            weight.once.fields = self.arguments(field).saturating_add(1);
        }
        if field.selection_set.node.items.is_empty() {
            return weight;
        }
        let named = entry.map(|entry| entry.ty.named());
        let lists = entry.map_or(0, |entry| entry.ty.lists());
        let below = self.set(&field.selection_set.node, named);
        self.objects(&mut weight, &below, field, (parent, role(named), lists));
        weight
    }

    /// Adds what is below a field, for as many objects as it may have.
    fn objects(
        &self,
        weight: &mut Weight,
        below: &Weight,
        field: &Field,
        (parent, role, lists): (Role, Role, u32),
    ) {
        weight.aliases = weight.aliases.saturating_add(below.aliases);
        if role != Role::Meta {
            weight.depth += below.depth;
        }
        let rows = match role {
            Role::Connection => self.rows(field),
            _ => self.limits.page_size,
        };
        let each = below.with_rows(rows);
        if parent == Role::Connection && lists > 0 {
            weight.paged += each;
            return;
        }
        let items = match lists {
            0 => 1,
            lists => self.length(field, parent).saturating_pow(lists),
        };
        weight.once += each * items;
        let nodes = match (parent, role) {
            (Role::Connection | Role::Edge, _) | (_, Role::Meta) => 0,
            (_, Role::Connection) => rows.saturating_mul(items),
            _ => items,
        };
        weight.once.nodes = weight.once.nodes.saturating_add(nodes);
    }

    /// The rows of a page: as many as are asked for, whatever is selected of them.
    fn rows(&self, field: &Field) -> u64 {
        let asked = ["first", "last"].iter().filter_map(|name| {
            let number = match &field.get_argument(name)?.node {
                Value::Number(number) => number,
                Value::Variable(name) => match self.variable(name)? {
                    Constant::Number(number) => number,
                    _ => return None,
                },
                _ => return None,
            };
            // What is no size is refused later, and counts as the greatest until then.
            Some(number.as_u64().unwrap_or(u64::MAX))
        });
        let asked = asked.max().unwrap_or(self.limits.page_size);
        asked.min(self.limits.page_limit)
    }

    /// The items of a list: as many as are assumed, or as were given to ask for.
    fn length(&self, field: &Field, parent: Role) -> u64 {
        if parent == Role::Meta && field.name.node == "types" {
            return self.index.len() as u64;
        }
        let given = field.arguments.iter().map(|(_, value)| match &value.node {
            Value::List(items) => items.len(),
            Value::Variable(name) => match self.variable(name) {
                Some(Constant::List(items)) => items.len(),
                _ => 0,
            },
            _ => 0,
        });
        LIST.max(given.max().unwrap_or(0) as u64)
    }

    /// The value of a variable, as sent or by default.
    fn variable(&self, name: &Name) -> Option<&'a Constant> {
        self.variables.get(name).or_else(|| {
            let mut definitions = self.operation.variable_definitions.iter();
            let definition = definitions.find(|it| it.node.name.node == *name)?;
            definition.node.default_value.as_ref().map(|it| &it.node)
        })
    }

    /// The work to read a field's arguments.
    fn arguments(&mut self, field: &'a Field) -> u64 {
        let values = field.arguments.iter().map(|(_, value)| &value.node);
        let sizes = values.map(|value| self.size(value));
        sizes.fold(0, u64::saturating_add) / VALUES_PER_FIELD
    }

    fn size(&mut self, value: &'a Value) -> u64 {
        let within = match value {
            Value::Variable(name) => self.variable_size(name),
            Value::List(items) => items.iter().map(|item| self.size(item)).sum(),
            Value::Object(fields) => fields.values().map(|value| self.size(value)).sum(),
            Value::String(text) => text.len() as u64 / 64,
            _ => 0,
        };
        within.saturating_add(1)
    }

    fn variable_size(&mut self, name: &'a Name) -> u64 {
        if let Some(size) = self.sizes.get(name) {
            return *size;
        }
        let size = self.variable(name).map_or(0, size);
        self.sizes.insert(name, size);
        size
    }
}
