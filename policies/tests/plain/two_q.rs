//! 2Q from its paper, whose names these are.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use super::object::{Ghosts, Object, reweigh, take, take_first, weigh};

/// The queues run from their oldest, which is first.
pub(crate) struct TwoQ {
    a1in: Vec<Object>,
    a1out: Ghosts,
    am: Vec<Object>,
    leaving: Vec<Object>,
    newest: Option<Object>,
    known: bool,
    capacity: u64,
    strict: bool,
}

impl TwoQ {
    pub(crate) fn new(capacity: u64, strict: bool) -> Self {
        let (a1in, am, leaving) = Default::default();
        Self { a1in, a1out: Ghosts::default(), am, leaving, newest: None, known: false, capacity, strict }
    }

    pub(crate) fn overflows(&self, used: u64) -> bool {
        used > self.capacity || !self.leaving.is_empty() || self.am_is_full()
    }

    fn kin(&self) -> u64 {
        (self.capacity / 4).max(1)
    }

    /// Whether Am, within its share, has no room for the newest.
    fn am_is_full(&self) -> bool {
        let am = self.capacity.saturating_sub(self.kin());
        let full = self.newest.is_some_and(|newest| weigh(&self.am) + newest.weight > am);
        self.strict && self.known && full && !self.am.is_empty()
    }

    fn settle(&mut self) {
        if self.known { &mut self.am } else { &mut self.a1in }.extend(self.newest.take());
    }

    fn reclaim(&mut self) -> Option<Object> {
        if !self.leaving.is_empty() {
            return take_first(&mut self.leaving);
        }
        let from_am = weigh(&self.a1in) <= self.kin();
        if from_am && !self.am.is_empty() {
            return take_first(&mut self.am);
        }
        if let Some(object) = take_first(&mut self.a1in) {
            self.a1out.remember(object, self.capacity / 2);
            return Some(object);
        }
        self.newest.take()
    }
}

impl EvictionPolicy for TwoQ {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        let object = Object::new(slot, hash, weight);
        self.known = self.a1out.forget(object);
        if self.strict && object.weight > self.kin() {
            self.leaving.push(object);
        } else {
            self.newest = Some(object);
        }
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        reweigh([&mut self.a1in, &mut self.am, &mut self.leaving], slot, weight);
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        let refused = take(&mut self.leaving, slot);
        self.a1in.extend(refused);
        let used = take(&mut self.am, slot);
        self.am.extend(used);
    }
    fn on_remove(&mut self, slot: Slot) {
        for queue in [&mut self.a1in, &mut self.am, &mut self.leaving] {
            take(queue, slot);
        }
        self.newest = self.newest.filter(|newest| newest.slot != slot);
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        self.reclaim().map(|object| object.slot)
    }
    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
        self.a1out.trim(capacity / 2);
    }
}
