//! The clock: FIFO with a second chance.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::lists::{ListId, Lists};

const QUEUE: ListId = ListId(0);

/// CLOCK (F. J. Corbató, "A paging experiment with the Multics system", MIT Project MAC, 1968): a hit sets one bit;
/// the oldest entry leaves if its bit is clear, and otherwise loses the bit and goes round once more.
///
/// FIFO-reinsertion, also called second chance, is the same policy: there a queue's oldest entry moves to the other
/// end, here a hand moves past it, and both take the same victims.
///
/// Every call costs O(1), `evict` amortised: each entry it passes over was paid for by a hit. It takes 8 bytes an entry.
#[derive(Debug)]
pub struct Clock {
    queue: Lists,
    /// The newest entry, while room is made for it: the hand doesn't meet it on this round.
    newcomer: Option<Slot>,
}

impl Clock {
    /// CLOCK decides the same at every capacity.
    pub fn new(_capacity: u64) -> Self {
        Self { queue: Lists::new(1), newcomer: None }
    }

    fn settle(&mut self) {
        if let Some(newcomer) = self.newcomer.take() {
            self.queue.push(QUEUE, newcomer);
        }
    }
}

impl EvictionPolicy for Clock {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Marked { max: 1 }
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.on_remove(slot);
        self.settle();
        self.newcomer = Some(slot);
    }

    #[inline]
    fn on_update(&mut self, _slot: Slot, _weight: u32) {
        self.settle();
    }

    #[inline]
    fn on_remove(&mut self, slot: Slot) {
        self.newcomer = self.newcomer.filter(|&newcomer| newcomer != slot);
        self.queue.unlink(slot);
    }

    #[inline]
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        self.queue.turn(QUEUE, marks, 1);
        self.queue.evict(QUEUE, marks).or_else(|| self.newcomer.take())
    }

    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
