//! What the plain policies of queues and ghosts are made of.

use larder_core::Slot;

#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Object {
    pub(crate) slot: Slot,
    pub(crate) hash: u64,
    pub(crate) weight: u64,
}

impl Object {
    pub(crate) fn new(slot: Slot, hash: u64, weight: u32) -> Self {
        Self { slot, hash, weight: u64::from(weight) }
    }
}

pub(crate) fn weigh(queue: &[Object]) -> u64 {
    queue.iter().map(|object| object.weight).sum()
}

pub(crate) fn take(queue: &mut Vec<Object>, slot: Slot) -> Option<Object> {
    let place = queue.iter().position(|object| object.slot == slot)?;
    Some(queue.remove(place))
}

pub(crate) fn take_first(queue: &mut Vec<Object>) -> Option<Object> {
    (!queue.is_empty()).then(|| queue.remove(0))
}

pub(crate) fn reweigh<'a>(queues: impl IntoIterator<Item = &'a mut Vec<Object>>, slot: Slot, weight: u32) {
    for object in queues.into_iter().flatten().filter(|object| object.slot == slot) {
        object.weight = u64::from(weight);
    }
}

/// The hash and weight of what left, the first to leave first, and how many slots there ever were: four ghosts may be
/// kept for each.
#[derive(Default)]
pub(crate) struct Ghosts {
    pub(crate) left: Vec<(u64, u64)>,
    slots: usize,
}

impl Ghosts {
    /// Takes the ghost of `object` out, and says whether there was one.
    pub(crate) fn forget(&mut self, object: Object) -> bool {
        self.see(object);
        let before = self.left.len();
        self.left.retain(|ghost| ghost.0 != object.hash);
        self.left.len() < before
    }

    pub(crate) fn see(&mut self, object: Object) {
        self.slots = self.slots.max(object.slot.index() + 1);
    }

    pub(crate) fn remember(&mut self, object: Object, limit: u64) {
        if object.weight <= limit {
            self.left.retain(|ghost| ghost.0 != object.hash);
            self.left.push((object.hash, object.weight));
            self.trim(limit);
        }
    }

    pub(crate) fn trim(&mut self, limit: u64) {
        while self.weigh() > limit || self.left.len() > self.slots * 4 {
            self.left.remove(0);
        }
    }

    pub(crate) fn weigh(&self) -> u64 {
        self.left.iter().map(|ghost| ghost.1).sum()
    }
}
