//! CAR: ARC with two clocks.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::ghosts::{Ghosts, Limit};
use crate::lists::ListId;
use crate::queues::{Entry, Queues};

/// Entries used once of late: T1 in the paper.
const RECENT: ListId = ListId(0);
/// Entries used more often: T2 in the paper.
const FREQUENT: ListId = ListId(1);

/// Ghosts of each clock for each slot ever used, at most.
const GHOSTS_PER_SLOT: usize = 2;

/// CAR (S. Bansal, D. S. Modha, "CAR: clock with adaptive replacement", FAST, 2004): one clock for entries used once,
/// one for those used more often, and ghosts of both that say which of the two should have more room.
///
/// An entry hit in the first clock moves to the second when the hand comes by; one hit there goes round once more. The
/// ghosts adapt the room after a victim was found, as in the paper (ARC does it before). Where entries have weights, a
/// step of the adaptation is as large as the entry that came back.
///
/// Every call costs O(1), `evict` amortised: each entry it passes over was paid for by a hit. It takes 24 bytes an
/// entry, and 24 to 59 a ghost.
#[derive(Debug)]
pub struct Car {
    clocks: Queues<2>,
    /// Ghosts of what left the first clock (B1 in the paper), and the second (B2).
    ghosts: Ghosts<(), 2>,
    /// What the first clock should weigh: p in the paper.
    target: f64,
    capacity: u64,
}

impl Car {
    /// CAR whose clocks share `capacity`.
    pub fn new(capacity: u64) -> Self {
        Self { clocks: Queues::new(), ghosts: Ghosts::new(), target: 0.0, capacity }
    }

    /// Puts the newcomer where its ghost says, which it has no longer.
    fn settle(&mut self) {
        let Some(newcomer) = self.clocks.newcomer() else { return };
        let Entry { hash, weight } = self.clocks.entry(newcomer);
        let (recent, frequent) = (self.ghosts.weight(RECENT), self.ghosts.weight(FREQUENT));
        let step = |other: u64, own: u64| (other as f64 / own.max(1) as f64).max(1.0) * f64::from(weight);
        let origin = self.ghosts.forget(hash);
        match origin {
            Some(RECENT) => self.target = (self.target + step(frequent, recent)).min(self.capacity as f64),
            Some(_) => self.target = (self.target - step(recent, frequent)).max(0.0),
            None => {}
        }
        self.clocks.settle(if origin.is_some() { FREQUENT } else { RECENT });
        self.trim();
    }

    /// Keeps the first clock and its ghosts within the capacity, and everything within twice that.
    fn trim(&mut self) {
        let once = self.clocks.weight(RECENT);
        while self.ghosts.weight(RECENT) > self.capacity.saturating_sub(once) {
            self.ghosts.forget_oldest(RECENT);
        }
        let most = self.capacity.saturating_mul(2).saturating_sub(once + self.clocks.weight(FREQUENT));
        while self.ghosts.weight(RECENT) + self.ghosts.weight(FREQUENT) > most {
            let list = if self.ghosts.weight(FREQUENT) > 0 { FREQUENT } else { RECENT };
            self.ghosts.forget_oldest(list);
        }
    }

    /// The clock whose hand moves next.
    fn hand(&self) -> ListId {
        let recent = self.clocks.weight(RECENT) as f64 >= self.target.max(1.0);
        if recent && !self.clocks.is_empty(RECENT) || self.clocks.is_empty(FREQUENT) {
            RECENT
        } else {
            FREQUENT
        }
    }

    fn demote(&mut self, clock: ListId, slot: Slot) {
        let limit = Limit { weight: self.capacity, count: self.clocks.reach() * GHOSTS_PER_SLOT };
        if let Some(entry) = self.clocks.remove(slot) {
            self.ghosts.remember(clock, entry, limit);
        }
    }
}

impl EvictionPolicy for Car {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Marked { max: 1 }
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        self.clocks.arrive(slot, Entry { hash, weight });
    }

    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        self.clocks.reweigh(slot, weight);
    }

    fn on_remove(&mut self, slot: Slot) {
        self.clocks.remove(slot);
    }

    #[inline]
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        // So many steps clear every mark; hits that come in meanwhile must not keep the hands going for ever.
        let mut steps = self.clocks.len();
        loop {
            let clock = self.hand();
            let Some(slot) = self.clocks.oldest(clock) else { break };
            if steps == 0 || marks.take(slot) == 0 {
                self.demote(clock, slot);
                return Some(slot);
            }
            self.clocks.place(FREQUENT, slot);
            steps -= 1;
        }
        self.clocks.refuse()
    }

    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
        self.target = self.target.min(capacity as f64);
        self.trim();
    }
}
