//! Documents that were found good, so that the same ones that come again needn't be read again.
//!
//! Parsing and validating cost more than most answers. What a document means depends on its text alone, and whether it is good on that and
//! on little of what is sent with it: its [`Case`]. So both are remembered, for all tenants: nothing of anybody's is in it, since a
//! document with a text in it, which could be a password or somebody's id, isn't kept. Nor is one that was refused, so that
//! whoever sends a new one each time displaces nothing that is in use.

mod case;
mod inputs;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use async_graphql::parser::{Error as ParseError, parse_query, types::ExecutableDocument};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::weigh::{self, Refused};

pub(super) use case::Case;
pub(super) use inputs::Inputs;

/// How much of documents is kept, in bytes of their texts. In memory they take some forty times as much.
const MOST_KEPT: u64 = 256 * 1024;

/// Some how many documents that is. With more the cache would be in so many parts that long documents fit into none.
const SOME: usize = 64;

/// A longer one is none that a client sends again and again.
const LONGEST_KEPT: usize = 16 * 1024;

/// The cases of one document that are remembered, and what is told in all of them.
const MOST_CASES: usize = 32;
const MOST_TOLD: usize = 256;

/// The documents of one realm.
pub struct Documents {
    kept: Cache<Arc<str>, Arc<Document>, Bytes>,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Arc<str>, Arc<Document>> for Bytes {
    fn weight(&self, text: &Arc<str>, _: &Arc<Document>) -> u64 {
        text.len() as u64
    }
}

/// A document that was parsed.
#[derive(Debug)]
pub struct Document {
    pub parsed: ExecutableDocument,
    text: Arc<str>,
    prepared: OnceLock<ExecutableDocument>,
    good: RwLock<Vec<Case>>,
}

/// Why a document can't be read.
#[derive(Debug)]
pub enum Unreadable {
    /// It isn't worth parsing.
    Refused(Refused),
    /// It is no GraphQL.
    Wrong(Box<ParseError>),
}

impl Default for Documents {
    fn default() -> Self {
        Self {
            kept: Cache::with_weighter(SOME, MOST_KEPT, Bytes),
        }
    }
}

impl Documents {
    /// The document of this text.
    pub fn read(&self, text: &str) -> Result<Arc<Document>, Unreadable> {
        if let Some(kept) = self.kept.get(text) {
            return Ok(kept);
        }
        weigh::scan(text).map_err(Unreadable::Refused)?;
        let parsed = parse_query(text).map_err(|error| Unreadable::Wrong(Box::new(error)))?;
        Ok(Arc::new(Document {
            parsed,
            text: text.into(),
            prepared: OnceLock::new(),
            good: RwLock::default(),
        }))
    }

    /// How many are kept.
    pub(super) fn count(&self) -> usize {
        self.kept.len()
    }

    /// Remembers that a document is good, if it always is, and not only this time, in a case.
    pub(super) fn approve(&self, document: &Arc<Document>, case: Option<Case>) {
        if let Some(case) = case {
            document.approve(case);
        }
        if document.may_be_kept() && !self.kept.contains_key(&document.text) {
            let key = Arc::clone(&document.text);
            self.kept.insert(key, Arc::clone(document));
        }
    }
}

impl Document {
    /// The document as it is executed, which `prepare` makes of it the first time.
    pub(super) fn prepared(
        &self,
        prepare: impl FnOnce(&mut ExecutableDocument),
    ) -> &ExecutableDocument {
        self.prepared.get_or_init(|| {
            let mut prepared = self.parsed.clone();
            prepare(&mut prepared);
            prepared
        })
    }

    /// Whether it is known to be good in this case.
    pub(super) fn is_good(&self, case: &Case) -> bool {
        let good = self.good.read().unwrap_or_else(PoisonError::into_inner);
        good.contains(case)
    }

    fn approve(&self, case: Case) {
        let mut good = self.good.write().unwrap_or_else(PoisonError::into_inner);
        let told: usize = good.iter().map(Case::size).sum();
        let fits = good.len() < MOST_CASES && told + case.size() <= MOST_TOLD;
        if fits && !good.contains(&case) {
            good.push(case);
        }
    }

    fn may_be_kept(&self) -> bool {
        self.text.len() <= LONGEST_KEPT && !self.text.contains('"')
    }
}

#[cfg(test)]
mod tests;
