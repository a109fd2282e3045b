//! How rows become values: prepared with the statement, in the order of selection.

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, ScalarType, Value};
use sea_orm::sea_query::ColumnType;
use uuid::Uuid;

use super::cell::{Cell, Cells, Unreadable, Write, records};
use super::wish::{InfoSlot, Slots};
use crate::graphql::cursor::Cursor;
use crate::graphql::ids::{GlobalId, Kind};

#[derive(Debug)]
pub enum Program {
    One(Slots<Render>),
    Page(PageProgram),
}

/// A field of an object, by the places of cells.
#[derive(Debug)]
pub enum Render {
    Typename(Value),
    Id(Kind, usize),
    Leaf(usize, Write),
    /// `null` where the cell, a key, is.
    One(usize, Slots<Render>),
    All(usize, Slots<Render>),
    Page(usize, PageProgram),
}

#[derive(Debug)]
pub struct PageProgram {
    pub size: usize,
    pub backward: bool,
    pub bounded: bool,
    /// Where anybody asks for cursors.
    pub cursor: Option<CursorProgram>,
    pub slots: Slots<PageRender>,
}

#[derive(Debug)]
pub struct CursorProgram {
    /// What cursors of this order begin with.
    pub order: String,
    pub value: usize,
    pub column: Option<ColumnType>,
    pub key: usize,
}

#[derive(Debug)]
pub enum PageRender {
    Typename(Value),
    Edges(Slots<EdgeRender>),
    Nodes(Slots<Render>),
    Info(Slots<InfoSlot>),
}

#[derive(Debug)]
pub enum EdgeRender {
    Typename(Value),
    Cursor,
    Node(Slots<Render>),
}

type Row<'a> = Cells<'a>;
type Read<T> = Result<T, Unreadable>;

/// Renders rows of one realm.
pub struct Renderer {
    /// What marks its ids.
    pub realm: Uuid,
}

impl Renderer {
    /// `null` where one row was to be, and none is.
    pub fn run(&self, program: &Program, mut rows: Vec<Row<'_>>) -> Read<Value> {
        match program {
            Program::One(slots) => rows
                .pop()
                .map_or(Ok(Value::Null), |row| self.object(slots, &row)),
            Program::Page(page) => self.page(page, rows),
        }
    }

    fn object(&self, slots: &Slots<Render>, row: &Row<'_>) -> Read<Value> {
        object(slots, |render| self.field(render, row))
    }

    fn field(&self, render: &Render, row: &Row<'_>) -> Read<Value> {
        match render {
            Render::Typename(name) => Ok(name.clone()),
            Render::Id(kind, key) => {
                let id = GlobalId {
                    kind: *kind,
                    realm: self.realm,
                    row: Uuid::read(row.get(*key)?)?,
                };
                Ok(id.encode().to_value())
            }
            Render::Leaf(place, write) => write(row.get(*place)?),
            Render::One(key, slots) => match row.get(*key)? {
                Some(_) => self.object(slots, row),
                None => Ok(Value::Null),
            },
            Render::All(place, slots) => self.list(slots, &records(row.get(*place)?)?),
            Render::Page(place, page) => self.page(page, records(row.get(*place)?)?),
        }
    }

    fn list(&self, slots: &Slots<Render>, rows: &[Row<'_>]) -> Read<Value> {
        let items = rows.iter().map(|row| self.object(slots, row));
        Ok(Value::List(items.collect::<Read<_>>()?))
    }

    fn page(&self, page: &PageProgram, mut rows: Vec<Row<'_>>) -> Read<Value> {
        let more = rows.len() > page.size;
        rows.truncate(page.size);
        if page.backward {
            rows.reverse();
        }
        object(&page.slots, |render| match render {
            PageRender::Typename(name) => Ok(name.clone()),
            PageRender::Nodes(slots) => self.list(slots, &rows),
            PageRender::Edges(slots) => {
                let edges = rows.iter().map(|row| self.edge(slots, page, row));
                Ok(Value::List(edges.collect::<Read<_>>()?))
            }
            PageRender::Info(slots) => object(slots, |slot| info(*slot, page, more, &rows)),
        })
    }

    fn edge(&self, slots: &Slots<EdgeRender>, page: &PageProgram, row: &Row<'_>) -> Read<Value> {
        object(slots, |render| match render {
            EdgeRender::Typename(name) => Ok(name.clone()),
            EdgeRender::Cursor => cursor(page, Some(row)),
            EdgeRender::Node(slots) => self.object(slots, row),
        })
    }
}

fn object<S>(slots: &Slots<S>, mut value: impl FnMut(&S) -> Read<Value>) -> Read<Value> {
    let mut fields: IndexMap<Name, Value> = IndexMap::with_capacity(slots.len());
    for (key, slot) in slots {
        fields.insert(key.clone(), value(slot)?);
    }
    Ok(Value::Object(fields))
}

fn info(slot: InfoSlot, page: &PageProgram, more: bool, rows: &[Row<'_>]) -> Read<Value> {
    let (previous, next) = if page.backward {
        (more, page.bounded)
    } else {
        (page.bounded, more)
    };
    match slot {
        InfoSlot::Typename => Ok("PageInfo".into()),
        InfoSlot::Previous => Ok(previous.into()),
        InfoSlot::Next => Ok(next.into()),
        InfoSlot::Start => cursor(page, rows.first()),
        InfoSlot::End => cursor(page, rows.last()),
    }
}

#[derive(Debug, thiserror::Error)]
enum Misread {
    #[error("a row has fewer cells than were asked for")]
    TooFew,
    #[error("no cursor can be made of the column that decides the order")]
    Unordered,
}

/// The place of a row in its list, `null` without a row.
fn cursor(page: &PageProgram, row: Option<&Row<'_>>) -> Read<Value> {
    let Some(row) = row else {
        return Ok(Value::Null);
    };
    let program = page.cursor.as_ref().ok_or(Misread::Unordered)?;
    let column = program.column.as_ref().ok_or(Misread::Unordered)?;
    let value = sortable(column, row.get(program.value)?)?;
    let key = Uuid::read(row.get(program.key)?)?;
    let cursor = Cursor::new(program.order.clone(), value, key.into());
    Ok(cursor.to_string().into())
}

/// What an order may be decided by.
fn sortable(column: &ColumnType, cell: Option<&[u8]>) -> Read<sea_orm::Value> {
    Ok(match column {
        ColumnType::String(_) | ColumnType::Text => String::read(cell)?.into(),
        ColumnType::Uuid => Uuid::read(cell)?.into(),
        ColumnType::Date => chrono::NaiveDate::read(cell)?.into(),
        ColumnType::TimestampWithTimeZone => chrono::DateTime::<chrono::Utc>::read(cell)?.into(),
        ColumnType::Decimal(_) => rust_decimal::Decimal::read(cell)?.into(),
        _ => return Err(Misread::Unordered.into()),
    })
}

impl<'a> Cells<'a> {
    fn get(&self, place: usize) -> Read<Option<&'a [u8]>> {
        Ok(*self.0.get(place).ok_or(Misread::TooFew)?)
    }
}
