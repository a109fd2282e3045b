//! What a root field's selections ask for, below everything that two requests may differ in without needing another statement.

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::{Context, Name, Positioned};
use sea_orm::Value;
use sea_orm::sea_query::{Condition, Expr, PostgresQueryBuilder, QueryBuilder};

use super::number::Numbered;
use super::table::{Made, Table, TableRef};
use crate::auth::Caller;

/// What is selected from the rows of a root field. Equal wishes are granted by one text.
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    One(Object),
    Page(Page),
}

/// A response key, and what belongs there.
pub type Slots<S> = Vec<(Name, S)>;

#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Object {
    pub table: TableRef,
    pub slots: Slots<Slot>,
}

/// Fields by their place in the table.
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    Typename,
    Leaf(usize),
    One(usize, Object),
    All(usize, Object),
    Page(usize, Page),
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Page {
    pub table: TableRef,
    /// As SQL whose values are numbered in the order of the request's.
    pub condition: Option<String>,
    pub by: &'static str,
    pub descending: bool,
    pub size: usize,
    pub backward: bool,
    pub bounded: bool,
    pub slots: Slots<PageSlot>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub enum PageSlot {
    Typename,
    Edges(Slots<EdgeSlot>),
    Nodes(Object),
    Info(Slots<InfoSlot>),
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub enum EdgeSlot {
    Typename,
    Cursor,
    Node(Object),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InfoSlot {
    Typename,
    Previous,
    Next,
    Start,
    End,
}

/// What a connection's arguments say.
pub struct Paged {
    pub condition: Condition,
    pub by: &'static str,
    pub descending: bool,
    pub size: usize,
    pub backward: bool,
    pub bounded: bool,
}

/// Reads selections. Answers `None` where only resolvers know what to say: that something is not allowed, or that an argument is wrong.
pub struct Reader<'c> {
    ctx: &'c Context<'c>,
    caller: Caller,
    /// Of the statement's parameters.
    pub values: Vec<Value>,
}

/// A field in one place of the answer: several selections of it may stand in the document.
struct Selected<'c> {
    field: &'c Positioned<Field>,
    more: Vec<&'c SelectionSet>,
}

impl<'c> Selected<'c> {
    fn name(&self) -> &'c str {
        &self.field.node.name.node
    }

    fn sets(&self) -> Vec<&'c SelectionSet> {
        let first = &self.field.node.selection_set.node;
        std::iter::once(first)
            .chain(self.more.iter().copied())
            .collect()
    }
}

impl<'c> Reader<'c> {
    /// `values` are those of parameters that stand before the selections'.
    pub fn new(ctx: &'c Context<'c>, caller: Caller, values: Vec<Value>) -> Self {
        Self {
            ctx,
            caller,
            values,
        }
    }

    /// What is selected from the row that the root field answers.
    pub fn one(&mut self, table: &'static Table) -> Option<Wish> {
        let set = &self.ctx.item.node.selection_set.node;
        self.object(table, &[set]).map(Wish::One)
    }

    /// What is selected from the page that the root field answers.
    pub fn root_page(&mut self, table: &'static Table, paged: Paged) -> Option<Wish> {
        let set = &self.ctx.item.node.selection_set.node;
        self.page(table, paged, &[set]).map(Wish::Page)
    }

    /// Whether nothing is selected of a mutation's payload, and of the row in it, but what whoever has the row knows.
    pub fn knows_all(&mut self, payload: &str, table: &'static Table) -> bool {
        let set = &self.ctx.item.node.selection_set.node;
        let known = self.slots(payload, &[set], |this, selected| {
            let sets = selected.sets();
            let is_row =
                selected.name() != "userErrors" && sets.iter().any(|set| !set.items.is_empty());
            if !is_row {
                return Some(());
            }
            let row = this.object(table, &sets)?;
            let is_known =
                |(_, slot): &(Name, Slot)| matches!(slot, Slot::Typename | Slot::Leaf(_));
            row.slots.iter().all(is_known).then_some(())
        });
        known.is_some()
    }

    fn object(&mut self, table: &'static Table, sets: &[&'c SelectionSet]) -> Option<Object> {
        let slots = self.slots(table.name, sets, |this, selected| {
            let name = selected.name();
            if name == "__typename" {
                return Some(Slot::Typename);
            }
            let place = table.field(name)?;
            this.slot(&table.fields[place].made, place, selected)
        });
        Some(Object {
            table: TableRef(table),
            slots: slots?,
        })
    }

    fn slot(&mut self, made: &Made, place: usize, selected: &Selected<'c>) -> Option<Slot> {
        Some(match made {
            Made::Id | Made::Cell(..) => Slot::Leaf(place),
            Made::One(_, other) if (other.may)(&self.caller) => {
                Slot::One(place, self.object((other.table)(), &selected.sets())?)
            }
            Made::All(_, _, other) if (other.may)(&self.caller) => {
                Slot::All(place, self.object((other.table)(), &selected.sets())?)
            }
            Made::Page(_, other, arguments) if (other.may)(&self.caller) => {
                let paged = arguments(&self.ctx.with_field(selected.field))?;
                Slot::Page(place, self.page((other.table)(), paged, &selected.sets())?)
            }
            Made::One(..) | Made::All(..) | Made::Page(..) => return None,
        })
    }

    fn page(
        &mut self,
        table: &'static Table,
        paged: Paged,
        sets: &[&'c SelectionSet],
    ) -> Option<Page> {
        let condition = self.condition(paged.condition);
        let slots = self.slots(&table.connection, sets, |this, selected| {
            Some(match selected.name() {
                "__typename" => PageSlot::Typename,
                "nodes" => PageSlot::Nodes(this.object(table, &selected.sets())?),
                "edges" => PageSlot::Edges(this.edges(table, &selected.sets())?),
                "pageInfo" => PageSlot::Info(this.info(&selected.sets())?),
                _ => return None,
            })
        });
        Some(Page {
            table: TableRef(table),
            condition,
            by: paged.by,
            descending: paged.descending,
            size: paged.size,
            backward: paged.backward,
            bounded: paged.bounded,
            slots: slots?,
        })
    }

    /// Its text; its values join the others.
    fn condition(&mut self, condition: Condition) -> Option<String> {
        if condition.is_empty() {
            return None;
        }
        let mut sql = Numbered::after(&mut self.values);
        PostgresQueryBuilder.prepare_expr(&Expr::from(condition), &mut sql);
        Some(sql.text)
    }

    fn edges(
        &mut self,
        table: &'static Table,
        sets: &[&'c SelectionSet],
    ) -> Option<Slots<EdgeSlot>> {
        self.slots(&table.edge, sets, |this, selected| {
            Some(match selected.name() {
                "__typename" => EdgeSlot::Typename,
                "cursor" => EdgeSlot::Cursor,
                "node" => EdgeSlot::Node(this.object(table, &selected.sets())?),
                _ => return None,
            })
        })
    }

    fn info(&mut self, sets: &[&'c SelectionSet]) -> Option<Slots<InfoSlot>> {
        self.slots("PageInfo", sets, |_, selected| {
            Some(match selected.name() {
                "__typename" => InfoSlot::Typename,
                "hasPreviousPage" => InfoSlot::Previous,
                "hasNextPage" => InfoSlot::Next,
                "startCursor" => InfoSlot::Start,
                "endCursor" => InfoSlot::End,
                _ => return None,
            })
        })
    }

    /// The slots of an object of this type, in the order of selection.
    fn slots<S>(
        &mut self,
        ty: &str,
        sets: &[&'c SelectionSet],
        mut slot: impl FnMut(&mut Self, &Selected<'c>) -> Option<S>,
    ) -> Option<Slots<S>> {
        let mut all = Vec::new();
        let mut visited = Vec::new();
        for set in sets {
            self.collect(ty, set, &mut all, &mut visited);
        }
        let slots = all.iter().map(|selected| {
            let key = selected.field.node.response_key().node.clone();
            Some((key, slot(self, selected)?))
        });
        slots.collect()
    }

    /// The specification's `CollectFields`; the executor took out what `@skip` and `@include` leave out.
    fn collect(
        &self,
        ty: &str,
        set: &'c SelectionSet,
        all: &mut Vec<Selected<'c>>,
        visited: &mut Vec<&'c Name>,
    ) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => add(field, all),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    if condition.is_none_or(|it| self.is(ty, &it.node.on.node)) {
                        self.collect(ty, &fragment.node.selection_set.node, all, visited);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.ctx.query_env.fragments.get(name) else {
                        continue;
                    };
                    if !visited.contains(&name)
                        && self.is(ty, &fragment.node.type_condition.node.on.node)
                    {
                        visited.push(name);
                        self.collect(ty, &fragment.node.selection_set.node, all, visited);
                    }
                }
            }
        }
    }

    /// Whether what is selected on `condition` is selected from every value of `ty`.
    fn is(&self, ty: &str, condition: &str) -> bool {
        let types = &self.ctx.schema_env.registry.types;
        ty == condition
            || types
                .get(condition)
                .is_some_and(|it| it.is_possible_type(ty))
    }
}

fn add<'c>(field: &'c Positioned<Field>, all: &mut Vec<Selected<'c>>) {
    let key = &field.node.response_key().node;
    let known = all
        .iter_mut()
        .find(|it| it.field.node.response_key().node == *key);
    match known {
        Some(selected) => selected.more.push(&field.node.selection_set.node),
        None => all.push(Selected {
            field,
            more: Vec::new(),
        }),
    }
}
