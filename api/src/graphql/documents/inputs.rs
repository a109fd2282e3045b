//! What a schema takes as input, as far as validation tells right from wrong by it.

use std::collections::{HashMap, HashSet};

use async_graphql::Name;
use async_graphql::Positioned;
use async_graphql::parser::types::{InputValueDefinition, Type, TypeKind, TypeSystemDefinition};
use async_graphql::parser::{Error, parse_schema};

/// The types of a schema that variables can have. Made once, from its SDL.
pub(in crate::graphql) struct Inputs(HashMap<Name, Input>);

/// A type that has a name.
pub(super) enum Input {
    Boolean,
    Int,
    /// Every text is right: ids are read by resolvers.
    Text,
    /// Whatever isn't `null` is right: scalars of ours are read when they are executed.
    Any,
    /// One of these words is right.
    Words(HashSet<Name>),
    Object(Vec<Field>),
}

/// A field of an input object, or a variable of an operation.
pub(super) struct Field {
    pub(super) name: Name,
    pub(super) ty: Type,
}

impl Inputs {
    /// Fails on what isn't SDL.
    pub(in crate::graphql) fn new(sdl: &str) -> Result<Self, Error> {
        let standard = [
            ("Boolean", Input::Boolean),
            ("Int", Input::Int),
            ("String", Input::Text),
            ("ID", Input::Text),
        ];
        let standard = standard.map(|(name, input)| (Name::new(name), input));
        let mut inputs = HashMap::from(standard);
        for definition in parse_schema(sdl)?.definitions {
            let TypeSystemDefinition::Type(ty) = definition else {
                continue;
            };
            let input = match ty.node.kind {
                TypeKind::Scalar => Input::Any,
                TypeKind::Enum(words) => {
                    let words = words.values.into_iter();
                    Input::Words(words.map(|word| word.node.value.node).collect())
                }
                TypeKind::InputObject(object) => {
                    Input::Object(object.fields.into_iter().map(Field::from).collect())
                }
                TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_) => continue,
            };
            inputs.insert(ty.node.name.node, input);
        }
        Ok(Self(inputs))
    }

    pub(super) fn find(&self, name: &Name) -> Option<&Input> {
        self.0.get(name)
    }
}

impl From<Positioned<InputValueDefinition>> for Field {
    fn from(field: Positioned<InputValueDefinition>) -> Self {
        Self {
            name: field.node.name.node,
            ty: field.node.ty.node,
        }
    }
}
