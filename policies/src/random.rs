//! Random replacement.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::rng::SplitMix64;

/// Random (L. A. Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal,
/// 1966): any entry but the newest leaves, all with equal chance. What every other policy has to beat.
///
/// Every call costs O(1). The same seed and the same calls give the same victims.
#[derive(Debug)]
pub struct Random {
    /// The entries in no order, newest and oldest mixed.
    slots: Vec<Slot>,
    /// Where each slot stands in `slots`.
    places: Vec<Option<u32>>,
    /// The newest entry, while room is made for it.
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
        Self { slots: Vec::new(), places: Vec::new(), newcomer: None, rng: SplitMix64::new(seed) }
    }

    fn place(&self, slot: Slot) -> Option<usize> {
        self.places.get(slot.index()).copied().flatten().map(|place| place as usize)
    }

    fn take(&mut self, place: usize) -> Slot {
        let slot = self.slots.swap_remove(place);
        self.places[slot.index()] = None;
        if let Some(moved) = self.slots.get(place) {
            self.places[moved.index()] = Some(place as u32);
        }
        slot
    }
}

impl EvictionPolicy for Random {
    fn hits(&self) -> Hits {
        Hits::Ignored
    }

    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.on_remove(slot);
        self.places.resize(self.places.len().max(slot.index() + 1), None);
        self.places[slot.index()] = Some(self.slots.len() as u32);
        self.slots.push(slot);
        self.newcomer = Some(slot);
    }

    fn on_update(&mut self, _slot: Slot, _weight: u32) {
        self.newcomer = None;
    }

    fn on_remove(&mut self, slot: Slot) {
        if let Some(place) = self.place(slot) {
            self.take(place);
        }
    }

    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let newest = self.newcomer.and_then(|slot| self.place(slot));
        let others = self.slots.len() - usize::from(newest.is_some());
        let mut place = self.rng.below(others);
        if newest.is_some_and(|newest| others > 0 && place >= newest) {
            place += 1;
        }
        (place < self.slots.len()).then(|| self.take(place))
    }

    fn on_resize(&mut self, _capacity: u64) {
        self.newcomer = None;
    }
}
