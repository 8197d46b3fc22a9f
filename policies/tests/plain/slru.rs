//! Segmented LRU with four segments, and libCacheSim's way of cooling them.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use super::object::{Object, reweigh, take, take_first, weigh};

/// The segments are numbered from the lowest, and run from their oldest, which is first.
pub(crate) struct Slru {
    segments: [Vec<Object>; 4],
    leaving: Vec<Object>,
    newest: Option<Object>,
    capacity: u64,
    strict: bool,
}

impl Slru {
    pub(crate) fn new(capacity: u64, strict: bool) -> Self {
        Self { segments: Default::default(), leaving: Vec::new(), newest: None, capacity, strict }
    }

    pub(crate) fn overflows(&self, used: u64) -> bool {
        used > self.capacity || !self.leaving.is_empty()
    }

    fn share(&self) -> u64 {
        (self.capacity / 4).max(1)
    }

    fn admit(&mut self, object: Object) {
        let room = |segment: &&mut Vec<Object>| weigh(segment) + object.weight <= (self.capacity / 4).max(1);
        match self.segments.iter_mut().find(room) {
            Some(segment) => segment.push(object),
            None => self.segments[0].push(object),
        }
    }

    /// One object at a time goes down, and all below make room for it before the next does.
    fn cool(&mut self, segment: usize) {
        while weigh(&self.segments[segment]) > self.share() {
            let Some(below) = segment.checked_sub(1) else {
                if !self.strict {
                    return;
                }
                self.leaving.extend(take_first(&mut self.segments[0]));
                continue;
            };
            let cooled = self.segments[segment].remove(0);
            self.segments[below].push(cooled);
            self.cool(below);
        }
    }

    fn settle(&mut self) {
        if let Some(newest) = self.newest.take() {
            self.admit(newest);
        }
    }
}

impl EvictionPolicy for Slru {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        let object = Object::new(slot, hash, weight);
        if self.strict && object.weight > self.share() {
            self.leaving.push(object);
        } else {
            self.newest = Some(object);
        }
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        reweigh(self.segments.iter_mut().chain([&mut self.leaving]), slot, weight);
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        if let Some(object) = take(&mut self.leaving, slot) {
            return self.admit(object);
        }
        for segment in 0..4 {
            if let Some(object) = take(&mut self.segments[segment], slot) {
                self.segments[3.min(segment + 1)].push(object);
                if segment < 3 {
                    self.cool(segment + 1);
                }
                return;
            }
        }
    }
    fn on_remove(&mut self, slot: Slot) {
        for queue in self.segments.iter_mut().chain([&mut self.leaving]) {
            take(queue, slot);
        }
        self.newest = self.newest.filter(|newest| newest.slot != slot);
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let mut order = [&mut self.leaving].into_iter().chain(&mut self.segments);
        order.find_map(take_first).or_else(|| self.newest.take()).map(|object| object.slot)
    }
    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
        (1..4).rev().for_each(|segment| self.cool(segment));
    }
}
