//! Hyperbolic caching: uses per time in the cache.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::pool::Pool;
use crate::rng::SplitMix64;

/// Candidates that are compared for each victim.
const SAMPLES: usize = 64;

/// Hyperbolic (A. Blankstein, S. Sen, M. J. Freedman, "Hyperbolic caching: flexible caching for web applications",
/// USENIX ATC, 2017): the entry used least often for its time in the cache leaves, of 64 drawn at random.
///
/// Its priority is its number of uses divided by the requests since it came, so what is new has a chance to show
/// itself, and what was popular once decays. The paper divides by the entry's size too where sizes matter:
/// [`by_weight`](Self::by_weight). Draws are independent, so an entry may be drawn twice. libCacheSim draws a bucket of
/// its hash table and takes the newest entry in it, which spares the others: its misses differ by up to 0.015 either
/// way, and by more on loops.
///
/// A hit costs O(1), `evict` O(64). The same seed and the same calls give the same victims.
#[derive(Debug)]
pub struct Hyperbolic {
    entries: Pool<Uses>,
    /// The newest entry, while room is made for it: it takes no part in the draw.
    newcomer: Option<(Slot, Uses)>,
    /// Requests so far.
    now: u64,
    by_weight: bool,
    rng: SplitMix64,
}

#[derive(Clone, Copy, Debug)]
struct Uses {
    count: u64,
    since: u64,
    weight: u32,
}

impl Hyperbolic {
    /// Hyperbolic with a fixed seed. It decides the same at every capacity.
    pub fn new(capacity: u64) -> Self {
        Self::seeded(capacity, 0)
    }

    /// Hyperbolic with a seed of your own.
    pub fn seeded(_capacity: u64, seed: u64) -> Self {
        let rng = SplitMix64::new(seed);
        Self { entries: Pool::new(), newcomer: None, now: 0, by_weight: false, rng }
    }

    /// Divides an entry's priority by its weight, so that one heavy entry has to be used as often as the many light
    /// ones that would fit in its place.
    #[must_use]
    pub fn by_weight(mut self) -> Self {
        self.by_weight = true;
        self
    }

    fn settle(&mut self) {
        if let Some((slot, uses)) = self.newcomer.take() {
            self.entries.insert(slot, uses);
        }
    }

    fn priority(&self, uses: &Uses) -> f64 {
        let age = (self.now - uses.since).max(1);
        let size = if self.by_weight { f64::from(uses.weight.max(1)) } else { 1.0 };
        uses.count as f64 / (age as f64 * size)
    }

    fn sample(&mut self) -> Option<Slot> {
        let mut least: Option<(Slot, f64)> = None;
        for _ in 0..SAMPLES {
            let (slot, uses) = self.entries.draw(&mut self.rng)?;
            let priority = self.priority(uses);
            if least.is_none_or(|(_, least)| priority < least) {
                least = Some((slot, priority));
            }
        }
        least.map(|(slot, _)| slot)
    }
}

impl EvictionPolicy for Hyperbolic {
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    fn on_insert(&mut self, slot: Slot, _hash: u64, weight: u32) {
        self.on_remove(slot);
        self.settle();
        self.now += 1;
        self.newcomer = Some((slot, Uses { count: 1, since: self.now, weight }));
    }

    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.on_hit(slot);
        if let Some(uses) = self.entries.get_mut(slot) {
            uses.weight = weight;
        }
    }

    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        self.now += 1;
        if let Some(uses) = self.entries.get_mut(slot) {
            uses.count += 1;
        }
    }

    fn on_remove(&mut self, slot: Slot) {
        self.newcomer = self.newcomer.filter(|&(newcomer, _)| newcomer != slot);
        self.entries.remove(slot);
    }

    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let victim = self.sample().or(self.newcomer.map(|(newcomer, _)| newcomer))?;
        self.on_remove(victim);
        Some(victim)
    }

    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
