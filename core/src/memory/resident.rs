//! An entry that was found: what is kept of its life.

use std::sync::atomic::Ordering;

use super::index::Place;
use super::node::{FOR_EVER, Node};
use crate::{Deadline, Life, Time};

/// An entry that is in the store.
pub(super) type Resident<'a, K, V> = Place<'a, Node<K, V>>;

/// A hard deadline as it is kept, in nanoseconds.
#[inline]
pub(super) fn end_of(life: Life) -> u64 {
    life.usable_until().time().map_or(FOR_EVER, Time::as_nanos)
}

impl<K, V> Resident<'_, K, V> {
    /// Its hard deadline. (What is apart is there where [`Node::until`] tells something else.)
    #[inline]
    pub(super) fn end_of_life(self) -> u64 {
        self.apart().unwrap_or_else(|| self.node.until.load(Ordering::Relaxed))
    }

    /// Its life, as the store resolved it.
    #[inline]
    pub(super) fn life(self) -> Life {
        Life::new(self.node.stored, self.node.fresh, Deadline::at(Time::from_nanos(self.end_of_life())))
    }
}
