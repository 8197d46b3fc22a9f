//! ARC: two LRU lists whose ghosts say which of them deserves more room.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::ghosts::{Ghosts, Limit};
use crate::lists::ListId;
use crate::queues::{Entry, Queues};

/// The paper's T1: what was asked for once of late.
const ONCE: ListId = ListId(0);
/// The paper's T2: what was asked for at least twice.
const OFTEN: ListId = ListId(1);

/// Ghosts of each kind for each slot ever used, at most.
const GHOSTS_PER_SLOT: usize = 4;

/// ARC (N. Megiddo, D. S. Modha, "ARC: a self-tuning, low overhead replacement cache", FAST, 2003): one LRU for what
/// was asked for once and one for what was asked for again; each keeps ghosts of what left it, and a ghost that is
/// asked for makes its list's share larger.
///
/// What the paper leaves open is done as in libCacheSim: the target share is a real number and its step is a ratio of
/// weights, a ghost is taken out before room is made, and with weights the first list with its ghosts is full when the
/// incoming entry would not fit. By weight ARC hardly adapts: a step is about 1 where a share is millions of bytes.
///
/// Every call costs O(1) amortised. It takes 24 bytes an entry, and 24 to 59 a ghost.
#[derive(Debug)]
pub struct Arc {
    queues: Queues<2>,
    /// The paper's B1 and B2: of what left `ONCE`, and of what left `OFTEN`.
    ghosts: Ghosts<(), 2>,
    /// The list that the newcomer had left, if anybody knows it.
    origin: Option<ListId>,
    /// The paper's p: the room that `ONCE` should have.
    target: f64,
    capacity: u64,
}

impl Arc {
    /// ARC whose lists share `capacity`.
    pub fn new(capacity: u64) -> Self {
        Self { queues: Queues::new(), ghosts: Ghosts::new(), origin: None, target: 0.0, capacity }
    }

    /// More than the paper's rules ever let a list of ghosts weigh where entries weigh the same.
    fn ghost_limit(&self) -> Limit {
        let count = self.queues.reach() * GHOSTS_PER_SLOT;
        Limit { weight: u64::MAX, count }
    }

    #[inline]
    fn settle(&mut self) {
        if self.queues.newcomer().is_some() {
            self.queues.settle(if self.origin.is_none() { ONCE } else { OFTEN });
        }
        self.origin = None;
    }

    /// Takes the ghost of `hash` out, learns from it, and says which list it had left.
    fn recall(&mut self, hash: u64) -> Option<ListId> {
        let (once, often) = (self.ghosts.weight(ONCE), self.ghosts.weight(OFTEN));
        let ratio = |own: u64, other: u64| (other.max(1) as f64 / own.max(1) as f64).max(1.0);
        let origin = self.ghosts.forget(hash)?;
        self.target = match origin {
            ONCE => (self.target + ratio(once, often)).min(self.capacity as f64),
            _ => (self.target - ratio(often, once)).max(0.0),
        };
        Some(origin)
    }

    /// The paper's case IV: drops a ghost for a newcomer that nobody knows. Says whether there was none to drop,
    /// although `ONCE` and its ghosts are full.
    fn drop_ghost(&mut self) -> bool {
        let once = self.queues.weight(ONCE) + self.ghosts.weight(ONCE);
        if once + self.queues.incoming() > self.capacity {
            return !self.ghosts.forget_oldest(ONCE);
        }
        let all = once + self.queues.weight(OFTEN) + self.ghosts.weight(OFTEN);
        if all >= self.capacity.saturating_mul(2) {
            self.ghosts.forget_oldest(OFTEN);
        }
        false
    }

    /// The paper's REPLACE.
    fn replace(&mut self) -> Option<Slot> {
        let once = self.queues.weight(ONCE) as f64;
        let over = once > self.target || once == self.target && self.origin == Some(OFTEN);
        let order = if over { [ONCE, OFTEN] } else { [OFTEN, ONCE] };
        let list = order.into_iter().find(|&list| !self.queues.is_empty(list))?;
        let (victim, entry) = self.queues.pop(list)?;
        self.ghosts.remember(list, entry, self.ghost_limit());
        Some(victim)
    }
}

impl EvictionPolicy for Arc {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        self.origin = self.recall(hash);
        self.queues.arrive(slot, Entry { hash, weight });
    }

    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        self.queues.reweigh(slot, weight);
        self.on_hit(slot);
    }

    #[inline]
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        self.queues.place(OFTEN, slot);
    }

    fn on_remove(&mut self, slot: Slot) {
        self.queues.remove(slot);
    }

    #[inline]
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let unknown = self.origin.is_none() && self.queues.newcomer().is_some();
        if unknown
            && self.drop_ghost()
            && let Some((victim, _)) = self.queues.pop(ONCE)
        {
            return Some(victim);
        }
        self.replace().or_else(|| self.queues.refuse())
    }

    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
        self.target = self.target.min(capacity as f64);
        self.ghosts.trim(ONCE, self.ghost_limit());
        self.ghosts.trim(OFTEN, self.ghost_limit());
    }
}
