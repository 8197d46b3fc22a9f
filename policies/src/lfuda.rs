//! Least frequently used, where old fame fades.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::Gdsf;

/// LFU with dynamic aging (M. Arlitt, L. Cherkasova, J. Dilley, R. Friedrich, T. Jin, "Evaluating content management
/// techniques for Web proxy caches", ACM SIGMETRICS Performance Evaluation Review, 2000): an entry's key is its uses
/// plus the cache's age when it was last used; the lowest key leaves, and is the cache's age from then on.
///
/// What was popular once is thus overtaken by what is used now, which plain LFU never lets happen. Sizes are ignored:
/// it is [`Gdsf`] where all are the same. The paper is silent on ties; here the one that was not used longest leaves.
///
/// A hit costs O(1), everything else O(log n) amortised. It takes 56 bytes an entry.
#[derive(Debug)]
pub struct LfuDa(Gdsf);

/// What every entry weighs.
const SAME: u32 = 1;

impl LfuDa {
    /// LFU with dynamic aging decides the same at every capacity.
    pub fn new(capacity: u64) -> Self {
        Self(Gdsf::new(capacity))
    }
}

impl EvictionPolicy for LfuDa {
    #[inline]
    fn hits(&self) -> Hits {
        self.0.hits()
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, _weight: u32) {
        self.0.on_insert(slot, hash, SAME);
    }

    fn on_update(&mut self, slot: Slot, _weight: u32) {
        self.0.on_update(slot, SAME);
    }

    #[inline]
    fn on_hit(&mut self, slot: Slot) {
        self.0.on_hit(slot);
    }

    fn on_remove(&mut self, slot: Slot) {
        self.0.on_remove(slot);
    }

    #[inline]
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        self.0.evict(marks)
    }

    fn on_resize(&mut self, capacity: u64) {
        self.0.on_resize(capacity);
    }
}
