//! S3-FIFO from its paper, with the choices of its authors' simulator.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

#[derive(Clone, Copy, PartialEq)]
struct Object {
    slot: Slot,
    hash: u64,
    weight: u64,
}

/// All queues run from their oldest, which is first.
pub(crate) struct S3Fifo {
    small: Vec<Object>,
    main: Vec<Object>,
    ghosts: Vec<(u64, u64)>,
    newest: Option<(Object, bool)>,
    capacity: u64,
    slots: usize,
}

impl S3Fifo {
    pub(crate) fn new(capacity: u64) -> Self {
        Self { small: Vec::new(), main: Vec::new(), ghosts: Vec::new(), newest: None, capacity, slots: 0 }
    }

    fn ghost(&mut self, object: Object) {
        let limit = (u128::from(self.capacity) * 9 / 10) as u64;
        if object.weight <= limit {
            self.ghosts.retain(|ghost| ghost.0 != object.hash);
            self.ghosts.push((object.hash, object.weight));
            self.trim();
        }
    }

    fn trim(&mut self) {
        let limit = (u128::from(self.capacity) * 9 / 10) as u64;
        while self.ghosts.iter().map(|ghost| ghost.1).sum::<u64>() > limit
            || self.ghosts.len() > self.slots * 4
        {
            self.ghosts.remove(0);
        }
    }

    fn evict_small(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        while !self.small.is_empty() {
            let object = self.small.remove(0);
            if marks.get(object.slot) <= 1 {
                self.ghost(object);
                return Some(object.slot);
            }
            marks.set(object.slot, 0);
            self.main.push(object);
        }
        None
    }

    fn evict_main(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        while !self.main.is_empty() {
            let object = self.main.remove(0);
            if marks.get(object.slot) == 0 {
                return Some(object.slot);
            }
            marks.set(object.slot, marks.get(object.slot).min(3) - 1);
            self.main.push(object);
        }
        None
    }

    fn settle(&mut self) {
        match self.newest.take() {
            Some((object, true)) => self.main.push(object),
            Some((object, false)) => self.small.push(object),
            None => {}
        }
    }
}

impl EvictionPolicy for S3Fifo {
    fn hits(&self) -> Hits {
        Hits::Marked { max: 3 }
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.settle();
        let known = self.ghosts.iter().any(|ghost| ghost.0 == hash);
        self.ghosts.retain(|ghost| ghost.0 != hash);
        self.newest = Some((Object { slot, hash, weight: u64::from(weight) }, known));
        self.slots = self.slots.max(slot.index() + 1);
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        for object in self.small.iter_mut().chain(&mut self.main).filter(|object| object.slot == slot) {
            object.weight = u64::from(weight);
        }
    }
    fn on_remove(&mut self, slot: Slot) {
        self.small.retain(|object| object.slot != slot);
        self.main.retain(|object| object.slot != slot);
        self.newest = self.newest.filter(|(object, _)| object.slot != slot);
    }
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        let main: u64 = self.main.iter().map(|object| object.weight).sum();
        let from_main =
            main > self.capacity.saturating_sub((self.capacity / 10).max(1)) || self.small.is_empty();
        let victim = if from_main { self.evict_main(marks) } else { self.evict_small(marks) };
        victim
            .or_else(|| self.evict_main(marks))
            .or_else(|| self.evict_small(marks))
            .or_else(|| self.newest.take().map(|(object, _)| object.slot))
    }
    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
        self.trim();
    }
}
