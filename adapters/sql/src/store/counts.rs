//! What a store has done.

use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::Stats;

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) hits: Count,
    pub(super) misses: Count,
    pub(super) inserts: Count,
    pub(super) void_fills: Count,
    pub(super) removed: Count,
    pub(super) unreadable: Count,
    pub(super) purged: Count,
}

#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counts {
    pub(super) fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        stats.hits = self.hits.get();
        stats.misses = self.misses.get();
        stats.inserts = self.inserts.get();
        stats.void_fills = self.void_fills.get();
        stats.removed = self.removed.get();
        stats
    }
}
