//! Slots in buckets by the hashes of their keys, the newest of each in front.

use larder_core::Slot;

use crate::lists::{ListId, Lists};
use crate::rng::scramble;

/// There are so many buckets unless there are more entries...
const BUCKETS: usize = 1 << 12;
/// ...or so few that this many for each are enough.
const BUCKETS_PER_ENTRY: usize = 64;

/// Buckets that grow in number with their contents. Every operation costs O(1) amortised.
#[derive(Debug)]
pub(crate) struct Buckets {
    /// A list a bucket, with the hash of each slot.
    lists: Lists<u64>,
    /// A power of two.
    count: u32,
}

impl Buckets {
    pub(crate) fn new() -> Self {
        Self { lists: Lists::new(1), count: 1 }
    }

    pub(crate) fn contains(&self, slot: Slot) -> bool {
        self.lists.contains(slot)
    }

    /// Puts `slot` in front of its bucket, and says who was there.
    pub(crate) fn insert(&mut self, slot: Slot, hash: u64) -> Option<Slot> {
        self.remove(slot);
        let bucket = self.bucket(hash);
        let hidden = self.lists.newest(bucket);
        self.lists.push(bucket, slot);
        self.lists.set_note(slot, hash);
        hidden
    }

    /// Takes `slot` out, and says who is in front instead, if it was in front itself.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Slot> {
        let older = self.lists.older(slot);
        let was_in_front = self.lists.newer(slot).is_none();
        self.lists.unlink(slot);
        older.filter(|_| was_in_front)
    }

    /// Makes more buckets if there are too few, and says whether it did.
    pub(crate) fn grow(&mut self) -> bool {
        let entries = self.lists.len();
        let wanted = (entries * BUCKETS_PER_ENTRY).min(BUCKETS).max(entries).next_power_of_two();
        if wanted <= self.count as usize {
            return false;
        }
        let count = wanted as u32;
        let mut old = std::mem::replace(self, Self { lists: Lists::new(count), count });
        for bucket in (0..old.count).map(ListId) {
            while let Some(slot) = old.lists.pop(bucket) {
                self.insert(slot, old.lists.note(slot).copied().unwrap_or_default());
            }
        }
        true
    }

    /// Who is in front, in each bucket that is not empty.
    pub(crate) fn heads(&self) -> impl Iterator<Item = Slot> {
        (0..self.count).filter_map(|bucket| self.lists.newest(ListId(bucket)))
    }

    fn bucket(&self, hash: u64) -> ListId {
        ListId(scramble(hash) as u32 & (self.count - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_a_bucket_hides_the_others() {
        let mut buckets = Buckets::new();
        assert_eq!(buckets.insert(Slot(0), 7), None);
        assert_eq!(buckets.insert(Slot(1), 7), Some(Slot(0)));
        assert_eq!(buckets.insert(Slot(2), 7), Some(Slot(1)));
        assert_eq!(buckets.remove(Slot(1)), None, "it was hidden");
        assert_eq!(buckets.remove(Slot(2)), Some(Slot(0)));
        assert_eq!(buckets.heads().collect::<Vec<_>>(), [Slot(0)]);
    }

    #[test]
    fn growing_loses_nobody_and_keeps_the_newest_in_front() {
        let mut buckets = Buckets::new();
        for slot in 0..10_000 {
            buckets.insert(Slot(slot), u64::from(slot % 5_000));
            buckets.grow();
        }
        assert_eq!((buckets.lists.len(), buckets.count), (10_000, 16_384));
        assert!(buckets.heads().all(|head| head.0 >= 5_000));
        assert!((0..10_000).all(|slot| buckets.contains(Slot(slot))));
    }
}
