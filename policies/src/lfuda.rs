//! Least frequently used, where old fame fades.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::heap::Heap;

/// LFU with dynamic aging (M. Arlitt, L. Cherkasova, J. Dilley, R. Friedrich, T. Jin, "Evaluating content management
/// techniques for Web proxy caches", ACM SIGMETRICS Performance Evaluation Review, 2000): an entry's key is its uses
/// plus the cache's age when it was last used; the lowest key leaves, and is the cache's age from then on.
///
/// What was popular once is thus overtaken by what is used now, which plain LFU never lets happen. Sizes are ignored:
/// with them it is [`Gdsf`](crate::Gdsf). The paper is silent on ties; here the one that was not used longest leaves.
///
/// A hit costs O(1), everything else O(log n) amortised.
#[derive(Debug)]
pub struct LfuDa {
    /// By key, and the time of the last use.
    heap: Heap<(u64, u64)>,
    uses: Vec<u32>,
    newcomer: Option<Slot>,
    /// The key of the last victim.
    age: u64,
    now: u64,
}

impl LfuDa {
    /// LFU with dynamic aging decides the same at every capacity.
    pub fn new(_capacity: u64) -> Self {
        Self { heap: Heap::new(), uses: Vec::new(), newcomer: None, age: 0, now: 0 }
    }

    /// Counts a use of the entry at `slot`.
    fn touch(&mut self, slot: Slot) {
        self.now += 1;
        let uses = &mut self.uses[slot.index()];
        *uses = uses.saturating_add(1);
        self.heap.set(slot, (self.age.saturating_add(u64::from(*uses)), self.now));
    }

    fn settle(&mut self) {
        if let Some(newcomer) = self.newcomer.take() {
            self.touch(newcomer);
        }
    }
}

impl EvictionPolicy for LfuDa {
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    fn on_insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.on_remove(slot);
        self.settle();
        self.uses.resize(self.uses.len().max(slot.index() + 1), 0);
        self.uses[slot.index()] = 0;
        self.newcomer = Some(slot);
    }

    fn on_update(&mut self, slot: Slot, _weight: u32) {
        self.on_hit(slot);
    }

    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        if self.heap.contains(slot) {
            self.touch(slot);
        }
    }

    fn on_remove(&mut self, slot: Slot) {
        self.newcomer = self.newcomer.filter(|&newcomer| newcomer != slot);
        self.heap.remove(slot);
    }

    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let Some((victim, (key, _))) = self.heap.pop() else { return self.newcomer.take() };
        self.age = key;
        Some(victim)
    }

    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
