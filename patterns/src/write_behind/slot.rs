//! The place of one key in the queue.

use std::sync::Arc;

use larder_core::{Change, Entry, Key, Time, Value};

/// The last operation on a key, as readers see it and as the origin is to get it.
pub(super) struct Op<V> {
    /// Higher than that of every operation before it on the same key.
    pub(super) sequence: u64,
    /// The new entry, its deadlines absolute; `None`: the key is deleted.
    pub(super) entry: Option<Entry<V>>,
}

impl<V: Value> Op<V> {
    /// What the origin is to do.
    pub(super) fn change<K: Key>(&self, key: &K) -> Change<K, V> {
        match &self.entry {
            Some(entry) => Change::Put(key.clone(), entry.value().clone()),
            None => Change::Delete(key.clone()),
        }
    }

    /// Whether a look-up finds a value.
    pub(super) fn is_usable(&self, now: Time) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.life().is_usable(now))
    }
}

/// All that the queue knows of a key. It is there from the moment that room is held for a write of it, until the origin
/// has the last write and the cache no other value.
pub(super) struct Slot<V> {
    /// What readers see instead of the cache; `None` before the first write is queued.
    pub(super) op: Option<Arc<Op<V>>>,
    /// Whether the origin is still to get it.
    pub(super) unwritten: bool,
    /// The oldest operation that was acknowledged and of which, or of a newer one, the origin has not heard.
    pub(super) first: u64,
    /// The same of those that came while one is being written.
    pub(super) next: Option<u64>,
    pub(super) turn: Turn,
    /// How often in a row writing this operation failed.
    pub(super) attempts: u32,
    /// How often in a row writing this key failed.
    pub(super) failures: u32,
    /// How many writes hold room here.
    pub(super) held: u32,
    /// Not zero: the cache may have another value, and must lose it before readers may see it. The number tells one
    /// doubt from the next.
    pub(super) doubt: u64,
}

/// When a key is written next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Not before something happens.
    Idle,
    /// With the next batch.
    Queued,
    /// At this moment; the number tells keys of one moment apart.
    At(Time, u64),
    /// It is being written, or the cache is being cleared of it.
    Now,
}

impl<V> Slot<V> {
    pub(super) const fn new() -> Self {
        Self {
            op: None,
            unwritten: false,
            first: 0,
            next: None,
            turn: Turn::Idle,
            attempts: 0,
            failures: 0,
            held: 0,
            doubt: 0,
        }
    }

    /// Whether nothing more has to be done.
    pub(super) fn is_done(&self) -> bool {
        !self.unwritten && self.held == 0 && self.doubt == 0 && self.turn == Turn::Idle
    }

    /// Whether `sequence` is still the last operation.
    pub(super) fn is_last(&self, sequence: u64) -> bool {
        self.op.as_ref().is_some_and(|op| op.sequence == sequence)
    }
}
