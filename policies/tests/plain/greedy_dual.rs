//! Greedy-Dual with frequency: GDSF from its paper, and LFU with dynamic aging, where sizes don't count.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

struct Document {
    slot: Slot,
    uses: f64,
    weight: u32,
    priority: f64,
    used: u64,
}

/// The clock is the last victim's priority; a document's priority is set when it is used.
pub(crate) struct GreedyDual {
    documents: Vec<Document>,
    newest: Option<(Slot, u32)>,
    clock: f64,
    now: u64,
    value: fn(uses: f64, weight: u32) -> f64,
}

impl GreedyDual {
    pub(crate) fn gdsf() -> Self {
        Self::valued(|uses, weight| uses * 1e6 / f64::from(weight.max(1)))
    }

    pub(crate) fn lfuda() -> Self {
        Self::valued(|uses, _| uses)
    }

    fn valued(value: fn(f64, u32) -> f64) -> Self {
        Self { documents: Vec::new(), newest: None, clock: 0.0, now: 0, value }
    }
}

impl EvictionPolicy for GreedyDual {
    fn hits(&self) -> Hits {
        Hits::Noted
    }
    fn on_insert(&mut self, slot: Slot, _hash: u64, weight: u32) {
        self.on_resize(0);
        self.newest = Some((slot, weight));
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.on_resize(0);
        self.documents.iter_mut().filter(|document| document.slot == slot).for_each(|d| d.weight = weight);
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.on_resize(0);
        self.now += 1;
        for document in self.documents.iter_mut().filter(|document| document.slot == slot) {
            document.uses += 1.0;
            document.used = self.now;
            document.priority = self.clock + (self.value)(document.uses, document.weight);
        }
    }
    fn on_remove(&mut self, slot: Slot) {
        self.documents.retain(|document| document.slot != slot);
        self.newest = self.newest.filter(|newest| newest.0 != slot);
    }
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let order =
            |a: &&Document, b: &&Document| (a.priority.total_cmp(&b.priority)).then(a.used.cmp(&b.used));
        let Some(victim) = self.documents.iter().min_by(order) else {
            return self.newest.take().map(|newest| newest.0);
        };
        self.clock = victim.priority;
        let victim = victim.slot;
        self.on_remove(victim);
        Some(victim)
    }
    fn on_resize(&mut self, _capacity: u64) {
        if let Some((slot, weight)) = self.newest.take() {
            self.documents.push(Document { slot, uses: 0.0, weight, priority: 0.0, used: 0 });
            self.on_hit(slot);
        }
    }
}
