//! What was written lately, exactly and within bounds: what decides whether a lease is still good.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use foldhash::fast::FixedState;

/// How many writes are remembered one by one.
pub(super) const MOST: usize = 512;

/// The last writes of some keys, each by the hash of its key.
///
/// What is forgotten raises the floor, below which every lease is void. So a lease is void by mistake only once more than
/// [`MOST`] writes came after it, or if a key with the very same 64 bits of hash was written.
pub(super) struct Records {
    sequence: u64,
    floor: u64,
    /// The number of the last write, by hash.
    last: HashMap<u64, u64, FixedState>,
    /// All of them in their order, and some that a later write of the same key has made idle.
    order: VecDeque<(u64, u64)>,
}

impl Records {
    pub(super) fn new() -> Self {
        Self { sequence: 0, floor: 0, last: HashMap::default(), order: VecDeque::new() }
    }

    /// The number of the last write. A lease is this number at the moment it is taken.
    pub(super) const fn now(&self) -> u64 {
        self.sequence
    }

    /// Voids the leases on the key with this hash.
    pub(super) fn void(&mut self, hash: u64) {
        self.sequence += 1;
        self.last.insert(hash, self.sequence);
        if self.order.len() == MOST {
            self.forget_one();
        }
        self.order.push_back((hash, self.sequence));
    }

    /// Voids all leases.
    pub(super) fn void_all(&mut self) {
        self.sequence += 1;
        self.floor = self.sequence;
        self.last.clear();
        self.order.clear();
    }

    /// Whether the key was written, or all cleared, after `lease` was taken; or nobody knows.
    pub(super) fn since(&self, lease: u64, hash: u64) -> bool {
        let written = || self.last.get(&hash).is_some_and(|last| *last > lease);
        lease < self.floor || lease > self.sequence || written()
    }

    fn forget_one(&mut self) {
        let Some((hash, sequence)) = self.order.pop_front() else { return };
        if let Entry::Occupied(last) = self.last.entry(hash)
            && *last.get() == sequence
        {
            last.remove();
            self.floor = sequence;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_voids_the_leases_on_its_key_and_no_others() {
        let mut records = Records::new();
        let before = records.now();
        records.void(5);
        assert!(records.since(before, 5));
        assert!(!records.since(before, 6));
        assert!(!records.since(records.now(), 5));
    }

    #[test]
    fn what_is_forgotten_voids_more_and_never_less() {
        let mut records = Records::new();
        let before = records.now();
        (0..MOST as u64).for_each(|hash| records.void(hash));
        assert!(!records.since(before, 9_999), "all writes are known");
        let middle = records.now();
        (0..MOST as u64 / 2).for_each(|hash| records.void(10_000 + hash));
        assert!(records.since(before, 9_999), "somebody was forgotten, and it may have been this key");
        assert!(records.since(before, 0));
        assert!(!records.since(middle, 0), "what was forgotten came earlier");
    }

    #[test]
    fn one_key_written_over_and_over_voids_no_other_lease() {
        let mut records = Records::new();
        let before = records.now();
        (0..10 * MOST).for_each(|_| records.void(5));
        assert!(!records.since(before, 6));
        assert!(records.since(before, 5));
    }

    #[test]
    fn a_key_written_again_just_before_it_would_be_forgotten_voids_no_other_lease() {
        let mut records = Records::new();
        let before = records.now();
        (0..MOST as u64).for_each(|hash| records.void(hash));
        records.void(0);
        assert!(!records.since(before, 9_999));
        assert!(records.since(before, 0));
    }

    #[test]
    fn memory_is_bounded_and_a_clear_frees_it() {
        let mut records = Records::new();
        (0..10 * MOST as u64).for_each(|hash| records.void(hash));
        assert_eq!((records.order.len(), records.last.len()), (MOST, MOST));
        assert_eq!(records.order.capacity(), MOST, "no room is taken for more");
        let before = records.now();
        records.void_all();
        assert!(records.since(before, 9_999));
        assert!(!records.since(records.now(), 9_999));
        assert_eq!((records.order.len(), records.last.len()), (0, 0));
    }

    #[test]
    fn a_lease_from_the_future_is_void() {
        assert!(Records::new().since(1, 0));
    }
}
