//! The one statement that grants a wish.
//!
//! Rows that are pointed at are joined; lists are arrays of records, each with its own order and limit. A page's rows are found
//! before anything is joined to them. Names are those of entities, values are parameters, and no tenant's schema is named.
//!
//! Each cell of a row is bytes as PostgreSQL sends them in its binary form, or text, which is the same in any: so they come through
//! even where a statement travels together with its scope's `BEGIN` and is answered in text. One array of all rows, or a row as one
//! record with its lists inside, would cost PostgreSQL up to twice the time.

use sea_orm::sea_query::ColumnType;

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
        (builder.widest.max(level.columns.len()) <= MOST_COLUMNS).then_some(Self { sql, program })
    }
}

#[derive(Default)]
struct Builder {
    aliases: usize,
    widest: usize,
}

/// The rows of one `SELECT`.
struct Level {
    table: &'static Table,
    alias: usize,
    /// What is answered for each row.
    columns: Vec<Column>,
    joins: Vec<Join>,
    /// The columns that are needed of its own table.
    cited: Vec<&'static str>,
}

struct Column {
    named: String,
    /// As bytes or text, if it can be asked for so.
    sent: Option<String>,
}

struct Join {
    from: usize,
    by: &'static str,
    alias: usize,
    text: String,
}

impl Level {
    fn column(&self, alias: usize, name: &str) -> String {
        debug_assert!(alias != self.alias || self.cited.contains(&name));
        format!("t{alias}.{}", quoted(name))
    }

    /// A column of its own table.
    fn cited(&mut self, name: &'static str) -> String {
        self.cite(self.alias, name)
    }

    fn cite(&mut self, alias: usize, name: &'static str) -> String {
        if alias == self.alias && !self.cited.contains(&name) {
            self.cited.push(name);
        }
        self.column(alias, name)
    }

    /// The place of a cell in the answer.
    fn cell(&mut self, alias: usize, table: &'static Table, name: &'static str) -> usize {
        let named = self.cite(alias, name);
        let sent = table.column(name).and_then(|of| sent(of, &named));
        self.place(Column { named, sent })
    }

    /// The place of a list in the answer.
    fn list(&mut self, named: String) -> usize {
        let sent = Some(format!("array_send({named})"));
        self.place(Column { named, sent })
    }

    fn place(&mut self, column: Column) -> usize {
        let known = self.columns.iter().position(|it| it.named == column.named);
        known.unwrap_or_else(|| {
            self.columns.push(column);
            self.columns.len() - 1
        })
    }

    /// A row without a column would be no SQL that everything reads.
    fn row(&self) -> String {
        if self.columns.is_empty() {
            return "ROW(1)".to_owned();
        }
        let columns: Vec<_> = self.columns.iter().map(|it| it.named.as_str()).collect();
        format!("ROW({})", columns.join(", "))
    }

    /// The columns of a row that is answered itself. `None` if one couldn't be read.
    fn sent(&self) -> Option<String> {
        if self.columns.is_empty() {
            return Some("1".to_owned());
        }
        let columns = self.columns.iter().map(|it| it.sent.as_deref());
        Some(columns.collect::<Option<Vec<_>>>()?.join(", "))
    }

    fn table_and_joins(&self) -> String {
        let joins: String = self.joins.iter().map(|join| join.text.as_str()).collect();
        format!("FROM {} AS t{}{joins}", self.table.from, self.alias)
    }

    fn select_and_joins(&self, select: &str) -> String {
        let joins: String = self.joins.iter().map(|join| join.text.as_str()).collect();
        format!("FROM ({select}) AS t{}{joins}", self.alias)
    }

    fn array(&self, tail: &str) -> String {
        format!("ARRAY(SELECT {} {tail})", self.row())
    }
}

impl Builder {
    fn alias(&mut self) -> usize {
        self.aliases += 1;
        self.aliases
    }

    fn level(&mut self, table: &'static Table) -> Level {
        Level {
            table,
            alias: self.alias(),
            columns: Vec::new(),
            joins: Vec::new(),
            cited: Vec::new(),
        }
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
                let joined = self.join(level, (alias, by), other);
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
                self.widest = self.widest.max(below.columns.len());
                Render::Page(level.list(below.array(&tail)), program)
            }
            _ => Render::Id(table.kind, level.cell(alias, table, table.key)),
        }
    }

    /// The alias of the row that a column points at: joined once, however often it is asked for.
    fn join(
        &mut self,
        level: &mut Level,
        (from, by): (usize, &'static str),
        other: &'static Table,
    ) -> usize {
        let known = level.joins.iter().find(|it| it.from == from && it.by == by);
        if let Some(join) = known {
            return join.alias;
        }
        let alias = self.alias();
        let column = level.cite(from, by);
        let text = format!(
            " LEFT JOIN {} AS t{alias} ON t{alias}.{} = {column}",
            other.from,
            quoted(other.key),
        );
        level.joins.push(Join {
            from,
            by,
            alias,
            text,
        });
        alias
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
        self.widest = self.widest.max(level.columns.len());
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

/// A column as PostgreSQL sends it in its binary form, `None` for a type that no cell is read of.
pub fn sent(of: &ColumnType, column: &str) -> Option<String> {
    let send = match of {
        // Text is the same in both forms.
        ColumnType::Text | ColumnType::String(_) => return Some(column.to_owned()),
        ColumnType::Uuid => "uuid_send",
        ColumnType::Date => "date_send",
        ColumnType::TimestampWithTimeZone => "timestamptz_send",
        ColumnType::Decimal(_) => "numeric_send",
        ColumnType::Integer => "int4send",
        ColumnType::Boolean => "boolsend",
        ColumnType::JsonBinary => "jsonb_send",
        _ => return None,
    };
    Some(format!("{send}({column})"))
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
    let columns: Vec<_> = level.cited.iter().map(|name| own(name)).collect();
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
