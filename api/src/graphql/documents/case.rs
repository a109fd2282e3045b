//! What decides, beside its text, whether a document is good.

use async_graphql::parser::types::{BaseType, OperationDefinition, Type};
use async_graphql::{Value, Variables};

use super::inputs::{Input, Inputs};

/// How much is told of one operation's variables. With more validation looks itself.
const MOST_TOLD: usize = 64;

/// An operation of a document, and of the variables what the verdict on it may depend on: which are there, the booleans, since fields are
/// left out by them, the numbers, since pages are as long as they say, and which fields objects have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::graphql) struct Case {
    operation: Option<String>,
    variables: Vec<Told>,
    /// How much is told in all.
    size: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    Absent,
    Null,
    Boolean(bool),
    Int(i32),
    /// Right for its type, whatever it is.
    Right,
    /// All that is different among the items. An item's verdict is its own, and how many there are is weighed.
    List(Box<[Told]>),
    /// Each field of the type.
    Object(Box<[Told]>),
}

impl Case {
    /// `None` where a variable must be looked at by validation itself: one that isn't right for its type, that nobody declared or of
    /// which there is much to tell.
    pub(in crate::graphql) fn of(
        name: Option<&str>,
        operation: &OperationDefinition,
        (variables, inputs): (&Variables, &Inputs),
    ) -> Option<Self> {
        let definitions = operation.variable_definitions.iter().map(|it| &it.node);
        let mut teller = Teller { inputs, told: 0 };
        let told = definitions.map(|definition| {
            let value = variables.get(&definition.name.node);
            teller.variable(&definition.var_type.node, value)
        });
        let told: Vec<Told> = told.collect::<Option<_>>()?;
        let case = Self {
            operation: name.map(str::to_owned),
            size: teller.told,
            variables: told,
        };
        (declared(&case.variables) == variables.len()).then_some(case)
    }

    /// How much is told in it.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Whether the document costs as much with the variables of one request as with another's: what is in lists and objects costs by
    /// its length.
    pub(in crate::graphql) fn says_the_cost(&self) -> bool {
        let within = |told: &Told| matches!(told, Told::List(_) | Told::Object(_));
        !self.variables.iter().any(within)
    }
}

fn declared(told: &[Told]) -> usize {
    told.iter().filter(|told| **told != Told::Absent).count()
}

struct Teller<'a> {
    inputs: &'a Inputs,
    told: usize,
}

impl Teller<'_> {
    fn variable(&mut self, ty: &Type, value: Option<&Value>) -> Option<Told> {
        match (self.tell(ty, value)?, value) {
            (Told::Right, Some(Value::Boolean(value))) => Some(Told::Boolean(*value)),
            (Told::Right, Some(Value::Number(value))) => int(value).map(Told::Int),
            (told, _) => Some(told),
        }
    }

    fn tell(&mut self, ty: &Type, value: Option<&Value>) -> Option<Told> {
        self.told += 1;
        if self.told > MOST_TOLD {
            return None;
        }
        match (&ty.base, value) {
            (_, None) => Some(Told::Absent),
            (_, Some(Value::Null)) => ty.nullable.then_some(Told::Null),
            (BaseType::List(item), Some(Value::List(items))) => self.list(item, items),
            // One item may stand for a list of it.
            (BaseType::List(_), Some(_)) => None,
            (BaseType::Named(name), Some(value)) => self.named(self.inputs.find(name)?, value),
        }
    }

    fn named(&mut self, input: &Input, value: &Value) -> Option<Told> {
        let is_right = match (input, value) {
            (Input::Object(_), _) => return self.object(input, value),
            (Input::Any, _)
            | (Input::Boolean, Value::Boolean(_))
            | (Input::Text, Value::String(_)) => true,
            (Input::Int, Value::Number(value)) => int(value).is_some(),
            (Input::Words(words), Value::String(word)) => words.contains(word.as_str()),
            _ => false,
        };
        is_right.then_some(Told::Right)
    }

    fn list(&mut self, ty: &Type, items: &[Value]) -> Option<Told> {
        let mut all = Vec::new();
        for item in items {
            let before = self.told;
            let told = self.tell(ty, Some(item))?;
            if all.contains(&told) {
                self.told = before;
            } else {
                all.push(told);
            }
        }
        Some(Told::List(all.into()))
    }

    fn object(&mut self, input: &Input, value: &Value) -> Option<Told> {
        let (Input::Object(fields), Value::Object(values)) = (input, value) else {
            return None;
        };
        let told = fields
            .iter()
            .map(|field| self.tell(&field.ty, values.get(&field.name)));
        let told: Box<[Told]> = told.collect::<Option<_>>()?;
        (declared(&told) == values.len()).then_some(Told::Object(told))
    }
}

fn int(number: &async_graphql::Number) -> Option<i32> {
    number.as_i64().and_then(|value| i32::try_from(value).ok())
}
