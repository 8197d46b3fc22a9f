//! Most recently used, first out.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::lists::{ListId, Lists};

const QUEUE: ListId = ListId(0);

/// MRU (H.-T. Chou, D. J. `DeWitt`, "An evaluation of buffer management strategies for relational database systems",
/// VLDB, 1985): the entry that was asked for last leaves. Right for loops longer than the cache, and hardly elsewhere.
///
/// Every call costs O(1). The newest entry is not its own victim: it takes the place of the one used before it. It takes
/// 8 bytes an entry.
#[derive(Debug)]
pub struct Mru {
    queue: Lists,
    /// The newest entry, while room is made for it: it would always be the victim.
    newcomer: Option<Slot>,
}

impl Mru {
    /// MRU decides the same at every capacity.
    pub fn new(_capacity: u64) -> Self {
        Self { queue: Lists::new(1), newcomer: None }
    }

    fn settle(&mut self) {
        if let Some(newcomer) = self.newcomer.take() {
            self.queue.push(QUEUE, newcomer);
        }
    }
}

impl EvictionPolicy for Mru {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.on_remove(slot);
        self.settle();
        self.newcomer = Some(slot);
    }

    fn on_update(&mut self, slot: Slot, _weight: u32) {
        self.on_hit(slot);
    }

    #[inline]
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        if self.queue.contains(slot) {
            self.queue.push(QUEUE, slot);
        }
    }

    fn on_remove(&mut self, slot: Slot) {
        self.newcomer = self.newcomer.filter(|&newcomer| newcomer != slot);
        self.queue.unlink(slot);
    }

    #[inline]
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let Some(victim) = self.queue.newest(QUEUE) else { return self.newcomer.take() };
        self.queue.unlink(victim);
        Some(victim)
    }

    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
