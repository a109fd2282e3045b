//! Where something failed.

use std::cmp::Ordering;

use async_graphql::{Name, PathSegment, ServerError};

/// A step on the way from the data to a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    Key(&'a Name),
    Index(usize),
}

/// The paths of a response's errors, sorted, so that a page of failures costs no more than a page.
pub(super) struct Failures<'a>(Vec<&'a [PathSegment]>);

impl<'a> Failures<'a> {
    pub(super) fn new(errors: &'a [ServerError]) -> Self {
        let mut paths: Vec<_> = errors.iter().map(|error| error.path.as_slice()).collect();
        paths.sort_unstable_by(|one, other| {
            one.iter()
                .map(Segment::of)
                .cmp(other.iter().map(Segment::of))
        });
        Self(paths)
    }

    /// Whether something failed inside the value of this path.
    pub(super) fn is_any_below(&self, path: &[Step<'_>]) -> bool {
        let against = |failure: &[PathSegment]| {
            let failure = failure.iter().map(Segment::of);
            failure.cmp(path.iter().map(Segment::from))
        };
        let next = self
            .0
            .partition_point(|failure| against(failure) != Ordering::Greater);
        self.0.get(next).is_some_and(|failure| {
            failure.len() > path.len() && against(&failure[..path.len()]) == Ordering::Equal
        })
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    Index(usize),
    Key(&'a str),
}

impl<'a> Segment<'a> {
    fn of(segment: &'a PathSegment) -> Self {
        match segment {
            PathSegment::Field(key) => Self::Key(key),
            PathSegment::Index(index) => Self::Index(*index),
        }
    }
}

impl<'a> From<&'a Step<'a>> for Segment<'a> {
    fn from(step: &'a Step<'a>) -> Self {
        match step {
            Step::Key(key) => Self::Key(key),
            Step::Index(index) => Self::Index(*index),
        }
    }
}
