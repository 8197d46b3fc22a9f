//! Memories of entries that left.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use larder_core::Slot;

use crate::lists::ListId;
use crate::queues::{Entry, Queues};
use crate::rng::scramble;

const QUEUE: ListId = ListId(0);

/// A FIFO of the hashes of entries that left, each with the weight it had, and with a note if there is more to
/// remember. Every operation costs O(1) amortised.
///
/// Keys that share a hash share a ghost.
#[derive(Debug)]
pub(crate) struct Ghosts<T = ()> {
    queue: Queues<1>,
    /// What was noted of the ghost at each place of the queue.
    notes: Vec<T>,
    by_hash: HashMap<u64, Slot, BuildHasherDefault<HashOfHash>>,
    /// Places of the queue that hold no ghost now.
    spare: Vec<Slot>,
}

impl Ghosts {
    /// Remembers an entry that left, unless it alone would be over `limit`.
    pub(crate) fn remember(&mut self, entry: Entry, limit: Limit) {
        self.remember_with(entry, (), limit);
    }
}

impl<T: Copy + Default> Ghosts<T> {
    pub(crate) fn new() -> Self {
        Self { queue: Queues::new(), notes: Vec::new(), by_hash: HashMap::default(), spare: Vec::new() }
    }

    /// Remembers an entry that left, and `note` with it, unless it alone would be over `limit`.
    pub(crate) fn remember_with(&mut self, entry: Entry, note: T, limit: Limit) {
        if u64::from(entry.weight) > limit.weight {
            return;
        }
        let place = self.spare.pop().unwrap_or(Slot(self.queue.lists().reach() as u32));
        self.queue.insert(QUEUE, place, entry);
        self.notes.resize(self.queue.lists().reach(), T::default());
        self.notes[place.index()] = note;
        if let Some(older) = self.by_hash.insert(entry.hash, place) {
            self.queue.remove(older);
            self.spare.push(older);
        }
        self.trim(limit);
    }

    /// Forgets `hash`, and says whether it was known.
    pub(crate) fn forget(&mut self, hash: u64) -> bool {
        self.recall(hash).is_some()
    }

    /// Forgets `hash`, and says what was noted of it.
    pub(crate) fn recall(&mut self, hash: u64) -> Option<T> {
        let place = self.by_hash.remove(&hash)?;
        self.queue.remove(place);
        self.spare.push(place);
        Some(self.notes[place.index()])
    }

    /// The weight of all ghosts.
    pub(crate) fn weight(&self) -> u64 {
        self.queue.weight(QUEUE)
    }

    /// Forgets the oldest ghost, and says whether there was one.
    pub(crate) fn forget_oldest(&mut self) -> bool {
        let Some(oldest) = self.queue.lists().oldest(QUEUE) else { return false };
        self.forget(self.queue.entry(oldest).hash)
    }

    /// Forgets the oldest until what is left is within `limit`.
    pub(crate) fn trim(&mut self, limit: Limit) {
        while self.queue.weight(QUEUE) > limit.weight || self.len() > limit.count {
            if !self.forget_oldest() {
                return;
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_hash.len()
    }
}

/// How many ghosts there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// Their weight together.
    pub(crate) weight: u64,
    /// Their number: entries may weigh nothing, and a capacity may be endless.
    pub(crate) count: usize,
}

/// Hashes what is a hash already.
#[derive(Debug, Default)]
pub(crate) struct HashOfHash(u64);

impl Hasher for HashOfHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = scramble(self.0 ^ hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ghosts_that_weigh_nothing_are_bounded_by_their_number() {
        let mut ghosts = Ghosts::new();
        let limit = Limit { weight: u64::MAX, count: 10 };
        for hash in 0..1_000 {
            ghosts.remember(Entry { hash, weight: 0 }, limit);
            assert!(ghosts.len() <= 10);
        }
        assert!(ghosts.forget(990) && !ghosts.forget(989));
    }

    #[test]
    fn coming_and_going_uses_the_same_places() {
        let mut ghosts = Ghosts::new();
        for hash in 0..1_000 {
            ghosts.remember(Entry { hash, weight: 1 }, Limit { weight: 100, count: 100 });
            assert!(ghosts.forget(hash));
        }
        assert_eq!(ghosts.queue.lists().reach(), 1);
    }

    #[test]
    fn one_hash_has_one_ghost() {
        let mut ghosts = Ghosts::new();
        for _ in 0..1_000 {
            ghosts.remember(Entry { hash: 1, weight: 1 }, Limit { weight: 100, count: 100 });
        }
        assert_eq!((ghosts.len(), ghosts.queue.weight(QUEUE)), (1, 1));
        assert!(ghosts.queue.lists().reach() <= 2);
    }

    #[test]
    fn the_oldest_ghost_fades_first() {
        let mut ghosts = Ghosts::new();
        let limit = Limit { weight: 5, count: 100 };
        for hash in 1..=3 {
            ghosts.remember(Entry { hash, weight: 2 }, limit);
        }
        ghosts.remember(Entry { hash: 4, weight: 6 }, limit);
        assert_eq!([1, 2, 3, 4].map(|hash| ghosts.forget(hash)), [false, true, true, false]);
    }
}
