//! How a probe is written down: a line per field.

use api::graphql::Kind;
use serde_json::{Value, json};

/// Which kind of root a field belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Query,
    Mutation,
    Subscription,
}

/// The least of a realm's roles that may: their place in its row of roles, nobody being the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Least(pub(super) usize);

pub(super) const EVERYBODY: Least = Least(0);
pub(super) const SIGNED_IN: Least = Least(1);
pub(super) const STAFF: Least = Least(1);
pub(super) const MANAGER: Least = Least(2);
pub(super) const OWNER: Least = Least(3);
pub(super) const VIEWER: Least = Least(1);
pub(super) const OPERATOR: Least = Least(2);

/// What is tried at one root field.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub(super) operation: Operation,
    pub(super) field: &'static str,
    /// The type of the row that `node` and `nodes` are asked for.
    pub(super) node: Option<Kind>,
    pub(super) least: Least,
    /// The arguments, with words to be filled in. Whoever may must succeed with each of them.
    pub(super) arguments: Vec<Value>,
    pub(super) selection: String,
    /// What the answer shows to whoever may.
    pub(super) shows: &'static str,
    /// Whether it is tried by somebody who has just logged in, and not by one of the demo's users.
    pub(super) by_newcomer: bool,
}

/// The probes of one noun, and the rows that they ask for.
///
/// In rows and arguments these words stand for what is only known when the probe runs:
///
/// | word | in arguments | in rows |
/// |---|---|---|
/// | `$Department` | the global id of the noun's row | its key |
/// | `$SpareDepartment` | the global id of a second row, which no other row refers to | its key |
/// | `$label` | the name of those who try it, such as `Probe 7 of python` | the same |
/// | `$slug` | `probe-7`, where a name must be a word | the same |
/// | `$tenant` | the tenant's slug | the same |
/// | `$new` | a word that is used nowhere else | |
/// | `$email`, `$refresh` | the address and the refresh token of somebody who has just logged in | |
///
/// Rows are entered in both tenants with equal keys, and once more in the other one alone. Every `$Noun`, `$email` and `$refresh` in
/// arguments is also tried with what is the other tenant's.
#[derive(Default)]
pub(super) struct Probes {
    pub(super) rows: Vec<(Kind, &'static str)>,
    pub(super) probes: Vec<Probe>,
}

impl Probes {
    /// The statement that enters the noun's rows; see the words above.
    pub(super) fn rows(mut self, of: Kind, statement: &'static str) -> Self {
        self.rows.push((of, statement));
        self
    }

    /// A type of `node` and `nodes`; of its fields, the one that holds the label.
    pub(super) fn node(self, of: Kind, least: Least, label: &str) -> Self {
        let row = format!("${of:?}");
        let selection = format!("__typename ... on {of:?} {{ {label} }}");
        let mut all = self
            .query("node", least, json!({ "id": row }), &selection)
            .query("nodes", least, json!({ "ids": [row] }), &selection);
        for probe in all.probes.iter_mut().rev().take(2) {
            probe.node = Some(of);
        }
        all
    }

    pub(super) fn query(
        self,
        field: &'static str,
        least: Least,
        arguments: Value,
        selection: &str,
    ) -> Self {
        let selection = selection.to_owned();
        self.probe((Operation::Query, field), least, arguments, selection)
    }

    /// A mutation by its input and what is asked for of its payload. It must change rows of the realm, and no others.
    pub(super) fn mutation(
        self,
        field: &'static str,
        least: Least,
        input: Value,
        selection: &str,
    ) -> Self {
        let selection = format!("{selection} userErrors {{ code field message }}");
        let arguments = Value::Object([("input".to_owned(), input)].into_iter().collect());
        self.probe((Operation::Mutation, field), least, arguments, selection)
            .shows("")
    }

    fn probe(
        mut self,
        (operation, field): (Operation, &'static str),
        least: Least,
        arguments: Value,
        selection: String,
    ) -> Self {
        self.probes.push(Probe {
            operation,
            field,
            node: None,
            least,
            arguments: vec![arguments],
            selection,
            shows: "$label",
            by_newcomer: false,
        });
        self
    }

    /// More arguments for the last probe: for ids that can't be tried together with the others.
    pub(super) fn or(mut self, arguments: Value) -> Self {
        self.last().arguments.push(arguments);
        self
    }

    /// What the last probe's answer shows, where it isn't the label; of a node's two probes both.
    pub(super) fn shows(mut self, text: &'static str) -> Self {
        let node = self.last().node;
        let pair = if node.is_some() { 2 } else { 1 };
        for probe in self.probes.iter_mut().rev().take(pair) {
            probe.shows = text;
        }
        self
    }

    /// The last probe is tried by somebody who has just logged in.
    pub(super) fn by_newcomer(mut self) -> Self {
        self.last().by_newcomer = true;
        self
    }

    fn last(&mut self) -> &mut Probe {
        self.probes.last_mut().expect("a probe to say more of")
    }
}

impl Probe {
    /// As in the table of permissions.
    pub(super) fn name(&self) -> String {
        match self.node {
            Some(kind) => format!("{} → {kind:?}", self.field),
            None => self.field.to_owned(),
        }
    }
}

/// Where arguments name what belongs to one tenant, as JSON pointers.
pub(super) fn references(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if is_reference(text) => vec![String::new()],
        Value::Array(items) => below(items.iter().enumerate()),
        Value::Object(fields) => below(fields.iter()),
        _ => Vec::new(),
    }
}

fn below<'v>(parts: impl Iterator<Item = (impl ToString, &'v Value)>) -> Vec<String> {
    let deeper = |(step, value): (_, &Value)| {
        let step = ToString::to_string(&step);
        let rests = references(value).into_iter();
        rests
            .map(|rest| format!("/{step}{rest}"))
            .collect::<Vec<_>>()
    };
    parts.flat_map(deeper).collect()
}

fn is_reference(text: &str) -> bool {
    let of_a_noun = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase());
    ["$email", "$refresh"].contains(&text) || text.strip_prefix('$').is_some_and(of_a_noun)
}
