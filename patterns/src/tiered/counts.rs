//! What the tiers answered, and the rates that follow.

use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::{Lookup, Result};

/// What the tiers answered so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TierStats {
    /// Look-ups that the near tier answered.
    pub near_hits: u64,
    /// Look-ups that the far tier answered.
    pub far_hits: u64,
    /// Look-ups that neither did.
    pub misses: u64,
    /// Failures of the near tier that the far one made up for.
    pub near_errors: u64,
}

impl TierStats {
    /// All look-ups.
    pub const fn requests(&self) -> u64 {
        self.near_hits + self.far_hits + self.misses
    }

    /// Near hits by look-ups, from 0 to 1.
    pub fn near_hit_rate(&self) -> f64 {
        self.share(self.near_hits)
    }

    /// Far hits by all look-ups, from 0 to 1.
    pub fn far_hit_rate(&self) -> f64 {
        self.share(self.far_hits)
    }

    /// Hits in either tier by look-ups, from 0 to 1.
    pub fn total_hit_rate(&self) -> f64 {
        self.share(self.near_hits + self.far_hits)
    }

    fn share(&self, part: u64) -> f64 {
        if self.requests() == 0 { 0.0 } else { part as f64 / self.requests() as f64 }
    }
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    near_hits: AtomicU64,
    far_hits: AtomicU64,
    misses: AtomicU64,
    near_errors: AtomicU64,
}

impl Counts {
    pub(super) fn add(&self, near_hits: u64, far_hits: u64, misses: u64) {
        for (count, more) in
            [(&self.near_hits, near_hits), (&self.far_hits, far_hits), (&self.misses, misses)]
        {
            if more > 0 {
                count.fetch_add(more, Ordering::Relaxed);
            }
        }
    }

    /// Counts a batch that the near tier answered `near_hits` of.
    pub(super) fn add_batch<V>(&self, near_hits: usize, answers: &[Lookup<V>]) {
        let hits = answers.iter().filter(|answer| answer.is_hit()).count();
        self.add(near_hits as u64, hits.saturating_sub(near_hits) as u64, (answers.len() - hits) as u64);
    }

    /// What the near tier said, unless it failed: that is counted.
    pub(super) fn near_said<T>(&self, said: Result<T>) -> Option<T> {
        if said.is_err() {
            self.near_errors.fetch_add(1, Ordering::Relaxed);
        }
        said.ok()
    }

    pub(super) fn snapshot(&self) -> TierStats {
        TierStats {
            near_hits: self.near_hits.load(Ordering::Relaxed),
            far_hits: self.far_hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            near_errors: self.near_errors.load(Ordering::Relaxed),
        }
    }

    pub(super) fn reset(&self) {
        for count in [&self.near_hits, &self.far_hits, &self.misses, &self.near_errors] {
            count.store(0, Ordering::Relaxed);
        }
    }
}
