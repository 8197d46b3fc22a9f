//! Random replacement.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::pool::Pool;
use crate::rng::SplitMix64;

/// Random (L. A. Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal,
/// 1966): any entry but the newest leaves, all with equal chance. What every other policy has to beat.
///
/// Every call costs O(1). The same seed and the same calls give the same victims. It takes 8 bytes an entry.
#[derive(Debug)]
pub struct Random {
    entries: Pool<()>,
    /// The newest entry, while room is made for it: it takes no part in the draw.
    newcomer: Option<Slot>,
    rng: SplitMix64,
}

impl Random {
    /// Random replacement with a fixed seed. It decides the same at every capacity.
    pub fn new(capacity: u64) -> Self {
        Self::seeded(capacity, 0)
    }

    /// Random replacement with a seed of your own.
    pub fn seeded(_capacity: u64, seed: u64) -> Self {
        Self { entries: Pool::new(), newcomer: None, rng: SplitMix64::new(seed) }
    }

    fn settle(&mut self) {
        if let Some(newcomer) = self.newcomer.take() {
            self.entries.insert(newcomer, ());
        }
    }
}

impl EvictionPolicy for Random {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Ignored
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.on_remove(slot);
        self.settle();
        self.newcomer = Some(slot);
    }

    fn on_update(&mut self, _slot: Slot, _weight: u32) {
        self.settle();
    }

    fn on_remove(&mut self, slot: Slot) {
        self.newcomer = self.newcomer.filter(|&newcomer| newcomer != slot);
        self.entries.remove(slot);
    }

    #[inline]
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let Some((victim, ())) = self.entries.draw(&mut self.rng) else { return self.newcomer.take() };
        self.entries.remove(victim);
        Some(victim)
    }

    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
