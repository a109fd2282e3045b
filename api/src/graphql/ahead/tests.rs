//! Whether nouns are what the schemas say, and cells what PostgreSQL sends.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

use postgres_types::{FromSql, Type};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::cell::{Cells, records};
use super::level::sent;
use super::{Cell, Made, Other, Table};
use crate::graphql::{shared, tenant};

/// The fields of an object, each with its type.
fn fields(sdl: &str, object: &str) -> Vec<(String, String)> {
    let definitions = parse_schema(sdl).unwrap().definitions;
    let found = definitions.into_iter().find_map(|definition| {
        let TypeSystemDefinition::Type(ty) = definition else {
            return None;
        };
        match ty.node.kind {
            TypeKind::Object(fields) if ty.node.name.node == object => Some(fields.fields),
            _ => None,
        }
    });
    let fields = found.unwrap_or_else(|| panic!("no {object}")).into_iter();
    let fields = fields.map(|field| (field.node.name.to_string(), field.node.ty.to_string()));
    fields.collect()
}

/// The type of a relation, `None` of a cell: its type is said once.
fn relation(made: &Made) -> Option<String> {
    let of = |other: &Other| (other.table)().name;
    match made {
        Made::Id => Some("ID!".to_owned()),
        Made::Cell(..) => None,
        Made::One(_, other) => Some(of(other).to_owned()),
        Made::All(_, _, other) => Some(format!("[{}!]!", of(other))),
        Made::Page(_, other, _) => Some(format!("{}Connection!", of(other))),
    }
}

/// The objects that have a global id.
fn nodes(sdl: &str) -> Vec<String> {
    let definitions = parse_schema(sdl).unwrap().definitions.into_iter();
    let nodes = definitions.filter_map(|definition| match definition {
        TypeSystemDefinition::Type(ty) => match &ty.node.kind {
            TypeKind::Object(object) if !object.implements.is_empty() => {
                Some(ty.node.name.node.to_string())
            }
            _ => None,
        },
        _ => None,
    });
    nodes.collect()
}

fn agree(sdl: &str, tables: &[&'static Table]) {
    for node in nodes(sdl) {
        let listed = tables.iter().any(|table| table.name == node);
        assert!(listed, "{node} is not among the tables");
    }
    for table in tables {
        let said = fields(sdl, table.name);
        let names: Vec<_> = said.iter().map(|(name, _)| name).collect();
        let known: Vec<_> = table.fields.iter().map(|field| &field.name).collect();
        assert_eq!(names, known, "{}", table.name);
        for (field, (name, ty)) in table.fields.iter().zip(&said) {
            if let Some(relation) = relation(&field.made) {
                assert_eq!(relation, *ty, "{}.{name}", table.name);
            }
        }
    }
}

#[test]
fn nouns_have_the_fields_that_the_schemas_say() {
    agree(&tenant::schema().finish().sdl(), &tenant::tables());
    agree(&shared::schema().finish().sdl(), &shared::tables());
}

#[test]
fn columns_are_those_of_entities() {
    for table in tenant::tables().into_iter().chain(shared::tables()) {
        for field in &table.fields {
            let (of, columns) = match &field.made {
                Made::Id => (table, vec![table.key]),
                Made::Cell(column, _) | Made::One(column, _) => (table, vec![*column]),
                Made::All(to, order, other) => ((other.table)(), vec![*to, *order]),
                Made::Page(to, other, _) => ((other.table)(), vec![*to]),
            };
            for column in columns {
                let (of, field) = (of.column(column), (table.name, &field.name));
                let of = of.unwrap_or_else(|| panic!("{field:?} is of no column"));
                // Else what selects it would be left to resolvers.
                assert!(sent(of, column).is_some(), "{field:?} is a {of:?}");
            }
        }
    }
}

#[test]
fn tenants_tables_name_no_schema() {
    for table in tenant::tables() {
        assert_eq!(table.from, format!("\"{}\"", table.named));
    }
    // So that it would be seen.
    for table in shared::tables() {
        assert_eq!(table.from, format!("\"shared\".\"{}\"", table.named));
    }
}

/// A record of these cells, as PostgreSQL sends it.
fn record(cells: &[Option<&[u8]>]) -> Vec<u8> {
    let mut bytes = i32::try_from(cells.len()).unwrap().to_be_bytes().to_vec();
    for cell in cells {
        bytes.extend(25_i32.to_be_bytes());
        let length = cell.map_or(-1, |cell| i32::try_from(cell.len()).unwrap());
        bytes.extend(length.to_be_bytes());
        bytes.extend(cell.unwrap_or_default());
    }
    bytes
}

proptest! {
    #[test]
    fn records_are_read_whole_or_not_at_all(
        cells in vec(option::of(vec(any::<u8>(), 0..9)), 0..6),
        noise in vec(any::<u8>(), 0..64),
    ) {
        let cells: Vec<_> = cells.iter().map(Option::as_deref).collect();
        let sent = record(&cells);
        let read = Cells::from_sql(&Type::RECORD, &sent).unwrap();
        prop_assert_eq!(read.0, cells);
        for end in 0..sent.len() {
            prop_assert!(Cells::from_sql(&Type::RECORD, &sent[..end]).is_err());
        }
        // Whatever comes, nothing panics.
        let _ = Cells::from_sql(&Type::RECORD, &noise);
        let _ = records(Some(&noise));
    }
}

#[test]
fn a_null_where_none_may_be_is_an_error() {
    assert!(String::read(None).is_err());
    assert!(records(None).is_err());
    assert_eq!(Option::<String>::read(None).unwrap(), None);
    assert_eq!(String::read(Some(b"x")).unwrap(), "x");
}
