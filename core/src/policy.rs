//! The contract of an eviction policy: plain single-threaded code over numbered slots.

use std::fmt;

/// The number of an entry within its shard. Slots are small and reused, so tables indexed by them stay dense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u32);

impl Slot {
    /// The slot as an index into a table.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How hits reach a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hits {
    /// They don't: FIFO, Random.
    Ignored,
    /// A hit adds 1 to the entry's mark, up to `max`; the policy reads and lowers marks through [`Marks`]
    /// when it looks for a victim: CLOCK, SIEVE, S3-FIFO.
    Marked {
        /// Where the mark saturates.
        max: u8,
    },
    /// Each hit is told, in order, before any slot changes hands, through [`EvictionPolicy::on_hit`]: LRU, LFU,
    /// W-TinyLFU.
    Noted,
}

/// Where an engine keeps the marks that hits leave behind: one small number a slot.
pub trait MarkTable {
    /// The mark of `slot`; 0 for a slot that holds nothing.
    fn get(&self, slot: Slot) -> u8;
    /// Sets the mark of `slot`. Does nothing for a slot that holds nothing.
    fn set(&self, slot: Slot, mark: u8);
    /// Has what belongs to `slot` brought near the processor, where that can be done: it will probably leave next.
    fn foresee(&self, slot: Slot) {
        let _ = slot;
    }
}

/// A policy's view of the marks, at the moment it is asked for a victim.
#[derive(Clone, Copy)]
pub struct Marks<'a>(&'a dyn MarkTable);

impl<'a> Marks<'a> {
    /// The marks that `table` keeps.
    pub fn new(table: &'a dyn MarkTable) -> Self {
        Self(table)
    }

    /// The hits on `slot` since its mark was last lowered, as far as the mark counts.
    #[inline]
    pub fn get(&self, slot: Slot) -> u8 {
        self.0.get(slot)
    }

    /// Sets the mark of `slot`, usually to less than it was.
    #[inline]
    pub fn set(&self, slot: Slot, mark: u8) {
        self.0.set(slot, mark);
    }

    /// Says which slot will probably leave next, when room is needed again: what is known of it can be fetched meanwhile.
    /// Saying nothing costs nothing but time.
    #[inline]
    pub fn foresee(&self, next: Option<Slot>) {
        if let Some(slot) = next {
            self.0.foresee(slot);
        }
    }

    /// The mark of `slot`, which is 0 from now on.
    #[inline]
    pub fn take(&self, slot: Slot) -> u8 {
        let mark = self.0.get(slot);
        if mark != 0 {
            self.0.set(slot, 0);
        }
        mark
    }
}

impl fmt::Debug for Marks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Marks")
    }
}

/// Decides which entry leaves when room is needed.
///
/// A policy knows slots, hashes and weights, never keys or values. It is called by one thread at a time, under
/// its shard's lock, so it is plain code: no atomics, no locks, no `unsafe`. The engine and the simulator run
/// the same compiled policy.
///
/// # What the engine promises
///
/// - A slot is told to [`on_insert`](Self::on_insert) once, and then to `on_update`, `on_hit` and
///   [`Marks`] any number of times, until it leaves: through [`on_remove`](Self::on_remove) (removed, expired,
///   replaced by the engine), or as the answer of [`evict`](Self::evict), **after which `on_remove` is not called**.
///   Then the number may be used again for another entry.
/// - On an insert the order is: `on_insert`, then `evict` as often as it takes until the weights fit. The newest
///   entry is thus already known when the first victim is sought; a policy refuses admission by naming it.
/// - A slot's mark is 0 when it is inserted.
///
/// # What a policy promises
///
/// - `evict` names a slot that it was told of and that has not left, and forgets it; it says `None` only when it
///   knows of no slot. Ghosts (memories of entries that left) are its own affair, kept by the hash given at `on_insert`.
/// - Each call costs O(1) or O(log n) amortised, and its doc says which.
/// - Memory follows what it was told, never the capacity alone: a capacity of `u64::MAX` is allowed, and so is 0.
///
/// The suite in `larder-testkit` checks these promises for any policy.
pub trait EvictionPolicy: Send + 'static {
    /// How hits are to reach this policy. Asked once, when the shard is made.
    fn hits(&self) -> Hits;

    /// A new entry has `slot`; `hash` is its key's, the same each time the key comes back.
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32);

    /// The value at `slot` was replaced by the application, and weighs `weight` now. A write is a use, too: policies
    /// that note hits treat it as one (no `on_hit` comes with it), and for those that read marks it adds 1 to the mark.
    fn on_update(&mut self, slot: Slot, weight: u32);

    /// The entry at `slot` was hit. Called only for [`Hits::Noted`].
    fn on_hit(&mut self, slot: Slot) {
        let _ = slot;
    }

    /// The entry at `slot` left for a reason that was not this policy's.
    fn on_remove(&mut self, slot: Slot);

    /// The entry that should leave next, which the policy forgets by naming it. `None` when it knows none. Who comes after
    /// that may be [foreseen](Marks::foresee).
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot>;

    /// The shard's capacity (in weight) is `capacity` from now on. Called before the evictions that a smaller one needs.
    fn on_resize(&mut self, capacity: u64) {
        let _ = capacity;
    }
}

impl<P: EvictionPolicy + ?Sized> EvictionPolicy for Box<P> {
    fn hits(&self) -> Hits {
        (**self).hits()
    }
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        (**self).on_insert(slot, hash, weight);
    }
    fn on_update(&mut self, slot: Slot, weight: u32) {
        (**self).on_update(slot, weight);
    }
    fn on_hit(&mut self, slot: Slot) {
        (**self).on_hit(slot);
    }
    fn on_remove(&mut self, slot: Slot) {
        (**self).on_remove(slot);
    }
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        (**self).evict(marks)
    }
    fn on_resize(&mut self, capacity: u64) {
        (**self).on_resize(capacity);
    }
}
