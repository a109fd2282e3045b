//! The one statement that grants a wish.
//!
//! Rows that are pointed at are joined; lists are arrays of records, each with its own order and limit. A page's rows are found
//! before anything is joined to them. Names are those of entities, values are parameters, and no tenant's schema is named.
//!
//! Each cell of a row is bytes as PostgreSQL sends them in its binary form, or text, which is the same in any: so they come through
//! even where a statement travels together with its scope's `BEGIN` and is answered in text. One array of all rows, or a row as one
//! record with its lists inside, would cost PostgreSQL up to twice the time.

use super::level::Level;
use super::program::{CursorProgram, PageProgram, PageRender, Program, Render};
use super::table::{Made, Table, quoted};
use super::wish::{EdgeSlot, InfoSlot, Object, Page, PageSlot, Slot, Slots, Wish};
use crate::graphql::cursor;

/// PostgreSQL takes some more, in a record too.
const MOST_COLUMNS: usize = 1500;

/// A statement's text, and how to read what it answers. Nothing of a request or a tenant is in it.
#[derive(Debug)]
pub struct Shape {
    pub sql: String,
    pub program: Program,
}

impl Shape {
    /// `None` for what PostgreSQL couldn't answer at once.
    pub fn of(wish: &Wish) -> Option<Self> {
        let mut builder = Builder::default();
        let (level, sql, program) = match wish {
            Wish::One(object) => {
                let mut level = builder.level(object.table.0);
                let render = builder.row(&mut level, object);
                let key = level.cited(object.table.0.key);
                let from = level.table_and_joins();
                let sql = format!("SELECT {} {from} WHERE {key} = $1", level.sent()?);
                (level, sql, Program::One(render))
            }
            Wish::Page(page) => {
                let (level, tail, program) = builder.page(page, None);
                let sql = format!("SELECT {} {tail}", level.sent()?);
                (level, sql, Program::Page(program))
            }
        };
        (builder.widest.max(level.width()) <= MOST_COLUMNS).then_some(Self { sql, program })
    }
}

#[derive(Default)]
struct Builder {
    aliases: usize,
    widest: usize,
}

impl Builder {
    fn alias(&mut self) -> usize {
        self.aliases += 1;
        self.aliases
    }

    fn level(&mut self, table: &'static Table) -> Level {
        Level::new(table, self.alias())
    }

    /// An object that is made of the level's own rows.
    fn row(&mut self, level: &mut Level, object: &Object) -> Slots<Render> {
        let alias = level.alias;
        self.object(level, alias, object)
    }

    fn object(&mut self, level: &mut Level, alias: usize, object: &Object) -> Slots<Render> {
        let table = object.table.0;
        let slots = object.slots.iter().map(|(key, slot)| {
            let render = match slot {
                Slot::Typename => Render::Typename(table.name.into()),
                Slot::Leaf(place)
                | Slot::One(place, _)
                | Slot::All(place, _)
                | Slot::Page(place, _) => {
                    self.field(level, alias, (table, &table.fields[*place].made), slot)
                }
            };
            (key.clone(), render)
        });
        slots.collect()
    }

    fn field(
        &mut self,
        level: &mut Level,
        alias: usize,
        (table, made): (&'static Table, &'static Made),
        slot: &Slot,
    ) -> Render {
        match (made, slot) {
            (Made::Cell(column, write), _) => {
                Render::Leaf(level.cell(alias, table, column), *write)
            }
            (Made::One(by, _), Slot::One(_, object)) => {
                let other = object.table.0;
                let joined = level.join((alias, by), other, || self.alias());
                let key = level.cell(joined, other, other.key);
                Render::One(key, self.object(level, joined, object))
            }
            (Made::All(by, order, _), Slot::All(_, object)) => {
                let parent = level.cite(alias, table.key);
                let (array, render) = self.all(object, (by, order), &parent);
                Render::All(level.list(array), render)
            }
            (Made::Page(by, ..), Slot::Page(_, page)) => {
                let parent = level.cite(alias, table.key);
                let (below, tail, program) = self.page(page, Some((by, &parent)));
                self.widest = self.widest.max(below.width());
                Render::Page(level.list(below.array(&tail)), program)
            }
            _ => Render::Id(table.kind, level.cell(alias, table, table.key)),
        }
    }

    fn all(
        &mut self,
        object: &Object,
        (by, order): (&'static str, &'static str),
        parent: &str,
    ) -> (String, Slots<Render>) {
        let table = object.table.0;
        let mut level = self.level(table);
        let render = self.row(&mut level, object);
        let column = level.cited(by);
        let order = [order, table.key].map(|name| level.cited(name)).join(", ");
        let from = level.table_and_joins();
        let tail = format!("{from} WHERE {column} = {parent} ORDER BY {order}");
        self.widest = self.widest.max(level.width());
        (level.array(&tail), render)
    }

    /// A page of all rows, or of those whose column is the parent's key.
    fn page(&mut self, page: &Page, to: Option<(&str, &str)>) -> (Level, String, PageProgram) {
        let table = page.table.0;
        let mut level = self.level(table);
        let mut program = PageProgram {
            size: page.size,
            backward: page.backward,
            bounded: page.bounded,
            cursor: None,
            slots: Vec::new(),
        };
        let mut looks_further = false;
        for (key, slot) in &page.slots {
            let render = match slot {
                PageSlot::Typename => PageRender::Typename(table.connection.clone().into()),
                PageSlot::Nodes(object) => PageRender::Nodes(self.row(&mut level, object)),
                PageSlot::Edges(edges) => self.edges(&mut level, page, edges, &mut program),
                PageSlot::Info(slots) => {
                    let further = if page.backward {
                        InfoSlot::Previous
                    } else {
                        InfoSlot::Next
                    };
                    looks_further |= slots.iter().any(|(_, slot)| *slot == further);
                    if slots
                        .iter()
                        .any(|(_, slot)| matches!(slot, InfoSlot::Start | InfoSlot::End))
                    {
                        program.cursor = Some(cursor_program(&mut level, page));
                    }
                    PageRender::Info(slots.clone())
                }
            };
            program.slots.push((key.clone(), render));
        }
        let limit = page.size + usize::from(looks_further);
        let tail = page_tail(&mut level, page, to, limit);
        (level, tail, program)
    }

    fn edges(
        &mut self,
        level: &mut Level,
        page: &Page,
        edges: &Slots<EdgeSlot>,
        program: &mut PageProgram,
    ) -> PageRender {
        use super::program::EdgeRender;
        let slots = edges.iter().map(|(key, slot)| {
            let render = match slot {
                EdgeSlot::Typename => EdgeRender::Typename(page.table.0.edge.clone().into()),
                EdgeSlot::Cursor => {
                    program.cursor = Some(cursor_program(level, page));
                    EdgeRender::Cursor
                }
                EdgeSlot::Node(object) => EdgeRender::Node(self.row(level, object)),
            };
            (key.clone(), render)
        });
        PageRender::Edges(slots.collect())
    }
}

fn cursor_program(level: &mut Level, page: &Page) -> CursorProgram {
    let table = page.table.0;
    let alias = level.alias;
    CursorProgram {
        order: cursor::name(table.named, page.by, page.descending),
        value: level.cell(alias, table, page.by),
        column: table.column(page.by).cloned(),
        key: level.cell(alias, table, table.key),
    }
}

/// From where a page's rows are, and in which order: its rows are found first, then others are joined to them.
fn page_tail(level: &mut Level, page: &Page, to: Option<(&str, &str)>, limit: usize) -> String {
    let table = page.table.0;
    let mut order = vec![page.by];
    if page.by != table.key {
        order.push(table.key);
    }
    let direction = if page.descending == page.backward {
        "ASC"
    } else {
        "DESC"
    };
    let outer: Vec<_> = order
        .iter()
        .map(|name| format!("{} {direction}", level.cited(name)))
        .collect();
    let own = |name: &str| format!("{}.{}", quoted(table.named), quoted(name));
    let inner: Vec<_> = order
        .iter()
        .map(|name| format!("{} {direction}", own(name)))
        .collect();
    let columns: Vec<_> = level.needed().iter().map(|name| own(name)).collect();
    let mut conditions = Vec::new();
    if let Some((by, parent)) = to {
        conditions.push(format!("{} = {parent}", own(by)));
    }
    if let Some(condition) = &page.condition {
        conditions.push(format!("({condition})"));
    }
    let conditions = match conditions.as_slice() {
        [] => String::new(),
        all => format!(" WHERE {}", all.join(" AND ")),
    };
    let select = format!(
        "SELECT {} FROM {}{conditions} ORDER BY {} LIMIT {limit}",
        columns.join(", "),
        table.from,
        inner.join(", "),
    );
    format!(
        "{} ORDER BY {}",
        level.select_and_joins(&select),
        outer.join(", ")
    )
}
