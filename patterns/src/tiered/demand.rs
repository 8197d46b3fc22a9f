//! How often keys were found in the far tier lately: what is asked for once needs no near copy.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use foldhash::quality::FixedState;
use larder_core::Key;

/// As many keys are told from each other, roughly.
const SLOTS: usize = 4_096;

/// After so many far hits all counts are halved, so that what was in demand yesterday doesn't count today.
const AGE: usize = 8 * SLOTS;

/// Counts far hits by key. Keys that hash alike count together: such a key is copied sooner than it should be.
#[derive(Debug)]
pub(super) struct Demand {
    wanted: u8,
    counts: Box<[AtomicU8]>,
    hits: AtomicUsize,
    hasher: FixedState,
}

impl Demand {
    /// A key is in demand with its hit number `wanted`.
    pub(super) fn new(wanted: u8) -> Self {
        let counts = if wanted > 1 { (0..SLOTS).map(|_| AtomicU8::new(0)).collect() } else { Box::default() };
        Self { wanted, counts, hits: AtomicUsize::new(0), hasher: FixedState::default() }
    }

    /// Counts a far hit of `key`; whether that was the one which is wanted.
    pub(super) fn is_met<K: Key>(&self, key: &K) -> bool {
        if self.counts.is_empty() {
            return true;
        }
        if (self.hits.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(AGE) {
            self.counts
                .iter()
                .for_each(|count| count.store(count.load(Ordering::Relaxed) / 2, Ordering::Relaxed));
        }
        let slot = (self.hasher.hash_one(key) >> 32) as usize % self.counts.len();
        let before = self.counts[slot].fetch_add(1, Ordering::Relaxed);
        let is_met = before.saturating_add(1) >= self.wanted;
        if is_met {
            self.counts[slot].store(0, Ordering::Relaxed);
        }
        is_met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nth_hit_of_a_key_meets_it() {
        let demand = Demand::new(3);
        let met: Vec<_> = (0..7).map(|_| demand.is_met(&7_u64)).collect();
        assert_eq!(met, [false, false, true, false, false, true, false]);
        for eager in [0, 1] {
            assert!(Demand::new(eager).is_met(&7_u64));
        }
    }

    #[test]
    fn counts_fade_so_that_a_rare_key_never_meets_it() {
        let demand = Demand::new(2);
        assert!(!demand.is_met(&7_u64));
        demand.hits.store(AGE - 1, Ordering::Relaxed);
        assert!(!demand.is_met(&7_u64), "the first hit is forgotten");
        assert!(demand.is_met(&7_u64));
    }
}
