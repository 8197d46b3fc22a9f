//! LeCaR: LRU and LFU as two experts, trusted by their regrets.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::ghosts::{Ghosts, Limit};
use crate::lists::ListId;
use crate::queues::Entry;
use crate::rng::SplitMix64;
use crate::{Lfu, Lru};

/// The history of LRU's victims.
const BY_LRU: ListId = ListId(0);
/// The history of LFU's victims.
const BY_LFU: ListId = ListId(1);

/// How much a regret costs an expert.
const LEARNING_RATE: f64 = 0.45;
/// What is left of a regret after as many requests as the cache has room for.
const DISCOUNT: f64 = 0.005;
/// No expert is ever trusted less than this.
const LEAST_TRUST: f64 = 1e-10;
/// Ghosts of each expert for each slot ever used, at most.
const GHOSTS_PER_SLOT: usize = 2;

/// `LeCaR` (G. Vietri, L. V. Rodriguez, W. A. Martinez, S. Lyons, J. Liu, R. Rangaswami, M. Zhao, G. Narasimhan,
/// "Driving cache replacement with ML-based `LeCaR`", `HotStorage`, 2018): each victim is chosen by LRU or by LFU, by
/// chance, and an expert whose victim is asked for again soon is trusted less from then on.
///
/// Each expert has a history of its own victims, half the capacity; an entry both name goes into neither. As in the
/// authors' code and libCacheSim the learning rate is 0.45 and the discount 0.005^(1/capacity) a request, the chance is
/// drawn in whole percents (so LRU keeps one in a hundred), and ties in LFU go to the one that reached the frequency
/// first, as in libCacheSim. What comes back starts with frequency 1, as there; the authors' code restores the old one.
///
/// Every call costs O(1). The same seed and the same calls give the same victims. It takes 36 bytes an entry, and 32 to
/// 80 a ghost.
#[derive(Debug)]
pub struct LeCaR {
    lru: Lru,
    lfu: Lfu,
    entries: Vec<Entry>,
    /// What each expert evicted, and when.
    histories: Ghosts<u64, 2>,
    /// The trust in LRU; that in LFU is the rest of 1.
    trust: f64,
    capacity: u64,
    /// Requests so far.
    now: u64,
    rng: SplitMix64,
}

impl LeCaR {
    /// `LeCaR` with a fixed seed, for a cache of `capacity`.
    pub fn new(capacity: u64) -> Self {
        Self::seeded(capacity, 0)
    }

    /// `LeCaR` with a seed of your own.
    pub fn seeded(capacity: u64, seed: u64) -> Self {
        Self {
            lru: Lru::new(capacity),
            lfu: Lfu::new(capacity),
            entries: Vec::new(),
            histories: Ghosts::new(),
            trust: 0.5,
            capacity,
            now: 0,
            rng: SplitMix64::new(seed),
        }
    }

    fn ghost_limit(&self) -> Limit {
        Limit { weight: self.capacity / 2, count: self.entries.len() * GHOSTS_PER_SLOT }
    }

    /// Takes it into account if `hash` was evicted not long ago.
    fn regret(&mut self, hash: u64) {
        match self.histories.recall(hash) {
            Some((BY_LRU, evicted)) => self.trust = self.punish(self.trust, evicted),
            Some((_, evicted)) => self.trust = 1.0 - self.punish(1.0 - self.trust, evicted),
            None => {}
        }
    }

    /// What is left of an expert's `trust` when the victim it named at `evicted` is missed.
    fn punish(&self, trust: f64, evicted: u64) -> f64 {
        let ago = (self.now - evicted) as f64 / self.capacity.max(1) as f64;
        let less = trust * (-LEARNING_RATE * DISCOUNT.powf(ago)).exp();
        (less / (less + 1.0 - trust)).clamp(LEAST_TRUST, 1.0 - LEAST_TRUST)
    }

    fn forget(&mut self, slot: Slot) {
        self.lru.on_remove(slot);
        self.lfu.on_remove(slot);
    }
}

impl EvictionPolicy for LeCaR {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.now += 1;
        self.regret(hash);
        self.entries.resize(self.entries.len().max(slot.index() + 1), Entry::default());
        self.entries[slot.index()] = Entry { hash, weight };
        self.lru.on_insert(slot, hash, weight);
        self.lfu.on_insert(slot, hash, weight);
    }

    fn on_update(&mut self, slot: Slot, weight: u32) {
        if let Some(entry) = self.entries.get_mut(slot.index()) {
            entry.weight = weight;
        }
        self.on_hit(slot);
    }

    #[inline]
    fn on_hit(&mut self, slot: Slot) {
        self.now += 1;
        self.lru.on_hit(slot);
        self.lfu.on_hit(slot);
    }

    fn on_remove(&mut self, slot: Slot) {
        self.forget(slot);
    }

    #[inline]
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let (oldest, rarest) = (self.lru.next_victim()?, self.lfu.next_victim()?);
        if oldest == rarest {
            self.forget(oldest);
            return Some(oldest);
        }
        let limit = self.ghost_limit();
        let by_lru = (self.rng.below(100) as f64) < self.trust * 100.0;
        let (victim, history) = if by_lru { (oldest, BY_LRU) } else { (rarest, BY_LFU) };
        self.histories.remember_with(history, self.entries[victim.index()], self.now, limit);
        self.forget(victim);
        Some(victim)
    }

    fn on_resize(&mut self, capacity: u64) {
        self.lru.on_resize(capacity);
        self.lfu.on_resize(capacity);
        self.capacity = capacity;
        let limit = self.ghost_limit();
        self.histories.trim(BY_LRU, limit);
        self.histories.trim(BY_LFU, limit);
    }
}
