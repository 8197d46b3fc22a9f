//! Least recently used.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::lists::{ListId, Lists};

const QUEUE: ListId = ListId(0);

/// LRU (R. L. Mattson, J. Gecsei, D. R. Slutz, I. L. Traiger, "Evaluation techniques for storage hierarchies", IBM
/// Systems Journal, 1970): the entry that was not asked for longest leaves.
///
/// Every call costs O(1): a hit moves the entry to the young end of one list. It takes 8 bytes an entry.
#[derive(Debug)]
pub struct Lru {
    queue: Lists,
}

impl Lru {
    /// LRU decides the same at every capacity.
    pub fn new(_capacity: u64) -> Self {
        Self { queue: Lists::new(1) }
    }

    /// The entry that [`evict`](EvictionPolicy::evict) would name.
    pub(crate) fn next_victim(&self) -> Option<Slot> {
        self.queue.oldest(QUEUE)
    }
}

impl EvictionPolicy for Lru {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.queue.push(QUEUE, slot);
    }

    #[inline]
    fn on_update(&mut self, slot: Slot, _weight: u32) {
        self.on_hit(slot);
    }

    #[inline]
    fn on_hit(&mut self, slot: Slot) {
        if self.queue.contains(slot) {
            self.queue.push(QUEUE, slot);
        }
    }

    #[inline]
    fn on_remove(&mut self, slot: Slot) {
        self.queue.unlink(slot);
    }

    #[inline]
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        self.queue.evict(QUEUE, marks)
    }
}
