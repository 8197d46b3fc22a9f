//! What all contestants of a run have in common.

use larder::{Env, Key, MemoryOptions, Value};

/// How to build the stores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Whether everything must be the same each time: clock and hashes.
    counted: bool,
}

impl Setting {
    /// The world as it is.
    pub(crate) const TIMED: Self = Self { counted: false };
    /// The same instructions each time.
    pub(crate) const COUNTED: Self = Self { counted: true };

    /// A memory store that can keep twice as many entries as it gets, so that none is evicted.
    pub(crate) fn roomy<K: Key, V: Value>(self, entries: u64) -> MemoryOptions<K, V> {
        self.bounded(2 * entries)
    }

    /// A memory store for `capacity` entries.
    pub(crate) fn bounded<K: Key, V: Value>(self, capacity: u64) -> MemoryOptions<K, V> {
        let options = MemoryOptions::new(capacity);
        if self.counted { options.env(&env()) } else { options }
    }
}

/// Where background tasks would run, which a hit has none of. Stands still, and gives the same random numbers each time.
pub(crate) fn env() -> Env {
    Env::manual().0
}
