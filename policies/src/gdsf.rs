//! Greedy-Dual-Size-Frequency: small and popular entries are worth keeping, until they are old.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::heap::Heap;

/// What an entry of weight 1 is worth for each use. Large, so that fractions of it don't drown in the age.
const WORTH: f64 = 1e6;

/// GDSF (L. Cherkasova, "Improving WWW proxies performance with Greedy-Dual-Size-Frequency caching policy", HP Labs
/// technical report 98-69, 1998): an entry is worth its uses divided by its size, plus the cache's age when it was
/// last used; the one worth least leaves, and its worth is the cache's age from then on.
///
/// The paper's cost of a miss is 1 for all: it counts misses, not bytes. Among equals the one that was not used
/// longest leaves. An entry that weighs nothing is taken to weigh 1.
///
/// A hit costs O(1), everything else O(log n) amortised. It takes 56 bytes an entry.
#[derive(Debug)]
pub struct Gdsf {
    heap: Heap<Worth>,
    entries: Vec<Entry>,
    newcomer: Option<Slot>,
    /// The worth of the last victim.
    age: f64,
    now: u64,
}

/// A positive float, whose bits are ordered as it is, and the time of the last use.
type Worth = (u64, u64);

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    uses: u32,
    weight: u32,
}

impl Gdsf {
    /// GDSF decides the same at every capacity.
    pub fn new(_capacity: u64) -> Self {
        Self { heap: Heap::new(), entries: Vec::new(), newcomer: None, age: 0.0, now: 0 }
    }

    /// Counts a use of the entry at `slot`.
    fn touch(&mut self, slot: Slot) {
        self.now += 1;
        let entry = &mut self.entries[slot.index()];
        entry.uses = entry.uses.saturating_add(1);
        let worth = self.age + f64::from(entry.uses) * WORTH / f64::from(entry.weight.max(1));
        self.heap.set(slot, (worth.to_bits(), self.now));
    }

    fn settle(&mut self) {
        if let Some(newcomer) = self.newcomer.take() {
            self.touch(newcomer);
        }
    }
}

impl EvictionPolicy for Gdsf {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _hash: u64, weight: u32) {
        self.on_remove(slot);
        self.settle();
        self.entries.resize(self.entries.len().max(slot.index() + 1), Entry::default());
        self.entries[slot.index()] = Entry { uses: 0, weight };
        self.newcomer = Some(slot);
    }

    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        if self.heap.contains(slot) {
            self.entries[slot.index()].weight = weight;
            self.touch(slot);
        }
    }

    #[inline]
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

    #[inline]
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let Some((victim, (worth, _))) = self.heap.pop() else { return self.newcomer.take() };
        self.age = f64::from_bits(worth);
        Some(victim)
    }

    fn on_resize(&mut self, _capacity: u64) {
        self.settle();
    }
}
