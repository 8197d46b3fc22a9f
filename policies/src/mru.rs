//! Most recently used, first out.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::lists::{ListId, Lists};

const QUEUE: ListId = ListId(0);
/// Holds the newest entry while room is made for it: it would always be the victim.
const NEWCOMER: ListId = ListId(1);

/// MRU (H.-T. Chou, D. J. `DeWitt`, "An evaluation of buffer management strategies for relational database systems",
/// VLDB, 1985): the entry that was asked for last leaves. Right for loops longer than the cache, and hardly elsewhere.
///
/// Every call costs O(1). The newest entry is not its own victim: it takes the place of the one used before it.
#[derive(Debug)]
pub struct Mru {
    lists: Lists,
}

impl Mru {
    /// MRU decides the same at every capacity.
    pub fn new(_capacity: u64) -> Self {
        Self { lists: Lists::new(2) }
    }

    fn settle(&mut self) {
        if let Some(newcomer) = self.lists.oldest(NEWCOMER) {
            self.lists.place(QUEUE, newcomer);
        }
    }
}

impl EvictionPolicy for Mru {
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.lists.unlink(slot);
        self.settle();
        self.lists.place(NEWCOMER, slot);
    }

    fn on_update(&mut self, slot: Slot, _weight: u32) {
        self.on_hit(slot);
    }

    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        if self.lists.list_of(slot).is_some() {
            self.lists.place(QUEUE, slot);
        }
    }

    fn on_remove(&mut self, slot: Slot) {
        self.lists.unlink(slot);
    }

    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let victim = self.lists.newest(QUEUE).or_else(|| self.lists.newest(NEWCOMER))?;
        self.lists.unlink(victim);
        Some(victim)
    }

    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
