//! Hyperbolic caching: uses per time in the cache.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::buckets::Buckets;
use crate::pool::Pool;
use crate::rng::SplitMix64;

/// Candidates that are compared for each victim.
const SAMPLES: usize = 64;

/// Hyperbolic (A. Blankstein, S. Sen, M. J. Freedman, "Hyperbolic caching: flexible caching for web applications",
/// USENIX ATC, 2017): the entry used least often for its time in the cache leaves, of 64 drawn at random.
///
/// Its priority is its number of uses divided by the requests since it came, so what is new has a chance to show
/// itself, and what was popular once decays. The paper divides by the entry's size too where sizes matter:
/// [`by_weight`](Self::by_weight). Nothing of a sample is kept for the next one, and an entry may be drawn twice.
///
/// As in libCacheSim, the draw is among the newest entry of each bucket of a hash table, 4096 buckets or as many as
/// there are entries: older ones in a bucket are spared until the newer has left. The paper draws among all:
/// [`drawing_from_all`](Self::drawing_from_all), which misses less on most traces.
///
/// A hit costs O(1), `evict` O(64), an insertion O(1) amortised. It takes 56 to 88 bytes an entry. The
/// same seed and the same calls give the same victims.
#[derive(Debug)]
pub struct Hyperbolic {
    /// Beside each slot.
    uses: Vec<Uses>,
    /// Those that may be drawn.
    drawable: Pool<()>,
    /// All entries, or nothing if all may be drawn.
    buckets: Option<Buckets>,
    /// The newest entry, while room is made for it: it takes no part in the draw.
    newcomer: Option<Slot>,
    /// Requests so far.
    now: u64,
    by_weight: bool,
    rng: SplitMix64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Uses {
    count: u64,
    since: u64,
    hash: u64,
    weight: u32,
}

impl Hyperbolic {
    /// Hyperbolic with a fixed seed. It decides the same at every capacity.
    pub fn new(capacity: u64) -> Self {
        Self::seeded(capacity, 0)
    }

    /// Hyperbolic with a seed of your own.
    pub fn seeded(_capacity: u64, seed: u64) -> Self {
        Self {
            uses: Vec::new(),
            drawable: Pool::new(),
            buckets: Some(Buckets::new()),
            newcomer: None,
            now: 0,
            by_weight: false,
            rng: SplitMix64::new(seed),
        }
    }

    /// Divides an entry's priority by its weight, so that one heavy entry has to be used as often as the many light
    /// ones that would fit in its place.
    #[must_use]
    pub fn by_weight(mut self) -> Self {
        self.by_weight = true;
        self
    }

    /// Draws among all entries, as the paper does.
    #[must_use]
    pub fn drawing_from_all(mut self) -> Self {
        self.buckets = None;
        self
    }

    fn settle(&mut self) {
        let Some(newcomer) = self.newcomer.take() else { return };
        self.drawable.insert(newcomer, ());
        let Some(buckets) = &mut self.buckets else { return };
        if let Some(hidden) = buckets.insert(newcomer, self.uses[newcomer.index()].hash) {
            self.drawable.remove(hidden);
        }
        if buckets.grow() {
            self.drawable = Pool::new();
            buckets.heads().for_each(|head| self.drawable.insert(head, ()));
        }
    }

    fn contains(&self, slot: Slot) -> bool {
        self.drawable.get(slot).is_some()
            || self.buckets.as_ref().is_some_and(|buckets| buckets.contains(slot))
    }

    fn priority(&self, slot: Slot) -> f64 {
        let Uses { count, since, weight, .. } = self.uses[slot.index()];
        let age = (self.now - since).max(1);
        let size = if self.by_weight { f64::from(weight.max(1)) } else { 1.0 };
        count as f64 / (age as f64 * size)
    }

    fn sample(&mut self) -> Option<Slot> {
        let mut least: Option<(Slot, f64)> = None;
        for _ in 0..SAMPLES {
            let (slot, ()) = self.drawable.draw(&mut self.rng)?;
            let priority = self.priority(slot);
            if least.is_none_or(|(_, least)| priority < least) {
                least = Some((slot, priority));
            }
        }
        least.map(|(slot, _)| slot)
    }
}

impl EvictionPolicy for Hyperbolic {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.on_remove(slot);
        self.settle();
        self.now += 1;
        self.uses.resize(self.uses.len().max(slot.index() + 1), Uses::default());
        self.uses[slot.index()] = Uses { count: 1, since: self.now, hash, weight };
        self.newcomer = Some(slot);
    }

    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.on_hit(slot);
        if self.contains(slot) {
            self.uses[slot.index()].weight = weight;
        }
    }

    #[inline]
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        self.now += 1;
        if let Some(uses) = self.uses.get_mut(slot.index()) {
            uses.count += 1;
        }
    }

    fn on_remove(&mut self, slot: Slot) {
        self.newcomer = self.newcomer.filter(|&newcomer| newcomer != slot);
        self.drawable.remove(slot);
        if let Some(shown) = self.buckets.as_mut().and_then(|buckets| buckets.remove(slot)) {
            self.drawable.insert(shown, ());
        }
    }

    #[inline]
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let victim = self.sample().or(self.newcomer)?;
        self.on_remove(victim);
        Some(victim)
    }

    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
