//! 2Q: a queue for what came once, a stack for what came back.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::ghosts::{Ghosts, Limit};
use crate::lists::ListId;
use crate::queues::{Entry, Queues};

/// The paper's A1in: what came once, oldest first.
const IN: ListId = ListId(0);
/// The paper's Am: what came back after it had left `IN`, least recently used first.
const MAIN: ListId = ListId(1);
/// What is refused.
const LEAVING: ListId = ListId(2);

/// Ghosts for each slot ever used, at most.
const GHOSTS_PER_SLOT: usize = 4;

/// 2Q, the full version (T. Johnson, D. Shasha, "2Q: a low overhead high performance buffer management replacement
/// algorithm", VLDB, 1994): new entries pass a FIFO; what is asked for again soon after it left that goes into an LRU.
///
/// Its parts are the paper's: the FIFO has a quarter of the room (1 at least), and ghosts of what left it are kept for
/// half of the capacity. Hits in the FIFO change nothing. An entry leaves the FIFO when that is over its share, and
/// the LRU otherwise.
///
/// Every call costs O(1) amortised. It takes 24 bytes an entry, and 24 to 59 a ghost.
#[derive(Debug)]
pub struct TwoQ {
    queues: Queues<3>,
    /// The paper's A1out.
    ghosts: Ghosts,
    /// Where the newcomer goes when it is settled.
    destination: ListId,
    capacity: u64,
    strict: bool,
}

impl TwoQ {
    /// 2Q whose queues share `capacity`.
    pub fn new(capacity: u64) -> Self {
        Self { queues: Queues::new(), ghosts: Ghosts::new(), destination: IN, capacity, strict: false }
    }

    /// The same with both queues strictly within their shares, as libCacheSim counts.
    ///
    /// It differs where weights do: entries larger than the FIFO's share are refused, and the LRU makes room for what
    /// enters it within its own share, although the FIFO may have room to lend. [`new`](Self::new) does neither; on
    /// the traces we tried that made no difference.
    pub fn reference(capacity: u64) -> Self {
        Self { strict: true, ..Self::new(capacity) }
    }

    /// Whether an entry should leave. Only for [`reference`](Self::reference) may that be so where there is room:
    /// who wants its exact counts goes on asking for victims while it says so, after every call.
    pub fn overflows(&self, used: u64, capacity: u64) -> bool {
        let sheds = !self.queues.is_empty(LEAVING) || self.crowds_main();
        used > capacity || self.strict && sheds
    }

    fn in_share(&self) -> u64 {
        (self.capacity / 4).max(1)
    }

    fn ghost_limit(&self) -> Limit {
        Limit { weight: self.capacity / 2, count: self.queues.reach() * GHOSTS_PER_SLOT }
    }

    fn oldest(&self, list: ListId) -> Option<Slot> {
        self.queues.oldest(list)
    }

    /// Whether the newcomer needs an entry of the LRU out to be within its share.
    fn crowds_main(&self) -> bool {
        let main = self.queues.weight(MAIN) + self.queues.incoming();
        self.destination == MAIN
            && self.queues.newcomer().is_some()
            && !self.queues.is_empty(MAIN)
            && main > self.capacity.saturating_sub(self.in_share())
    }

    fn settle(&mut self) {
        self.queues.settle(self.destination);
    }

    fn victim(&self) -> Option<Slot> {
        let from_in = self.queues.weight(IN) > self.in_share();
        let order = if from_in { [LEAVING, IN, MAIN] } else { [LEAVING, MAIN, IN] };
        order.into_iter().find_map(|list| self.oldest(list))
    }
}

impl EvictionPolicy for TwoQ {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        self.destination = if self.ghosts.forget(hash).is_some() { MAIN } else { IN };
        let refused = self.strict && u64::from(weight) > self.in_share();
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
            Some(MAIN) => self.queues.place(MAIN, slot),
            Some(LEAVING) => self.queues.place(IN, slot),
            _ => {}
        }
    }

    fn on_remove(&mut self, slot: Slot) {
        self.queues.remove(slot);
    }

    #[inline]
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let Some(victim) = self.victim() else { return self.queues.refuse() };
        let list = self.queues.list_of(victim);
        let entry = self.queues.remove(victim)?;
        if list == Some(IN) {
            self.ghosts.remember(IN, entry, self.ghost_limit());
        }
        Some(victim)
    }

    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
        self.ghosts.trim(IN, self.ghost_limit());
    }
}
