//! Hyperbolic caching from its paper.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::rng::SplitMix64;

#[derive(Clone, Copy)]
struct Object {
    slot: Slot,
    uses: u64,
    since: u64,
    size: u32,
}

/// The objects stand where those that left made room, as the draws count on.
pub(crate) struct Hyperbolic {
    objects: Vec<Object>,
    newest: Option<Object>,
    by_size: bool,
    now: u64,
    rng: SplitMix64,
}

impl Hyperbolic {
    pub(crate) fn new(by_size: bool) -> Self {
        Self { objects: Vec::new(), newest: None, by_size, now: 0, rng: SplitMix64::new(0) }
    }

    fn place(&self, slot: Slot) -> Option<usize> {
        self.objects.iter().position(|o| o.slot == slot)
    }
}

impl EvictionPolicy for Hyperbolic {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, _hash: u64, size: u32) {
        self.on_resize(0);
        self.now += 1;
        self.newest = Some(Object { slot, uses: 1, since: self.now, size });
    }
    fn on_update(&mut self, slot: Slot, size: u32) {
        self.on_hit(slot);
        self.objects.iter_mut().filter(|o| o.slot == slot).for_each(|o| o.size = size);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.on_resize(0);
        self.now += 1;
        self.objects.iter_mut().filter(|o| o.slot == slot).for_each(|o| o.uses += 1);
    }
    fn on_remove(&mut self, slot: Slot) {
        self.newest = self.newest.filter(|o| o.slot != slot);
        self.place(slot).map(|place| self.objects.swap_remove(place));
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        if self.objects.is_empty() {
            return self.newest.take().map(|o| o.slot);
        }
        let sample: Vec<Object> = (0..64).map(|_| self.objects[self.rng.below(self.objects.len())]).collect();
        let priority = |o: &Object| {
            let size = if self.by_size { f64::from(o.size.max(1)) } else { 1.0 };
            o.uses as f64 / ((self.now - o.since).max(1) as f64 * size)
        };
        let least = sample.iter().min_by(|a, b| priority(a).total_cmp(&priority(b)))?;
        self.on_remove(least.slot);
        Some(least.slot)
    }
    fn on_resize(&mut self, _capacity: u64) {
        self.objects.extend(self.newest.take());
    }
}
