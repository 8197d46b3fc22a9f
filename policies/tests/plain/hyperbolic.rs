//! Hyperbolic caching from its paper, and as libCacheSim draws for it.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::rng::{SplitMix64, scramble};

#[derive(Clone, Copy)]
struct Object {
    slot: Slot,
    hash: u64,
    uses: u64,
    since: u64,
    size: u32,
}

/// The objects are in order of arrival; those that may be drawn stand where others made room, as the draws count on.
pub(crate) struct Hyperbolic {
    objects: Vec<Object>,
    drawable: Vec<Slot>,
    newest: Option<Object>,
    buckets: Option<u64>,
    by_size: bool,
    now: u64,
    rng: SplitMix64,
}

impl Hyperbolic {
    pub(crate) fn new(by_size: bool, from_all: bool) -> Self {
        let buckets = (!from_all).then_some(1);
        let (objects, drawable, rng) = (Vec::new(), Vec::new(), SplitMix64::new(0));
        Self { objects, drawable, newest: None, buckets, by_size, now: 0, rng }
    }

    fn get(&self, slot: Slot) -> Option<Object> {
        self.objects.iter().find(|o| o.slot == slot).copied()
    }

    /// The newest in the bucket of `hash`.
    fn head(&self, hash: u64) -> Option<Slot> {
        let bucket = |hash| scramble(hash) % self.buckets.unwrap_or(1);
        self.objects.iter().rfind(|o| bucket(o.hash) == bucket(hash)).map(|o| o.slot)
    }

    fn settle(&mut self) {
        let Some(object) = self.newest.take() else { return };
        let hidden = self.head(object.hash);
        self.objects.push(object);
        self.drawable.push(object.slot);
        let Some(buckets) = self.buckets else { return };
        self.drawable.iter().position(|&slot| Some(slot) == hidden).map(|at| self.drawable.swap_remove(at));
        let entries = self.objects.len() as u64;
        let wanted = (entries * 64).min(4_096).max(entries).next_power_of_two();
        if wanted > buckets {
            self.buckets = Some(wanted);
            let mut heads: Vec<Object> = self.objects.clone();
            heads.retain(|o| self.head(o.hash) == Some(o.slot));
            heads.sort_by_key(|o| scramble(o.hash) % wanted);
            self.drawable = heads.iter().map(|o| o.slot).collect();
        }
    }
}

impl EvictionPolicy for Hyperbolic {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, size: u32) {
        self.settle();
        self.now += 1;
        self.newest = Some(Object { slot, hash, uses: 1, since: self.now, size });
    }
    fn on_update(&mut self, slot: Slot, size: u32) {
        self.on_hit(slot);
        self.objects.iter_mut().filter(|o| o.slot == slot).for_each(|o| o.size = size);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        self.now += 1;
        self.objects.iter_mut().filter(|o| o.slot == slot).for_each(|o| o.uses += 1);
    }
    fn on_remove(&mut self, slot: Slot) {
        self.newest = self.newest.filter(|o| o.slot != slot);
        let Some(object) = self.get(slot) else { return };
        self.objects.retain(|o| o.slot != slot);
        if let Some(at) = self.drawable.iter().position(|&other| other == slot) {
            self.drawable.swap_remove(at);
            self.drawable.extend(self.buckets.and_then(|_| self.head(object.hash)));
        }
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        if self.drawable.is_empty() {
            return self.newest.take().map(|o| o.slot);
        }
        let mut sample = Vec::new();
        for _ in 0..64 {
            let place = self.rng.below(self.drawable.len());
            sample.extend(self.get(self.drawable[place]));
        }
        let priority = |o: &Object| {
            let size = if self.by_size { f64::from(o.size.max(1)) } else { 1.0 };
            o.uses as f64 / ((self.now - o.since).max(1) as f64 * size)
        };
        let least = sample.iter().min_by(|a, b| priority(a).total_cmp(&priority(b)))?.slot;
        self.on_remove(least);
        Some(least)
    }
    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
