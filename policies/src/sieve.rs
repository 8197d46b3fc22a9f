//! SIEVE: a clock whose survivors stay where they are.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::lists::{ListId, Lists};

const QUEUE: ListId = ListId(0);

/// SIEVE (Y. Zhang, J. Yang, Y. Yue, Y. Vigfusson, K. V. Rashmi, "SIEVE is simpler than LRU", NSDI, 2024): a hand
/// moves from the oldest entry to the newest, spares and unmarks what was hit, and takes the first that was not.
///
/// Every call costs O(1), `evict` amortised: each entry the hand passes over was paid for by a hit. It takes 8 bytes an
/// entry.
#[derive(Debug)]
pub struct Sieve {
    queue: Lists,
    /// The newest entry, while room is made for it: the hand doesn't meet it on this round.
    newcomer: Option<Slot>,
    hand: Option<Slot>,
}

impl Sieve {
    /// SIEVE decides the same at every capacity.
    pub fn new(_capacity: u64) -> Self {
        Self { queue: Lists::new(1), newcomer: None, hand: None }
    }

    #[inline]
    fn settle(&mut self) {
        if let Some(newcomer) = self.newcomer {
            self.newcomer = None;
            self.queue.push(QUEUE, newcomer);
        }
    }
}

impl EvictionPolicy for Sieve {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Marked { max: 1 }
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        if self.newcomer == Some(slot) || self.queue.contains(slot) {
            self.on_remove(slot);
        }
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
        if self.hand == Some(slot) {
            self.hand = self.queue.newer(slot);
        }
        self.queue.unlink(slot);
    }

    #[inline]
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        let Some(oldest) = self.queue.oldest(QUEUE) else { return self.newcomer.take() };
        let mut hand = self.hand.unwrap_or(oldest);
        // One round clears every mark; hits that come in meanwhile must not keep the hand going for ever.
        for _ in 0..self.queue.len() {
            if marks.take(hand) == 0 {
                break;
            }
            hand = self.queue.newer(hand).unwrap_or(oldest);
        }
        self.hand = self.queue.newer(hand);
        marks.foresee(self.hand);
        self.queue.unlink(hand);
        Some(hand)
    }

    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
