//! The specification's execution, word by word and without regard to cost, over the toy schema.

use async_graphql::{
    Name, Value, Variables,
    indexmap::IndexMap,
    parser::types::{DocumentOperations, ExecutableDocument, Field, Selection, SelectionSet, Type},
};

use super::toy::Fate;

/// What should have been answered.
pub(super) fn execute(document: &ExecutableDocument, variables: &Variables, fate: Fate) -> Value {
    let DocumentOperations::Single(operation) = &document.operations else {
        panic!("one operation");
    };
    let mut variables = variables.clone();
    for definition in &operation.node.variable_definitions {
        let definition = &definition.node;
        if let Some(default) = definition.default_value() {
            let name = definition.name.node.clone();
            variables.entry(name).or_insert_with(|| default.clone());
        }
    }
    let reference = Reference {
        document,
        variables,
        fate,
    };
    let set = &operation.node.selection_set.node;
    let data = reference.execute_selection_sets("Query", &[set], &[]);
    data.unwrap_or(Value::Null)
}

/// A field error that the parent has to bear.
struct Propagates;

struct Reference<'a> {
    document: &'a ExecutableDocument,
    variables: Variables,
    fate: Fate,
}

type Grouped<'a> = IndexMap<String, Vec<&'a Field>>;

impl<'a> Reference<'a> {
    fn execute_selection_sets(
        &self,
        object: &str,
        sets: &[&'a SelectionSet],
        path: &[String],
    ) -> Result<Value, Propagates> {
        let mut grouped = Grouped::new();
        let mut visited = Vec::new();
        for set in sets {
            self.collect(object, set, &mut visited, &mut grouped);
        }
        let mut result = IndexMap::new();
        for (key, fields) in grouped {
            let path = [path, std::slice::from_ref(&key)].concat();
            let value = self.execute_field(object, &fields, &path)?;
            result.insert(Name::new(key), value);
        }
        Ok(Value::Object(result))
    }

    fn collect(
        &self,
        object: &str,
        set: &'a SelectionSet,
        visited: &mut Vec<String>,
        grouped: &mut Grouped<'a>,
    ) {
        for selection in &set.items {
            if self.is_left_out(&selection.node) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.to_string();
                    grouped.entry(key).or_default().push(&field.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.to_string();
                    if visited.contains(&name) {
                        continue;
                    }
                    let fragment = &self.document.fragments[name.as_str()].node;
                    visited.push(name);
                    if applies(object, &fragment.type_condition.node.on.node) {
                        self.collect(object, &fragment.selection_set.node, visited, grouped);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    if condition.is_none_or(|it| applies(object, &it.node.on.node)) {
                        self.collect(object, &fragment.node.selection_set.node, visited, grouped);
                    }
                }
            }
        }
    }

    fn is_left_out(&self, selection: &Selection) -> bool {
        selection.directives().iter().any(|directive| {
            let condition = directive.node.get_argument("if").unwrap().node.clone();
            let condition =
                condition.into_const_with(|name| self.variables.get(&name).cloned().ok_or(()));
            let condition = condition == Ok(Value::Boolean(true));
            (directive.node.name.node == "skip") == condition
        })
    }

    fn execute_field(
        &self,
        object: &str,
        fields: &[&'a Field],
        path: &[String],
    ) -> Result<Value, Propagates> {
        let name = fields[0].name.node.as_str();
        if name == "__typename" {
            return Ok(Value::from(object));
        }
        let ty = Type::new(type_of(name)).unwrap();
        if self.fate.fails(path) {
            return if ty.nullable {
                Ok(Value::Null)
            } else {
                Err(Propagates)
            };
        }
        self.complete(&ty, fields, path)
    }

    fn complete(
        &self,
        ty: &Type,
        fields: &[&'a Field],
        path: &[String],
    ) -> Result<Value, Propagates> {
        if ty.nullable && self.fate.is_null(path) {
            return Ok(Value::Null);
        }
        let inner = ty.to_string();
        let inner = inner.trim_end_matches('!');
        let completed = if let Some(item) = inner.strip_prefix('[') {
            let item = Type::new(item.strip_suffix(']').unwrap()).unwrap();
            let items = (0..self.fate.len(path)).map(|place| {
                let path = [path, &[place.to_string()]].concat();
                self.complete(&item, fields, &path)
            });
            items.collect::<Result<Vec<_>, _>>().map(Value::List)
        } else {
            self.complete_named(inner, fields, path)
        };
        match completed {
            Err(Propagates) if ty.nullable => Ok(Value::Null),
            other => other,
        }
    }

    fn complete_named(
        &self,
        ty: &str,
        fields: &[&'a Field],
        path: &[String],
    ) -> Result<Value, Propagates> {
        let object = match ty {
            "Int" => return Ok(Value::from(9)),
            "Name" => return Ok(Value::from("name")),
            "Id" => return Ok(Value::from("id")),
            "Word" => return Ok(Value::from("word")),
            "Bark" => return Ok(Value::from("bark")),
            "Pet" if self.fate.is_cat(path) => "Cat",
            "Pet" => "Dog",
            object => object,
        };
        let sets: Vec<_> = fields.iter().map(|it| &it.selection_set.node).collect();
        self.execute_selection_sets(object, &sets, path)
    }
}

fn applies(object: &str, condition: &str) -> bool {
    condition == object || (condition == "Pet" && object != "Query")
}

/// The toy schema's fields; scalars by what they hold.
fn type_of(field: &str) -> &'static str {
    match field {
        "name" => "Name",
        "id" => "Id!",
        "words" => "[Word]!",
        "cat" => "Cat",
        "mustCat" => "Cat!",
        "cats" => "[Cat!]",
        "maybeCats" => "[Cat]!",
        "pet" => "Pet",
        "mustPet" => "Pet!",
        "pets" => "[Pet!]",
        "lives" => "Int!",
        "bark" => "Bark",
        other => panic!("{other} isn't in the toy schema"),
    }
}
