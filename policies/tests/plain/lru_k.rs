//! LRU-2 from its paper: every object has HIST and LAST, and the victim is sought among all.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use super::History;

#[derive(Clone, Copy)]
struct Object {
    slot: Slot,
    hash: u64,
    weight: u64,
    hist: [u64; 2],
    last: u64,
}

pub(crate) struct LruK {
    objects: Vec<Object>,
    history: History<u64>,
    newest: Option<Slot>,
    capacity: u64,
    period: u64,
    slots: usize,
    now: u64,
}

impl LruK {
    pub(crate) fn new(capacity: u64, period: u64) -> Self {
        let (objects, history) = (Vec::new(), History::new());
        Self { objects, history, newest: None, capacity, period, slots: 0, now: 0 }
    }

    fn is_correlated(&self, object: &Object) -> bool {
        self.period > 0 && self.now - object.last <= self.period
    }
}

impl EvictionPolicy for LruK {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.now += 1;
        self.slots = self.slots.max(slot.index() + 1);
        let before = self.history.recall(hash).unwrap_or(0);
        let hist = [self.now, before];
        self.objects.push(Object { slot, hash, weight: u64::from(weight), hist, last: self.now });
        self.newest = Some(slot);
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.objects.iter_mut().filter(|o| o.slot == slot).for_each(|o| o.weight = u64::from(weight));
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.newest = None;
        self.now += 1;
        let Some(place) = self.objects.iter().position(|o| o.slot == slot) else { return };
        let mut object = self.objects[place];
        if !self.is_correlated(&object) {
            let correlation = object.last - object.hist[0];
            object.hist = [self.now, object.hist[0] + correlation];
        }
        object.last = self.now;
        self.objects[place] = object;
    }
    fn on_remove(&mut self, slot: Slot) {
        self.objects.retain(|o| o.slot != slot);
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let order = |o: &&Object| {
            let correlated = self.is_correlated(o);
            let distance = if correlated { 0 } else { o.hist[1] };
            (self.newest == Some(o.slot), correlated, distance, o.last)
        };
        let Object { slot, hash, weight, hist, .. } = *self.objects.iter().min_by_key(order)?;
        self.on_remove(slot);
        self.history.remember(hash, weight, hist[0], (self.capacity, self.slots * 4));
        Some(slot)
    }
    fn on_resize(&mut self, capacity: u64) {
        self.newest = None;
        self.capacity = capacity;
        self.history.trim((capacity, self.slots * 4));
    }
}
