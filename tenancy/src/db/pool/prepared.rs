//! The statements that a connection has been told to prepare by name.

use hashlink::LruCache;

/// Known by their texts, with the types of their parameters in front. Names are never used twice, so that whatever was said of one that was
/// interrupted can't be taken for another.
pub(in crate::db) struct Prepared {
    known: LruCache<Box<str>, Known>,
    last: u64,
}

struct Known {
    name: u64,
    /// How often it must take no time to speak of until it is known to be quick.
    doubt: u8,
}

impl Prepared {
    pub(super) fn new(most: usize) -> Self {
        Self {
            known: LruCache::new(most),
            last: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there is room for any.
    pub(in crate::db) fn is_of_use(&self) -> bool {
        self.known.capacity() > 0
    }

    /// The name of the statement with this text, if it is prepared.
    pub(in crate::db) fn get(&mut self, text: &str) -> Option<u64> {
        self.known.get(text).map(|known| known.name)
    }

    /// The same, if it is known to be quick.
    pub(in crate::db) fn quick(&self, text: &str) -> Option<u64> {
        let known = self.known.peek(text)?;
        (known.doubt == 0).then_some(known.name)
    }

    /// Takes note that it is about to run: it isn't known to be quick until that has ended.
    pub(in crate::db) fn doubt(&mut self, text: &str) {
        if let Some(known) = self.known.get_mut(text) {
            known.doubt = known.doubt.max(1);
        }
    }

    /// Takes note that it has run, and took as long as gives reason for so much doubt.
    pub(in crate::db) fn ran(&mut self, text: &str, doubt: u8) {
        if let Some(known) = self.known.get_mut(text) {
            known.doubt = known.doubt.saturating_sub(1).max(doubt);
        }
    }

    /// Makes room for another: its name, and that of the one which it displaces.
    pub(in crate::db) fn make_room(&mut self) -> (u64, Option<u64>) {
        self.last += 1;
        let is_full = self.known.len() >= self.known.capacity();
        let displaced = is_full.then(|| self.known.remove_lru()).flatten();
        (self.last, displaced.map(|(_, known)| known.name))
    }

    /// It has been prepared.
    pub(in crate::db) fn insert(&mut self, text: String, name: u64) {
        let known = Known { name, doubt: 1 };
        self.known.insert(text.into(), known);
    }
}
