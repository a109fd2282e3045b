//! What must be known of a noun to ask for it in the statement of another one.

use std::hash::{Hash, Hasher};

use async_graphql::Context;
use sea_orm::sea_query::ColumnType;
use sea_orm::{ColumnTrait, EntityName, EntityTrait, IdenStatic, Iterable};

use super::cell::Write;
use super::wish::Paged;
use crate::auth::{Caller, Permission};
use crate::graphql::ids::Kind;
use crate::graphql::noun::Noun;

/// A noun's table, and its fields as they are made of it. Made once for each noun.
pub struct Table {
    /// The name of the GraphQL type.
    pub name: &'static str,
    /// Those of the types of its pages and of their rows.
    pub connection: String,
    pub edge: String,
    pub kind: Kind,
    /// The table's own name, which cursors hold.
    pub named: &'static str,
    /// As it stands behind `FROM`. A tenant's table names no schema.
    pub from: String,
    pub key: &'static str,
    pub columns: Vec<(&'static str, ColumnType)>,
    pub fields: Vec<Field>,
}

pub struct Field {
    pub name: String,
    pub made: Made,
}

/// How a field is made.
pub enum Made {
    /// The global id.
    Id,
    /// Of the cell of a column.
    Cell(&'static str, Write),
    /// The row that a column points at.
    One(&'static str, Other),
    /// The rows whose column points here, in the order of another of their columns.
    All(&'static str, &'static str, Other),
    /// A page of the rows whose column points here.
    Page(&'static str, Other, fn(&Context<'_>) -> Option<Paged>),
}

/// The noun at the other end of a relation.
pub struct Other {
    pub table: fn() -> &'static Table,
    /// Whether somebody may follow the relation.
    pub may: fn(&Caller) -> bool,
}

impl Other {
    pub fn of<N: Noun, P: Permission>() -> Self {
        Self {
            table: N::table,
            may: |caller| caller.can::<P>().is_ok(),
        }
    }
}

impl Table {
    pub fn of<N: Noun>(fields: Vec<Field>) -> Self {
        let entity = N::Entity::default();
        let from = match entity.schema_name() {
            Some(schema) => format!("{}.{}", quoted(schema), quoted(entity.table_name())),
            None => quoted(entity.table_name()),
        };
        let columns = <N::Entity as EntityTrait>::Column::iter()
            .map(|column| (column.as_str(), column.def().get_column_type().clone()))
            .collect();
        Self {
            name: N::NAME,
            connection: format!("{}Connection", N::NAME),
            edge: format!("{}Edge", N::NAME),
            kind: N::KIND,
            named: EntityName::table_name(&entity),
            from,
            key: N::KEY.as_str(),
            columns,
            fields,
        }
    }

    /// The place of a field.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    pub fn column(&self, name: &str) -> Option<&ColumnType> {
        let mut columns = self.columns.iter();
        columns
            .find(|(column, _)| *column == name)
            .map(|(_, ty)| ty)
    }
}

/// Names come from entities; that they hold no quotes is seen there.
pub fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

impl Field {
    /// A field as its resolver is called.
    pub fn new(resolver: &str, made: Made) -> Self {
        Self {
            name: camel(resolver),
            made,
        }
    }
}

/// As the library names fields.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

/// A [`Table`] by its place in memory: there is one for each noun.
#[derive(Clone, Copy)]
pub struct TableRef(pub &'static Table);

impl std::fmt::Debug for TableRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}

impl PartialEq for TableRef {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for TableRef {}

impl Hash for TableRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self.0).hash(state);
    }
}
