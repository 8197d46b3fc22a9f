//! Segmented LRU: every hit lifts an entry one segment up.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::lists::ListId;
use crate::queues::{Entry, Queues};

/// Segments are the lists from 0, the lowest, to this one.
const TOP: u32 = 3;
/// What does not fit any more, though nobody may have asked for its room yet.
const LEAVING: ListId = ListId(4);

/// Segmented LRU (R. Karedla, J. S. Love, B. G. Wherry, "Caching strategies to improve disk system performance", IEEE
/// Computer, 1994): an entry starts in the lowest segment and moves up one with every hit; what overflows a segment
/// moves down one, and what leaves is the oldest of the lowest.
///
/// The paper has two segments. These are four of equal size, as in Facebook's photo cache (Q. Huang et al., "An
/// analysis of Facebook photo caching", SOSP, 2013) and in libCacheSim. As in the latter a new entry goes into the
/// lowest segment with room, so that they fill from below.
///
/// Every call costs O(1) amortised: a step down was paid for by a hit. It takes 24 bytes an entry.
#[derive(Debug)]
pub struct Slru {
    queues: Queues<5>,
    capacity: u64,
    strict: bool,
}

impl Slru {
    /// Segmented LRU whose segments share `capacity`.
    pub fn new(capacity: u64) -> Self {
        Self { queues: Queues::new(), capacity, strict: false }
    }

    /// The same with every segment strictly within its share, as libCacheSim counts.
    ///
    /// It differs where weights do, or where the capacity is no multiple of four: entries larger than a segment are
    /// refused, and a hit may push others out of the lowest segment although the cache has room. [`new`](Self::new)
    /// does neither, and missed as often or less on every trace we tried, by up to 0.3 percentage points.
    pub fn reference(capacity: u64) -> Self {
        Self { strict: true, ..Self::new(capacity) }
    }

    /// Whether an entry should leave. Only for [`reference`](Self::reference) may that be so where there is room:
    /// who wants its exact counts goes on asking for victims while it says so, after every call.
    pub fn overflows(&self, used: u64, capacity: u64) -> bool {
        used > capacity || !self.queues.is_empty(LEAVING)
    }

    fn share(&self) -> u64 {
        (self.capacity / u64::from(TOP + 1)).max(1)
    }

    fn oldest(&self, list: ListId) -> Option<Slot> {
        self.queues.oldest(list)
    }

    fn settle(&mut self) {
        self.queues.settle(self.lowest_with_room(self.queues.incoming()));
    }

    /// The lowest segment that has room for `weight`; the lowest of all, if none has.
    fn lowest_with_room(&self, weight: u64) -> ListId {
        let has_room = |&segment: &ListId| self.queues.weight(segment) + weight <= self.share();
        (0..=TOP).map(ListId).find(has_room).unwrap_or(ListId(0))
    }

    /// Moves what overflows the segments up to `highest` down.
    fn cascade(&mut self, highest: u32) {
        for segment in (1..=highest).rev() {
            let moved = self.overflow(ListId(segment), ListId(segment - 1));
            if moved && segment == 1 && self.strict {
                self.overflow(ListId(0), LEAVING);
            }
        }
    }

    /// Moves what is over the share of `from`, and says whether that was anything.
    fn overflow(&mut self, from: ListId, to: ListId) -> bool {
        let mut moved = false;
        while self.queues.weight(from) > self.share() {
            let Some(oldest) = self.oldest(from) else { break };
            self.queues.place(to, oldest);
            moved = true;
        }
        moved
    }
}

impl EvictionPolicy for Slru {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        let refused = self.strict && u64::from(weight) > self.share();
        self.queues.arrive(slot, Entry { hash, weight });
        if refused {
            self.queues.settle(LEAVING);
        }
    }

    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        self.queues.reweigh(slot, weight);
        self.on_hit(slot);
    }

    #[inline]
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        match self.queues.list_of(slot) {
            Some(LEAVING) => {
                let weight = u64::from(self.queues.entry(slot).weight);
                self.queues.place(self.lowest_with_room(weight), slot);
            }
            Some(ListId(TOP)) => self.queues.place(ListId(TOP), slot),
            Some(ListId(segment)) => {
                self.queues.place(ListId(segment + 1), slot);
                self.cascade(segment + 1);
            }
            None => {}
        }
    }

    fn on_remove(&mut self, slot: Slot) {
        self.queues.remove(slot);
    }

    #[inline]
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let segments = (0..=TOP).map(ListId);
        let full = [LEAVING].into_iter().chain(segments).find(|&list| !self.queues.is_empty(list));
        match full {
            Some(list) => self.queues.pop(list).map(|(victim, _)| victim),
            None => self.queues.refuse(),
        }
    }

    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
        self.cascade(TOP);
    }
}
