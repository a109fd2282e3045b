//! What the words in rows and arguments stand for.

use std::collections::BTreeMap;

use api::graphql::{GlobalId, Kind};
use serde_json::Value;
use tenancy::{SchemaName, TenantId};
use uuid::Uuid;

/// The words of those who try something at one place.
#[derive(Debug, Clone, Default)]
pub(super) struct Words(BTreeMap<String, String>);

/// Keys of rows, by the words for them.
pub(super) type Keys = BTreeMap<String, (Kind, Uuid)>;

/// Fresh keys for the rows of these nouns.
pub(super) fn keys(nouns: impl Iterator<Item = Kind>) -> Keys {
    let pair = |kind| [format!("${kind:?}"), format!("$Spare{kind:?}")].map(|word| (word, kind));
    nouns
        .flat_map(pair)
        .map(|(word, kind)| (word, (kind, Uuid::now_v7())))
        .collect()
}

impl Words {
    /// Those that are the same in rows and in arguments.
    pub(super) fn of(tenant: &str, slug: &str) -> Self {
        let label = format!("{slug} of {tenant}");
        Self::default()
            .and("$tenant", tenant)
            .and("$slug", slug)
            .and("$label", &label)
            .and("$new", &format!("new-{slug}"))
    }

    pub(super) fn and(mut self, word: &str, meaning: &str) -> Self {
        self.0.insert(word.to_owned(), meaning.to_owned());
        self
    }

    /// For rows: the keys as they are stored, and for a registered tenant the name of a schema.
    pub(super) fn with_keys(mut self, keys: &Keys) -> Self {
        for (word, (kind, key)) in keys {
            if *kind == Kind::Tenant {
                let schema = SchemaName::of(TenantId::from(*key));
                self = self.and(&format!("{word}Schema"), schema.as_str());
            }
            self = self.and(word, &key.to_string());
        }
        self
    }

    /// For arguments: the keys as ids that this realm gives.
    pub(super) fn with_ids(mut self, keys: &Keys, realm: Uuid) -> Self {
        for (word, (kind, row)) in keys {
            let (kind, row) = (*kind, *row);
            self = self.and(word, &GlobalId { kind, realm, row }.encode());
        }
        self
    }

    /// A text with its words filled in, the longest first: one may begin like another.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut words: Vec<_> = self.0.iter().collect();
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        words.iter().fold(text.to_owned(), |text, (word, meaning)| {
            text.replace(*word, meaning)
        })
    }

    /// Arguments with their words filled in.
    pub(super) fn fill_in(&self, arguments: &Value) -> Value {
        match arguments {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_in(item)).collect(),
            Value::Object(fields) => {
                let field = |(name, value): (&String, &Value)| (name.clone(), self.fill_in(value));
                Value::Object(fields.iter().map(field).collect())
            }
            other => other.clone(),
        }
    }
}
