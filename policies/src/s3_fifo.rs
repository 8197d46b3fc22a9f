//! S3-FIFO: a small queue filters what a large one keeps.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::ghosts::{Ghosts, Limit};
use crate::lists::ListId;
use crate::queues::{Entry, Queues};

const SMALL: ListId = ListId(0);
const MAIN: ListId = ListId(1);

/// Marks stop here, so that main lets an entry go after at most this many spared rounds.
const MAX_MARK: u8 = 3;
/// An entry with so many hits in small deserves main.
const PROMOTED_FROM: u8 = 2;
/// Ghosts for each slot ever used, at most.
const GHOSTS_PER_SLOT: usize = 4;

/// S3-FIFO (J. Yang, Y. Zhang, Z. Qiu, Y. Yue, K. V. Rashmi, "FIFO queues are all you need for cache eviction", SOSP,
/// 2023): new entries pass a small queue (a tenth of the room), and only those hit twice there, or back soon after they
/// left, go into the main one.
///
/// Follows the authors' own simulator: entries leave from small whenever main is within its share, so small may fill
/// the whole cache at first, and a ghost is looked up before anything leaves. Caffeine's variant differs in both.
///
/// Every call costs O(1), `evict` amortised: each entry it passes over was paid for by an insertion or a hit. It
/// takes 24 bytes an entry, and 24 to 59 a ghost.
#[derive(Debug)]
pub struct S3Fifo {
    queues: Queues<2>,
    ghosts: Ghosts,
    /// Where the newcomer goes when it is settled.
    destination: ListId,
    capacity: u64,
}

impl S3Fifo {
    /// S3-FIFO whose queues share `capacity`: a tenth of it (1 at least) small, the rest main.
    pub fn new(capacity: u64) -> Self {
        Self { queues: Queues::new(), ghosts: Ghosts::new(), destination: SMALL, capacity }
    }

    fn main_share(&self) -> u64 {
        self.capacity.saturating_sub((self.capacity / 10).max(1))
    }

    fn ghost_limit(&self) -> Limit {
        let weight = self.capacity / 10 * 9 + self.capacity % 10 * 9 / 10;
        Limit { weight, count: self.queues.reach() * GHOSTS_PER_SLOT }
    }

    fn settle(&mut self) {
        self.queues.settle(self.destination);
    }

    fn evict_from_small(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        while let Some(oldest) = self.queues.oldest(SMALL) {
            if marks.get(oldest) < PROMOTED_FROM {
                self.ghosts.remember(SMALL, self.queues.remove(oldest)?, self.ghost_limit());
                return Some(oldest);
            }
            marks.set(oldest, 0);
            self.queues.place(MAIN, oldest);
        }
        None
    }

    fn evict_from_main(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        self.queues.turn(MAIN, marks, MAX_MARK);
        self.queues.pop(MAIN).map(|(victim, _)| victim)
    }
}

impl EvictionPolicy for S3Fifo {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Marked { max: MAX_MARK }
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        self.destination = if self.ghosts.forget(hash).is_some() { MAIN } else { SMALL };
        self.queues.arrive(slot, Entry { hash, weight });
    }

    #[inline]
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        self.queues.reweigh(slot, weight);
    }

    #[inline]
    fn on_remove(&mut self, slot: Slot) {
        self.queues.remove(slot);
    }

    #[inline]
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        let from_small = self.queues.weight(MAIN) <= self.main_share();
        let victim = from_small
            .then(|| self.evict_from_small(marks))
            .flatten()
            .or_else(|| self.evict_from_main(marks))
            .or_else(|| self.evict_from_small(marks))
            .or_else(|| self.queues.refuse());
        marks.foresee(self.queues.oldest(if from_small { SMALL } else { MAIN }));
        victim
    }

    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
        self.ghosts.trim(SMALL, self.ghost_limit());
    }
}
