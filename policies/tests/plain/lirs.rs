//! LIRS from its paper, with libCacheSim's deviations where it is strict.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use super::object::{Object, take, take_first, weigh};

/// Everything runs from its oldest, which is first: the stack from its bottom.
pub(crate) struct Lirs {
    /// Of a ghost, the slot is what it once had.
    stack: Vec<(Object, Status)>,
    /// The resident HIR objects.
    queue: Vec<Object>,
    /// The hashes of the ghosts, in the order they left.
    left: Vec<u64>,
    leaving: Vec<Object>,
    newest: Option<Slot>,
    slots: usize,
    capacity: u64,
    strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Status {
    Lir,
    Hir,
    /// On the stack and in the cache, but not in the queue: nobody counts it.
    Stray,
    Ghost,
}

impl Lirs {
    pub(crate) fn new(capacity: u64, strict: bool) -> Self {
        let (stack, queue, left, leaving) = Default::default();
        Self { stack, queue, left, leaving, newest: None, slots: 0, capacity, strict }
    }

    pub(crate) fn overflows(&self, used: u64) -> bool {
        used.saturating_sub(self.weigh(Status::Stray)) > self.capacity || !self.leaving.is_empty()
    }

    fn hirs(&self) -> u64 {
        (self.capacity / 100).max(1)
    }

    fn lirs(&self) -> u64 {
        self.capacity.saturating_sub(self.hirs())
    }

    fn weigh(&self, status: Status) -> u64 {
        self.stack.iter().filter(|entry| entry.1 == status).map(|entry| entry.0.weight).sum()
    }

    fn on_stack(&self, slot: Slot) -> Option<usize> {
        self.stack.iter().position(|entry| entry.0.slot == slot && entry.1 != Status::Ghost)
    }

    fn prune(&mut self) {
        while let Some(&(object, status)) = self.stack.first().filter(|entry| entry.1 != Status::Lir) {
            self.stack.remove(0);
            match status {
                Status::Ghost => self.left.retain(|&hash| hash != object.hash),
                Status::Stray => self.leaving.push(object),
                _ => {}
            }
        }
    }

    fn limit(&mut self) {
        let weight = |stack: &[(Object, Status)]| stack.iter().map(|entry| entry.0.weight).sum::<u64>();
        while !self.left.is_empty()
            && (weight(&self.stack) > self.capacity.saturating_mul(2) || self.left.len() > self.slots * 4)
        {
            let hash = self.left.remove(0);
            self.stack.retain(|entry| entry.1 != Status::Ghost || entry.0.hash != hash);
        }
    }

    /// An object that left the queue is a ghost from now on, if it is on the stack.
    fn haunt(&mut self, object: Object) {
        if let Some(place) = self.on_stack(object.slot) {
            self.left.retain(|&hash| hash != object.hash);
            self.left.push(object.hash);
            self.stack[place].1 = Status::Ghost;
            let this = self.stack[place];
            let older = |entry: &(Object, Status)| entry.1 == Status::Ghost && entry.0.hash == object.hash;
            self.stack.retain(|entry| !older(entry) || *entry == this);
        }
    }

    fn evict_hir(&mut self, incoming: u64) {
        while self.strict && weigh(&self.queue) + incoming > self.hirs() && !self.queue.is_empty() {
            let object = self.queue.remove(0);
            self.leaving.push(object);
            self.haunt(object);
        }
    }

    /// Moves LIR objects from the bottom of the stack to the queue until another of the weight fits.
    fn evict_lir(&mut self, incoming: u64) {
        while self.weigh(Status::Lir) + incoming > self.lirs() {
            self.prune();
            if self.stack.is_empty() {
                return;
            }
            let (object, _) = self.stack.remove(0);
            self.evict_hir(object.weight);
            self.queue.push(object);
        }
    }

    fn access_known(&mut self, object: Object) {
        if object.weight > self.lirs() {
            self.stack.push((object, Status::Hir));
            self.queue.push(object);
        } else {
            self.stack.push((object, Status::Lir));
            self.evict_lir(0);
        }
    }

    fn admit(&mut self, object: Object) {
        let ghost = |entry: &(Object, Status)| entry.1 == Status::Ghost && entry.0.hash == object.hash;
        if self.stack.iter().any(ghost) {
            self.stack.retain(|entry| !ghost(entry));
            self.left.retain(|&hash| hash != object.hash);
            self.access_known(object);
        } else if self.strict && object.weight > self.hirs() {
            self.leaving.push(object);
        } else if self.weigh(Status::Lir) + object.weight <= self.lirs() {
            self.stack.push((object, Status::Lir));
        } else {
            self.evict_hir(object.weight);
            self.stack.push((object, Status::Hir));
            self.queue.push(object);
        }
        self.prune();
        self.limit();
    }

    fn reuse(&mut self, slot: Slot) {
        if let Some(place) = self.on_stack(slot) {
            let (object, status) = self.stack.remove(place);
            take(&mut self.queue, slot);
            if status == Status::Lir {
                self.stack.push((object, status));
            } else {
                self.access_known(object);
            }
        } else if let Some(object) = take(&mut self.queue, slot) {
            self.queue.push(object);
            if self.strict {
                self.evict_lir(object.weight);
            }
            let gone = take(&mut self.leaving, slot).is_some();
            self.stack.push((object, if gone { Status::Stray } else { Status::Hir }));
        }
        self.prune();
        self.limit();
    }

    fn choose(&mut self) -> Option<Object> {
        if !self.leaving.is_empty() {
            return take_first(&mut self.leaving);
        }
        let newest = self.newest;
        let old = |object: &Object| Some(object.slot) != newest;
        let stray = self.stack.iter().filter(|entry| entry.1 == Status::Stray).map(|entry| entry.0);
        let hir = self.queue.first().copied().filter(old);
        let lir = self.stack.first().map(|entry| entry.0).filter(old);
        let any = self.queue.first().or_else(|| self.stack.first().map(|entry| &entry.0)).copied();
        stray.into_iter().next().or(hir).or(lir).or(any)
    }
}

impl EvictionPolicy for Lirs {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.slots = self.slots.max(slot.index() + 1);
        self.admit(Object::new(slot, hash, weight));
        self.newest = Some(slot);
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        let resident =
            self.stack.iter_mut().filter(|entry| entry.1 != Status::Ghost).map(|entry| &mut entry.0);
        for object in resident.chain(&mut self.queue).chain(&mut self.leaving) {
            if object.slot == slot {
                object.weight = u64::from(weight);
            }
        }
        self.on_hit(slot);
        self.evict_lir(0);
        self.prune();
        self.limit();
    }
    fn on_hit(&mut self, slot: Slot) {
        self.newest = None;
        match take(&mut self.leaving, slot) {
            Some(object) => self.admit(object),
            None => self.reuse(slot),
        }
    }
    fn on_remove(&mut self, slot: Slot) {
        take(&mut self.leaving, slot);
        take(&mut self.queue, slot);
        if let Some(place) = self.on_stack(slot) {
            self.stack.remove(place);
        }
        self.prune();
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let object = self.choose()?;
        if take(&mut self.queue, object.slot).is_some() {
            self.haunt(object);
        } else {
            self.on_remove(object.slot);
        }
        Some(object.slot)
    }
    fn on_resize(&mut self, capacity: u64) {
        self.newest = None;
        self.capacity = capacity;
        self.evict_lir(0);
        self.prune();
        self.limit();
    }
}
