//! LHD: the entry with the least hits to be expected for the room it takes.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::hit_density::{Age, HitDensity, OLDEST};
use crate::pool::Pool;
use crate::rng::SplitMix64;

/// Candidates that are compared for each victim...
const SAMPLES: usize = 32;
/// ...and how many while there is little to go by: so many rounds of learning.
const FEWER_SAMPLES: usize = 8;
const EARLY_ROUNDS: u32 = 50;
/// The last doubtful admissions, which are candidates too.
const ADMISSIONS: usize = 8;
/// One entry in so many explores: it is spared, so that ages are seen that the policy would never let anyone reach.
const EXPLORER_ODDS: usize = 32;
/// The part of the capacity that explorers may take.
const EXPLORER_SHARE: f64 = 0.01;
/// What explorers are given on top of their hit density.
const EXPLORER_BONUS: f32 = 1.0;
/// Requests between rounds of learning.
const INTERVAL: u64 = 1 << 20;
/// What is left of the average rank of victims after each.
const DECAY: f32 = 0.9;

/// LHD (N. Beckmann, H. Chen, A. Cidon, "LHD: improving cache hit rate by maximizing hit density", NSDI, 2018): the
/// entry leaves of which the least hits are to be expected for the room and the time it will take, of 32 drawn at
/// random.
///
/// What is to be expected is learned: entries are classified by the ages at their last two hits, and each class counts
/// at which ages its entries were hit or evicted. Until the first round of learning it decides much like GDSF. Of 100
/// parts of the room one is for explorers, entries spared by chance to see what becomes of them.
///
/// Follows the authors' code, which libCacheSim runs too: a round every 2^20 requests (shorter traces never learn:
/// [`learning_every`](Self::learning_every) changes that), 8 samples and no more in the first 50 rounds, and the last 8
/// admissions that looked worse than recent victims always among the candidates. The classes by application that the
/// paper has are left out: a policy is not told of applications.
///
/// A hit costs O(1) amortised, `evict` O(40). It takes 36 bytes an entry, and learning some for the ages seen,
/// 4 MB at the very most.
/// The same seed and the same calls give the same victims.
#[derive(Debug)]
pub struct Lhd {
    entries: Pool<Entry>,
    /// The newest entry and its weight, while room is made for it.
    newcomer: Option<(Slot, u32)>,
    model: HitDensity,
    /// The last admissions that looked worse than recent victims, the next to be replaced first.
    admitted: [Option<Slot>; ADMISSIONS],
    next_admitted: usize,
    /// The rank that victims had of late.
    victim_rank: f32,
    capacity: u64,
    /// The weight of all explorers.
    exploring: u64,
    /// Requests so far.
    now: u64,
    interval: u64,
    rng: SplitMix64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// When it was used last.
    used: u64,
    /// Its age at the last hit, and at the one before.
    last_age: Age,
    age_before: Age,
    weight: u32,
    explores: bool,
}

impl Lhd {
    /// LHD with a fixed seed, for a cache of `capacity`.
    pub fn new(capacity: u64) -> Self {
        Self::seeded(capacity, 0)
    }

    /// LHD with a seed of your own.
    pub fn seeded(capacity: u64, seed: u64) -> Self {
        Self {
            entries: Pool::new(),
            newcomer: None,
            model: HitDensity::new(),
            admitted: [None; ADMISSIONS],
            next_admitted: 0,
            victim_rank: 0.0,
            capacity,
            exploring: 0,
            now: 0,
            interval: INTERVAL,
            rng: SplitMix64::new(seed),
        }
    }

    /// Learns every `requests` requests (1 at least) instead of every 2^20: 16 an entry did well on traces too short for
    /// that.
    #[must_use]
    pub fn learning_every(mut self, requests: u64) -> Self {
        self.interval = requests.max(1);
        self
    }

    fn settle(&mut self) {
        let Some((slot, weight)) = self.newcomer.take() else { return };
        let explores = self.draw_explorer();
        let mut entry = Entry { used: self.now, last_age: 0, age_before: OLDEST, weight, explores: false };
        entry.explores = explores && self.take_explorer(weight);
        if !explores && self.rank(&entry) < self.victim_rank {
            self.admitted[self.next_admitted] = Some(slot);
            self.next_admitted = (self.next_admitted + 1) % ADMISSIONS;
        }
        self.entries.insert(slot, entry);
        self.tick();
    }

    fn draw_explorer(&mut self) -> bool {
        self.rng.below(EXPLORER_ODDS) == 0
    }

    /// Whether there is room for one more explorer, which is taken if so.
    fn take_explorer(&mut self, weight: u32) -> bool {
        let room = (self.capacity as f64 * EXPLORER_SHARE) as u64;
        let takes = self.exploring < room && self.model.rounds() < EARLY_ROUNDS;
        self.exploring += if takes { u64::from(weight) } else { 0 };
        takes
    }

    fn tick(&mut self) {
        self.now += 1;
        if self.now.is_multiple_of(self.interval) {
            self.model.learn(self.entries.len());
        }
    }

    fn rank(&self, entry: &Entry) -> f32 {
        let age = self.model.age(self.now - entry.used);
        if age == OLDEST - 1 {
            return f32::MIN;
        }
        let density = self.model.density(entry.last_age + entry.age_before, age) / entry.weight.max(1) as f32;
        if entry.explores { density + EXPLORER_BONUS } else { density }
    }

    fn sample(&mut self) -> Option<(Slot, f32)> {
        let samples = if self.model.rounds() > EARLY_ROUNDS { SAMPLES } else { FEWER_SAMPLES };
        let mut least: Option<(Slot, f32)> = None;
        let mut consider = |slot, rank| {
            if least.is_none_or(|(_, least)| rank < least) {
                least = Some((slot, rank));
            }
        };
        for _ in 0..samples {
            let (slot, entry) = self.entries.draw(&mut self.rng)?;
            consider(slot, self.rank(entry));
        }
        for slot in self.admitted.into_iter().flatten() {
            if let Some(entry) = self.entries.get(slot) {
                consider(slot, self.rank(entry));
            }
        }
        least
    }

    fn take(&mut self, slot: Slot) -> Option<Entry> {
        self.newcomer = self.newcomer.filter(|&(newcomer, _)| newcomer != slot);
        let entry = self.entries.remove(slot)?;
        self.exploring -= if entry.explores { u64::from(entry.weight) } else { 0 };
        self.admitted.iter_mut().filter(|other| **other == Some(slot)).for_each(|gone| *gone = None);
        Some(entry)
    }
}

impl EvictionPolicy for Lhd {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _hash: u64, weight: u32) {
        self.take(slot);
        self.settle();
        self.newcomer = Some((slot, weight));
    }

    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        let Some(mut entry) = self.entries.get(slot).copied() else { return };
        let age = self.model.age(self.now - entry.used);
        self.model.on_hit(entry.last_age + entry.age_before, age);
        self.exploring -= if entry.explores { u64::from(entry.weight) } else { 0 };
        entry.explores = self.draw_explorer() && self.take_explorer(weight);
        (entry.age_before, entry.last_age) = (entry.last_age, age);
        (entry.used, entry.weight) = (self.now, weight);
        if let Some(place) = self.entries.get_mut(slot) {
            *place = entry;
        }
        self.tick();
    }

    #[inline]
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        if let Some(weight) = self.entries.get(slot).map(|entry| entry.weight) {
            self.on_update(slot, weight);
        }
    }

    fn on_remove(&mut self, slot: Slot) {
        self.take(slot);
    }

    #[inline]
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let Some((victim, rank)) = self.sample() else { return self.newcomer.take().map(|(slot, _)| slot) };
        self.victim_rank = DECAY * self.victim_rank + (1.0 - DECAY) * rank;
        let entry = self.take(victim)?;
        self.model.on_evict(entry.last_age + entry.age_before, self.model.age(self.now - entry.used));
        Some(victim)
    }

    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
    }
}
