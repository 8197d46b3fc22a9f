//! Cacheus: LeCaR with better experts, and with nothing to tune.

use std::cmp::Reverse;

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::ghosts::{Ghosts, Limit};
use crate::heap::Heap;
use crate::learning_rate::LearningRate;
use crate::lists::ListId;
use crate::queues::Entry;
use crate::rng::SplitMix64;
use crate::sr_lru::SrLru;

/// The history of SR-LRU's victims.
const BY_RECENCY: ListId = ListId(0);
/// The history of CR-LFU's victims.
const BY_FREQUENCY: ListId = ListId(1);

/// The seed that [`Cacheus::new`] takes.
const SEED: u64 = 2;
/// Ghosts of each expert for each slot ever used, at most.
const GHOSTS_PER_SLOT: usize = 2;

/// Cacheus (L. V. Rodriguez, F. Yusuf, S. Lyons, E. Paz, R. Rangaswami, J. Liu, M. Zhao, G. Narasimhan, "Learning
/// cache replacement with CACHEUS", FAST, 2021): each victim is chosen by one of two experts, SR-LRU, which scans pass
/// by, or CR-LFU, whose ties go to the newest; one whose victim is asked for again is trusted less.
///
/// As in libCacheSim, SR-LRU's parts are halves of the cache, the learning rate starts at random, and it is adapted by a
/// hit rate rounded down, which is 0 unless every request was a hit. The last two are faults of that code, and they
/// shape its results; [`as_published`](Self::as_published) is the paper's algorithm. That code also evicts what is over
/// the half for scans while the other half has room. A policy can't; here such entries stay on as spare ones, which
/// leave first and which a hit brings back as a miss would.
///
/// A hit costs O(1), everything else O(log n) amortised. It takes 81 bytes an entry, and about 60 a ghost. The same
/// seed and the same calls give the same victims.
#[derive(Debug)]
pub struct Cacheus {
    recency: SrLru,
    /// CR-LFU: by uses, the newest first.
    frequency: Heap<(u64, Reverse<u64>)>,
    uses: Vec<u64>,
    /// The newest entry, while room is made for it.
    newcomer: Option<(Slot, Entry)>,
    histories: Ghosts<(), 2>,
    /// The trust in SR-LRU; that in CR-LFU is the rest of 1.
    trust: f64,
    learning_rate: LearningRate,
    published: bool,
    capacity: u64,
    /// Requests so far, and hits since the learning rate was adapted.
    now: u64,
    hits: u64,
    rng: SplitMix64,
}

impl Cacheus {
    /// Cacheus with a fixed seed, for a cache of `capacity`. The learning rate it draws decides much: another seed may
    /// miss 0.1 more or less of all requests.
    pub fn new(capacity: u64) -> Self {
        Self::seeded(capacity, SEED)
    }

    /// Cacheus with a seed of your own.
    pub fn seeded(capacity: u64, seed: u64) -> Self {
        let mut rng = SplitMix64::new(seed);
        Self {
            recency: SrLru::new(capacity, false),
            frequency: Heap::new(),
            uses: Vec::new(),
            newcomer: None,
            histories: Ghosts::new(),
            trust: 0.5,
            learning_rate: LearningRate::new(&mut rng),
            published: false,
            capacity,
            now: 0,
            hits: 0,
            rng,
        }
    }

    /// The algorithm of the paper: SR-LRU's parts follow the workload, and the learning rate the true hit rate.
    #[must_use]
    pub fn as_published(mut self) -> Self {
        self.published = true;
        self.recency = SrLru::new(self.capacity, true);
        self
    }

    /// Whether an entry should leave: one is over the room or pushed out by SR-LRU, which may be so where there is room.
    /// Who wants exactly what libCacheSim does goes on asking for victims while it says so, after every call.
    pub fn overflows(&self, used: u64, capacity: u64) -> bool {
        used > capacity || self.recency.has_spare()
    }

    fn settle(&mut self) {
        if let Some((slot, entry)) = self.newcomer.take() {
            self.insert(slot, entry);
        }
    }

    fn insert(&mut self, slot: Slot, entry: Entry) {
        let uses = self.recency.insert(slot, entry).unwrap_or(0);
        self.uses.resize(self.uses.len().max(slot.index() + 1), 0);
        self.count(slot, uses.saturating_add(1));
        while let Some(oldest) = self.recency.overflow() {
            self.recency.push_out(oldest, self.uses[oldest.index()]);
            self.frequency.remove(oldest);
        }
        self.tick();
    }

    fn count(&mut self, slot: Slot, uses: u64) {
        self.uses[slot.index()] = uses;
        self.frequency.set(slot, (uses, Reverse(self.now)));
    }

    /// Ends a request.
    fn tick(&mut self) {
        self.now += 1;
        let round = self.capacity.max(1);
        if self.now.is_multiple_of(round) {
            let hit_rate =
                if self.published { self.hits as f64 / round as f64 } else { (self.hits / round) as f64 };
            self.learning_rate.adapt(hit_rate, &mut self.rng);
            self.hits = 0;
        }
    }

    /// Trusts the expert less that evicted `hash` not long ago.
    fn regret(&mut self, hash: u64) {
        let left = (-self.learning_rate.rate()).exp();
        let (mut recency, mut frequency) = (self.trust, 1.0 - self.trust);
        match self.histories.forget(hash) {
            Some(BY_RECENCY) => {
                recency *= left;
                self.histories.forget(hash); // of another key with this hash
            }
            Some(_) => frequency *= left,
            None => {}
        }
        self.trust = recency / (recency + frequency);
    }

    fn forget(&mut self, slot: Slot) {
        self.newcomer = self.newcomer.filter(|&(newcomer, _)| newcomer != slot);
        self.recency.remove(slot);
        self.frequency.remove(slot);
    }

    fn ghost_limit(&self) -> Limit {
        Limit { weight: self.capacity / 2, count: self.uses.len() * GHOSTS_PER_SLOT }
    }

    /// The victim, noted in the history of the expert who chose it, unless both would have.
    fn choose(&mut self) -> Option<Slot> {
        let (oldest, (rarest, _)) = (self.recency.next_victim()?, self.frequency.peek()?);
        let by_recency = (self.rng.below(100) as f64) < self.trust * 100.0;
        let victim = if by_recency { oldest } else { rarest };
        if oldest != rarest {
            let limit = self.ghost_limit();
            let history = if by_recency { BY_RECENCY } else { BY_FREQUENCY };
            self.histories.remember(history, self.recency.entry(victim), limit);
        }
        Some(victim)
    }
}

impl EvictionPolicy for Cacheus {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.forget(slot);
        self.settle();
        self.regret(hash);
        self.newcomer = Some((slot, Entry { hash, weight }));
    }

    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        self.recency.reweigh(slot, weight);
        self.on_hit(slot);
    }

    #[inline]
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        if self.recency.is_spare(slot) {
            let entry = self.recency.entry(slot);
            self.regret(entry.hash);
            self.insert(slot, entry);
        } else if self.recency.contains(slot) {
            self.recency.on_hit(slot);
            self.count(slot, self.uses[slot.index()].saturating_add(1));
            self.hits += 1;
            self.tick();
        }
    }

    fn on_remove(&mut self, slot: Slot) {
        self.forget(slot);
    }

    #[inline]
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        if let Some(spare) = self.recency.pop_spare() {
            return Some(spare);
        }
        let Some(victim) = self.choose() else { return self.newcomer.take().map(|(slot, _)| slot) };
        self.recency.evict(victim, self.uses[victim.index()]);
        self.frequency.remove(victim);
        Some(victim)
    }

    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
        self.recency.resize(capacity);
        let limit = self.ghost_limit();
        self.histories.trim(BY_RECENCY, limit);
        self.histories.trim(BY_FREQUENCY, limit);
    }
}
