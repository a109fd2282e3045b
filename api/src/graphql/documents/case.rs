//! What decides, beside its text, whether a document is good.

use async_graphql::Name;
use async_graphql::parser::types::{BaseType, OperationDefinition, Type};
use async_graphql::{Value, Variables};

/// An operation of a document, and of the variables what the verdict on it may depend on: which are there, the booleans, since fields are
/// left out by them, and the numbers, since pages are as long as they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::graphql) struct Case {
    operation: Option<String>,
    variables: Vec<Told>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    Absent,
    Null,
    Boolean(bool),
    Int(i32),
    /// A text, right for its type whatever it is.
    Text,
}

impl Case {
    /// `None` where a variable must be looked at by validation itself: a list, an object, an enum, a scalar of ours, one that isn't
    /// right for its type or that nobody declared.
    pub(in crate::graphql) fn of(
        name: Option<&str>,
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> Option<Self> {
        let definitions = &operation.variable_definitions;
        let told = definitions.iter().map(|definition| {
            let definition = &definition.node;
            let value = variables.get(&definition.name.node);
            tell(&definition.var_type.node, value)
        });
        let told: Vec<Told> = told.collect::<Option<_>>()?;
        let declared = told.iter().filter(|told| **told != Told::Absent).count();
        let case = Self {
            operation: name.map(str::to_owned),
            variables: told,
        };
        (declared == variables.len()).then_some(case)
    }
}

fn tell(ty: &Type, value: Option<&Value>) -> Option<Told> {
    let BaseType::Named(name) = &ty.base else {
        return value.is_none().then_some(Told::Absent);
    };
    match (Name::as_str(name), value) {
        (_, None) => Some(Told::Absent),
        (_, Some(Value::Null)) => ty.nullable.then_some(Told::Null),
        ("Boolean", Some(Value::Boolean(value))) => Some(Told::Boolean(*value)),
        ("Int", Some(Value::Number(value))) => {
            let value = value.as_i64().and_then(|value| i32::try_from(value).ok());
            value.map(Told::Int)
        }
        ("ID" | "String", Some(Value::String(_))) => Some(Told::Text),
        _ => None,
    }
}
