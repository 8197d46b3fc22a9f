//! `LeCaR` from its paper, with libCacheSim's constants.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use super::History;
use crate::rng::SplitMix64;

#[derive(Clone, Copy)]
struct Object {
    slot: Slot,
    hash: u64,
    weight: u64,
    frequency: u64,
    last: u64,
}

pub(crate) struct LeCaR {
    objects: Vec<Object>,
    histories: [History<u64>; 2],
    /// The weight of LRU; that of LFU is the rest of 1.
    w_lru: f64,
    newest: Option<Slot>,
    capacity: u64,
    slots: usize,
    now: u64,
    rng: SplitMix64,
}

impl LeCaR {
    pub(crate) fn new(capacity: u64) -> Self {
        Self {
            objects: Vec::new(),
            histories: [History::new(), History::new()],
            w_lru: 0.5,
            newest: None,
            capacity,
            slots: 0,
            now: 0,
            rng: SplitMix64::new(0),
        }
    }

    fn limit(&self) -> (u64, usize) {
        (self.capacity / 2, self.slots * 2)
    }

    fn learn(&mut self, hash: u64) {
        for expert in 0..2 {
            if let Some(evicted) = self.histories[expert].recall(hash) {
                let discount = 0.005_f64.powf((self.now - evicted) as f64 / self.capacity.max(1) as f64);
                let weight = if expert == 0 { self.w_lru } else { 1.0 - self.w_lru };
                let less = weight * (-0.45 * discount).exp();
                let share = (less / (less + 1.0 - weight)).clamp(1e-10, 1.0 - 1e-10);
                self.w_lru = if expert == 0 { share } else { 1.0 - share };
                return;
            }
        }
    }
}

impl EvictionPolicy for LeCaR {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.now += 1;
        self.slots = self.slots.max(slot.index() + 1);
        self.learn(hash);
        self.objects.push(Object { slot, hash, weight: u64::from(weight), frequency: 1, last: self.now });
        self.newest = Some(slot);
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.objects.iter_mut().filter(|o| o.slot == slot).for_each(|o| o.weight = u64::from(weight));
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.now += 1;
        self.newest = None;
        for object in self.objects.iter_mut().filter(|o| o.slot == slot) {
            object.frequency += 1;
            object.last = self.now;
        }
    }
    fn on_remove(&mut self, slot: Slot) {
        self.objects.retain(|o| o.slot != slot);
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let newest = |o: &Object| self.newest == Some(o.slot);
        let lru = *self.objects.iter().min_by_key(|o| o.last)?;
        let lfu = *self.objects.iter().min_by_key(|o| (newest(o), o.frequency, o.last))?;
        let mut victim = lru;
        if lru.slot != lfu.slot {
            let expert = usize::from(self.rng.below(100) as f64 >= self.w_lru * 100.0);
            victim = [lru, lfu][expert];
            let limit = self.limit();
            self.histories[expert].remember(victim.hash, victim.weight, self.now, limit);
        }
        self.on_remove(victim.slot);
        Some(victim.slot)
    }
    fn on_resize(&mut self, capacity: u64) {
        self.newest = None;
        self.capacity = capacity;
        let limit = self.limit();
        self.histories.iter_mut().for_each(|history| history.trim(limit));
    }
}
