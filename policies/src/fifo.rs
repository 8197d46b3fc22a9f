//! First in, first out.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::lists::{ListId, Lists};

const QUEUE: ListId = ListId(0);

/// FIFO (L. A. Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal,
/// 1966): the entry that came first leaves first, whatever was asked for since.
///
/// Every call costs O(1). A hit costs nothing at all. It takes 8 bytes an entry.
#[derive(Debug)]
pub struct Fifo {
    queue: Lists,
}

impl Fifo {
    /// FIFO decides the same at every capacity.
    pub fn new(_capacity: u64) -> Self {
        Self { queue: Lists::new(1) }
    }
}

impl EvictionPolicy for Fifo {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Ignored
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.queue.push(QUEUE, slot);
    }

    #[inline]
    fn on_update(&mut self, _slot: Slot, _weight: u32) {}

    #[inline]
    fn on_remove(&mut self, slot: Slot) {
        self.queue.unlink(slot);
    }

    #[inline]
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        self.queue.evict(QUEUE, marks)
    }
}
