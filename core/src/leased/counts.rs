//! Counts that threads don't contend for.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::Stats;

const CELLS: usize = 16;

/// Counts in cells of their own cache lines; a thread always uses the same one.
#[derive(Default)]
pub(super) struct Counts(Box<[Cell; CELLS]>);

#[derive(Default)]
#[repr(align(128))]
pub(super) struct Cell {
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) inserts: AtomicU64,
    pub(super) void_fills: AtomicU64,
    pub(super) expired: AtomicU64,
    pub(super) removed: AtomicU64,
}

thread_local! {
    static CELL: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % CELLS
    };
}

impl Counts {
    /// Adds to one of the counts.
    pub(super) fn add(&self, which: impl Fn(&Cell) -> &AtomicU64, count: usize) {
        let cell = CELL.try_with(|cell| *cell).unwrap_or_default();
        which(&self.0[cell]).fetch_add(count as u64, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub(super) fn stats(&self) -> Stats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        self.0.iter().fold(Stats::default(), |sum, cell| {
            sum + Stats {
                hits: read(&cell.hits),
                misses: read(&cell.misses),
                inserts: read(&cell.inserts),
                void_fills: read(&cell.void_fills),
                expired: read(&cell.expired),
                removed: read(&cell.removed),
                ..Stats::default()
            }
        })
    }
}
