//! What a client has done so far.

use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::Stats;

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) hits: Count,
    pub(crate) misses: Count,
    pub(crate) inserts: Count,
    pub(crate) void_fills: Count,
    pub(crate) removed: Count,
    pub(crate) unreadable: Count,
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counts {
    pub(crate) fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        stats.hits = self.hits.read();
        stats.misses = self.misses.read();
        stats.inserts = self.inserts.read();
        stats.void_fills = self.void_fills.read();
        stats.removed = self.removed.read();
        stats
    }
}
