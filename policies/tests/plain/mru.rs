//! MRU: the stack of uses, popped.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

/// The stack has its top last; the newest entry comes onto it when room was made.
#[derive(Default)]
pub(crate) struct Mru {
    stack: Vec<Slot>,
    newest: Option<Slot>,
}

impl EvictionPolicy for Mru {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.stack.extend(self.newest.replace(slot));
    }
    fn on_update(&mut self, slot: Slot, _weight: u32) {
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.on_resize(0);
        self.stack.retain(|&other| other != slot);
        self.stack.push(slot);
    }
    fn on_remove(&mut self, slot: Slot) {
        self.stack.retain(|&other| other != slot);
        self.newest = self.newest.filter(|&newest| newest != slot);
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        self.stack.pop().or_else(|| self.newest.take())
    }
    fn on_resize(&mut self, _capacity: u64) {
        self.stack.extend(self.newest.take());
    }
}
