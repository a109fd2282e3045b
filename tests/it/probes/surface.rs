//! What a schema has that needs a probe, read from its SDL.

use std::collections::{BTreeMap, BTreeSet};

use api::graphql::Kind;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};

use super::declare::{Operation, Probe, references};

/// Everything that can be asked of one realm.
pub(super) struct Surface {
    roots: BTreeMap<(Operation, String), Root>,
    nodes: BTreeSet<String>,
}

/// A field of a root.
struct Root {
    /// Names and types, as an operation declares them.
    arguments: Vec<(String, String)>,
    /// Where its arguments take an id: `input.customerId`.
    ids: BTreeSet<String>,
}

type Types = BTreeMap<String, TypeDefinition>;

impl Surface {
    pub(super) fn read(sdl: &str) -> Self {
        let document = parse_schema(sdl).expect("the schema is SDL");
        let definitions = document.definitions.into_iter();
        let types: Types = definitions
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(ty) => Some((ty.node.name.to_string(), ty.node)),
                _ => None,
            })
            .collect();
        let mut roots = BTreeMap::new();
        for (operation, name) in [
            (Operation::Query, "Query"),
            (Operation::Mutation, "Mutation"),
            (Operation::Subscription, "Subscription"),
        ] {
            for field in fields(&types, name) {
                let root = Root::of(&types, field);
                roots.insert((operation, field.name.to_string()), root);
            }
        }
        let nodes = types.iter().filter(|(_, ty)| is_node(ty));
        let nodes = nodes.map(|(name, _)| name.clone()).collect();
        Self { roots, nodes }
    }

    /// What is wrong with these probes: fields, ids and types without one, and probes of what isn't there.
    pub(super) fn compare(&self, probes: &[Probe], folder: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let of = |operation, field: &str| {
            let probes = probes.iter();
            probes
                .filter(move |probe| probe.operation == operation && probe.field == field)
                .collect::<Vec<_>>()
        };
        for ((operation, field), root) in &self.roots {
            let own = of(*operation, field);
            if own.is_empty() {
                wrong.push(missing(*operation, field, folder));
                continue;
            }
            let tried: BTreeSet<String> = own.iter().flat_map(|probe| tried(probe)).collect();
            for id in root.ids.difference(&tried) {
                wrong.push(format!(
                    "{field} takes an id in {id}, which its probe doesn't try: name a row there, such as \"$Employee\", in {folder}"
                ));
            }
        }
        for probe in probes {
            let key = (probe.operation, probe.field.to_owned());
            if !self.roots.contains_key(&key) {
                let (operation, field) = &key;
                wrong.push(format!(
                    "there is no {operation:?}.{field}: remove its probe from {folder}"
                ));
            }
        }
        wrong.extend(self.compare_nodes(probes, folder));
        wrong
    }

    fn compare_nodes(&self, probes: &[Probe], folder: &str) -> Vec<String> {
        let kinds = probes.iter().filter_map(|probe| probe.node);
        let known: BTreeSet<String> = kinds.map(|kind: Kind| format!("{kind:?}")).collect();
        let missing = self.nodes.difference(&known).map(|name| {
            format!("the node {name} has no probe: add `.node(Kind::{name}, STAFF, \"name\")` to {folder}")
        });
        let gone = known.difference(&self.nodes).map(|name| {
            format!("{name} is no node: remove `.node(Kind::{name}, …)` from {folder}")
        });
        missing.chain(gone).collect()
    }

    /// The document that asks for a probe's field with all of its arguments as variables.
    pub(super) fn document(&self, probe: &Probe) -> String {
        let (operation, field) = (probe.operation, probe.field);
        let word = format!("{operation:?}").to_lowercase();
        let Some(root) = self.roots.get(&(operation, field.to_owned())) else {
            panic!("there is no {word} {field}");
        };
        let join = |separator: &str, one: fn(&(String, String)) -> String| {
            let all: Vec<_> = root.arguments.iter().map(one).collect();
            match all.as_slice() {
                [] => String::new(),
                all => format!("({})", all.join(separator)),
            }
        };
        let declared = join(", ", |(name, ty)| format!("${name}: {ty}"));
        let given = join(", ", |(name, _)| format!("{name}: ${name}"));
        let selection = &probe.selection;
        format!("{word} Probe{declared} {{ {field}{given} {{ {selection} }} }}")
    }
}

impl Root {
    fn of(types: &Types, field: &FieldDefinition) -> Self {
        let arguments = || field.arguments.iter().map(|argument| &argument.node);
        let mut ids = BTreeSet::new();
        for argument in arguments() {
            find_ids(types, argument, "", &mut ids);
        }
        Self {
            arguments: arguments()
                .map(|one| (one.name.to_string(), one.ty.to_string()))
                .collect(),
            ids,
        }
    }
}

fn missing(operation: Operation, field: &str, folder: &str) -> String {
    let hint = match operation {
        Operation::Query => {
            format!(".query(\"{field}\", STAFF, json!({{ … }}), \"what the answer shows\")")
        }
        Operation::Mutation => {
            format!(".mutation(\"{field}\", MANAGER, json!({{ … }}), \"of the payload\")")
        }
        Operation::Subscription => {
            "a probe, and teach tests/it/probes/attempt.rs to subscribe".to_owned()
        }
    };
    format!("{operation:?}.{field} has no probe: add {hint} to its noun's file in {folder}")
}

/// The ids that a probe tries, as a root names them: places in lists don't count.
fn tried(probe: &Probe) -> Vec<String> {
    let pointers = probe.arguments.iter().flat_map(references);
    let named = |pointer: String| {
        let steps = pointer.split('/').skip(1);
        let names: Vec<_> = steps
            .filter(|step| step.parse::<usize>().is_err())
            .collect();
        names.join(".")
    };
    pointers.map(named).collect()
}

fn fields<'t>(types: &'t Types, name: &str) -> impl Iterator<Item = &'t FieldDefinition> {
    let fields = match types.get(name).map(|ty| &ty.kind) {
        Some(TypeKind::Object(object)) => object.fields.as_slice(),
        _ => &[],
    };
    fields.iter().map(|field| &field.node)
}

fn is_node(ty: &TypeDefinition) -> bool {
    matches!(&ty.kind, TypeKind::Object(object)
        if object.implements.iter().any(|one| one.node == "Node"))
}

/// Adds every place below an argument that takes an id. A type that holds itself is entered once.
fn find_ids(types: &Types, at: &InputValueDefinition, path: &str, ids: &mut BTreeSet<String>) {
    let name = at.name.node.as_str();
    if path.split('.').any(|step| step == name) {
        return;
    }
    let path = format!("{path}{}{name}", if path.is_empty() { "" } else { "." });
    let ty = innermost(&at.ty.node);
    if ty == "ID" {
        ids.insert(path);
    } else if let Some(TypeKind::InputObject(object)) = types.get(ty).map(|ty| &ty.kind) {
        for field in &object.fields {
            find_ids(types, &field.node, &path, ids);
        }
    }
}

fn innermost(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(item) => innermost(item),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::declare::{Probes, STAFF};
    use super::*;

    const SDL: &str = "
        interface Node { id: ID! }
        type Shelf implements Node { id: ID! }
        input Has { eq: ID in: [ID!] }
        input ShelfFilter { hall: Has not: ShelfFilter }
        input MoveInput { id: ID! name: String! }
        type Query { shelf(id: ID!): Shelf shelves(filter: ShelfFilter, first: Int = 2): [Shelf!] }
        type Mutation { move(input: MoveInput!): Shelf }
        type Subscription { moved(id: ID!): Shelf }
    ";

    fn wrong(probes: &Probes) -> Vec<String> {
        Surface::read(SDL).compare(&probes.probes, "here")
    }

    #[test]
    fn every_root_field_and_node_and_id_without_a_probe_is_named() {
        let none = wrong(&Probes::default()).join("\n");
        for named in [
            "Query.shelf has",
            "Query.shelves",
            "Mutation.move",
            "Subscription.moved",
            "node Shelf",
        ] {
            assert!(none.contains(named), "{named} in {none}");
        }
        let some = Probes::default()
            .query("shelf", STAFF, json!({ "id": "$Department" }), "id")
            .query(
                "shelves",
                STAFF,
                json!({ "filter": { "hall": { "in": ["$Department"] } } }),
                "id",
            )
            .mutation("move", STAFF, json!({ "name": "$new" }), "id");
        let some = wrong(&some).join("\n");
        assert!(!some.contains("Query.shelf "), "{some}");
        assert!(
            some.contains("shelves takes an id in filter.hall.eq"),
            "{some}"
        );
        assert!(!some.contains("filter.hall.in"), "{some}");
        assert!(some.contains("move takes an id in input.id"), "{some}");
    }

    #[test]
    fn a_probe_of_what_is_gone_is_named() {
        let gone = Probes::default()
            .query("shop", STAFF, json!({}), "id")
            .node(Kind::Department, STAFF, "name");
        let gone = wrong(&gone).join("\n");
        assert!(gone.contains("no Query.shop"), "{gone}");
        assert!(gone.contains("Department is no node"), "{gone}");
    }

    #[test]
    fn a_document_declares_what_the_field_takes() {
        let probes = Probes::default()
            .query("shelves", STAFF, json!({}), "id")
            .mutation("move", STAFF, json!({}), "name");
        let surface = Surface::read(SDL);
        assert_eq!(
            surface.document(&probes.probes[0]),
            "query Probe($filter: ShelfFilter, $first: Int) { shelves(filter: $filter, first: $first) { id } }"
        );
        assert_eq!(
            surface.document(&probes.probes[1]),
            "mutation Probe($input: MoveInput!) { move(input: $input) { name userErrors { code field message } } }"
        );
    }
}
