//! Statements that were made before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::sql::Shape;
use super::wish::Wish;

/// How many bytes of statements are kept.
const MOST: u64 = 2 << 20;

/// Some how many statements that is. With more the cache would be in so many parts that long ones fit into none.
const SOME: usize = 64;

/// The statements of wishes that came lately. They hold nothing of a tenant or a request, so that all share them.
pub struct Shapes {
    kept: Cache<Wish, Option<Arc<Shape>>, Bytes>,
    mode: AtomicU8,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Wish, Option<Arc<Shape>>> for Bytes {
    fn weight(&self, _: &Wish, shape: &Option<Arc<Shape>>) -> u64 {
        // The program and the wish are about as large as the text.
        let text = shape.as_ref().map_or(0, |shape| shape.sql.len());
        3 * text as u64 + 200
    }
}

/// Who answers root fields. Servers look ahead; tests want to know that nothing else comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// One statement, where that can be foreseen.
    Ahead,
    /// The resolvers.
    Plain,
    /// Both, and it is an error if they differ.
    Both,
}

impl Default for Shapes {
    fn default() -> Self {
        Self {
            kept: Cache::with_weighter(SOME, MOST, Bytes),
            mode: AtomicU8::new(Mode::Ahead as u8),
        }
    }
}

impl Shapes {
    /// What grants a wish, `None` where nothing does.
    pub(super) fn of(&self, wish: Wish) -> Option<Arc<Shape>> {
        if let Some(shape) = self.kept.get(&wish) {
            return shape;
        }
        let shape = Shape::of(&wish).map(Arc::new);
        self.kept.insert(wish, shape.clone());
        shape
    }

    /// How many are kept.
    pub fn count(&self) -> usize {
        self.kept.len()
    }

    pub fn mode(&self) -> Mode {
        match self.mode.load(Ordering::Relaxed) {
            mode if mode == Mode::Plain as u8 => Mode::Plain,
            mode if mode == Mode::Both as u8 => Mode::Both,
            _ => Mode::Ahead,
        }
    }

    /// For tests.
    pub fn set_mode(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::Relaxed);
    }
}
