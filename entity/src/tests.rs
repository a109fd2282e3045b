//! What must hold for every entity, without asking a database.

use std::collections::BTreeSet;
use std::path::Path;

use sea_orm::sea_query::{SchemaName, TableName, TableRef};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, EntityTrait, Iden, IdenStatic, Iterable, RelationDef,
    RelationTrait, RelationType, Value,
};

use crate::{shared, tenant};

/// An entity as data, so that a test can walk over all of them.
struct Shape {
    schema: Option<String>,
    table: &'static str,
    columns: Vec<&'static str>,
    relations: Vec<RelationDef>,
    /// The `id` of a fresh active model.
    fresh_key: fn() -> Option<Value>,
}

fn shape<E: EntityTrait + Default>() -> Shape {
    let entity = E::default();
    Shape {
        schema: entity.schema_name().map(str::to_owned),
        table: entity.table_name(),
        columns: E::Column::iter().map(|column| column.as_str()).collect(),
        relations: E::Relation::iter().map(|relation| relation.def()).collect(),
        fresh_key: || {
            let id = E::Column::iter().find(|column| column.as_str() == "id")?;
            E::ActiveModel::new().get(id).into_value()
        },
    }
}

fn shared_shapes() -> Vec<Shape> {
    vec![
        shape::<shared::account::Entity>(),
        shape::<shared::audit_event::Entity>(),
        shape::<shared::domain::Entity>(),
        shape::<shared::session::Entity>(),
        shape::<shared::tenant::Entity>(),
    ]
}

fn tenant_shapes() -> Vec<Shape> {
    vec![
        shape::<tenant::customer::Entity>(),
        shape::<tenant::department::Entity>(),
        shape::<tenant::employee::Entity>(),
        shape::<tenant::invoice::Entity>(),
        shape::<tenant::invoice_line::Entity>(),
        shape::<tenant::number_series::Entity>(),
        shape::<tenant::session::Entity>(),
        shape::<tenant::user::Entity>(),
    ]
}

fn all_shapes() -> impl Iterator<Item = Shape> {
    shared_shapes().into_iter().chain(tenant_shapes())
}

#[test]
fn a_file_is_named_like_its_table_and_none_is_missing_in_these_tests() {
    for (realm, shapes) in [("shared", shared_shapes()), ("tenant", tenant_shapes())] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src")
            .join(realm);
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|file| file != "mod.rs")
            .collect();
        let tables = shapes
            .iter()
            .map(|shape| format!("{}.rs", shape.table))
            .collect();
        assert_eq!(files, tables, "in {realm}");
    }
}

#[test]
fn shared_entities_name_their_schema_and_tenant_entities_never_do() {
    for shape in shared_shapes() {
        assert_eq!(shape.schema.as_deref(), Some("shared"), "{}", shape.table);
    }
    for shape in tenant_shapes() {
        assert_eq!(shape.schema, None, "{}", shape.table);
    }
}

#[test]
fn a_fresh_row_has_a_version_7_key_that_sorts_after_those_before() {
    for shape in all_shapes().filter(|shape| shape.table != "number_series") {
        let keys: Vec<_> = (0..100)
            .map(|_| match (shape.fresh_key)() {
                Some(Value::Uuid(Some(key))) => key,
                other => panic!("{} begins with the key {other:?}", shape.table),
            })
            .collect();
        assert!(
            keys.iter().all(|key| key.get_version_num() == 7),
            "{}",
            shape.table
        );
        assert!(keys.is_sorted_by(|one, next| one < next), "{}", shape.table);
    }
}

#[test]
fn every_foreign_key_is_a_relation_both_ways() {
    let edges: BTreeSet<_> = all_shapes()
        .flat_map(|shape| shape.relations.into_iter().map(|relation| edge(&relation)))
        .collect();
    let mut foreign_keys = 0;
    // The audit trail refers to nobody: it outlives whom it tells about.
    for shape in all_shapes().filter(|shape| shape.table != "audit_event") {
        for column in shape
            .columns
            .iter()
            .filter(|column| column.ends_with("_id"))
        {
            foreign_keys += 1;
            let from = (
                shape.schema.clone(),
                shape.table.to_owned(),
                (*column).to_owned(),
            );
            let (_, to, _) = edges
                .iter()
                .find(|(start, _, many)| *start == from && !many)
                .unwrap_or_else(|| panic!("{from:?} is no relation"));
            assert!(
                edges.contains(&(to.clone(), from.clone(), true)),
                "{to:?} doesn't lead back to {from:?}"
            );
        }
    }
    assert_eq!(
        edges.len(),
        2 * foreign_keys,
        "a relation without a foreign key: {edges:#?}"
    );
}

type End = (Option<String>, String, String);

/// Where a relation starts, where it leads, and whether it leads to many rows.
fn edge(relation: &RelationDef) -> (End, End, bool) {
    (
        end(&relation.from_tbl, relation.from_col.quoted().into_owned()),
        end(&relation.to_tbl, relation.to_col.quoted().into_owned()),
        relation.rel_type == RelationType::HasMany,
    )
}

fn end(table: &TableRef, column: String) -> End {
    let TableRef::Table(TableName(schema, table), None) = table else {
        panic!("{table:?} is no plain table");
    };
    let schema = schema
        .as_ref()
        .map(|SchemaName(_, schema)| schema.to_string());
    (schema, table.to_string(), column)
}

#[test]
fn roles_are_ordered_by_what_they_may() {
    use {shared::account, tenant::user};
    assert!(user::Role::Owner > user::Role::Manager);
    assert!(user::Role::Manager > user::Role::Staff);
    assert!(account::Role::Operator > account::Role::Viewer);
}
