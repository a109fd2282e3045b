//! The statements that a connection has been told to prepare by name.

use hashlink::LruCache;

/// Known by their texts, with the types of their parameters in front. Names are never used twice, so that whatever was said of one that was
/// interrupted can't be taken for another.
pub(in crate::db) struct Prepared {
    names: LruCache<Box<str>, u64>,
    last: u64,
}

impl Prepared {
    pub(super) fn new(most: usize) -> Self {
        Self {
            names: LruCache::new(most),
            last: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is room for any.
    pub(in crate::db) fn is_of_use(&self) -> bool {
        self.names.capacity() > 0
    }

    /// The name of the statement with this text, if it is prepared.
    pub(in crate::db) fn get(&mut self, text: &str) -> Option<u64> {
        self.names.get(text).copied()
    }

    /// Makes room for another: its name, and that of the one which it displaces.
    pub(in crate::db) fn make_room(&mut self) -> (u64, Option<u64>) {
        self.last += 1;
        let is_full = self.names.len() >= self.names.capacity();
        let displaced = is_full.then(|| self.names.remove_lru()).flatten();
        (self.last, displaced.map(|(_, name)| name))
    }

    /// It has been prepared.
    pub(in crate::db) fn insert(&mut self, text: String, name: u64) {
        self.names.insert(text.into(), name);
    }
}
