//! Whether nouns are what the schemas say.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

use super::{Made, Other, Table};
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
                assert!(of.column(column).is_some(), "{}.{}", table.name, field.name);
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
