//! What was kept fresh, and what was answered while it was not. Nothing is counted on a fresh hit.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::loads::LoadStats;

/// What a [`Fresh`](crate::Fresh) store did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FreshStats {
    /// The loads, for whatever reason. A batch is one.
    pub loads: LoadStats,
    /// Entries that were reloaded: the store has the new value, or has let go of what is no more at the origin.
    pub reloaded: u64,
    /// Entries whose reload failed.
    pub reload_failed: u64,
    /// Entries whose reload came too late: the key was written or removed meanwhile.
    pub reload_void: u64,
    /// Answers past the soft deadline, while a reload ran behind.
    pub stale_revalidating: u64,
    /// Answers past the soft deadline because the load failed.
    pub stale_on_error: u64,
    /// Answers past the soft deadline because it was too soon after a failure to load again.
    pub stale_backing_off: u64,
    /// Answers past the soft deadline because the origin's budget was spent.
    pub stale_over_budget: u64,
    /// Answers past the soft deadline because the load was slow.
    pub stale_slow: u64,
    /// Loads that were not made because it was too soon after a failure, for whatever answer.
    pub backed_off: u64,
    /// Loads that were not made because the budget was spent, for whatever answer.
    pub over_budget: u64,
    /// Answers "there is no such thing" from memory.
    pub negative_hits: u64,
}

impl FreshStats {
    /// All answers past their soft deadline.
    pub const fn stale(&self) -> u64 {
        self.stale_revalidating
            + self.stale_on_error
            + self.stale_backing_off
            + self.stale_over_budget
            + self.stale_slow
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Reloaded,
    ReloadFailed,
    ReloadVoid,
    StaleRevalidating,
    StaleOnError,
    StaleBackingOff,
    StaleOverBudget,
    StaleSlow,
    BackedOff,
    OverBudget,
    NegativeHit,
}

const EVENTS: usize = Event::NegativeHit as usize + 1;

#[derive(Debug, Default)]
pub(super) struct Counts([AtomicU64; EVENTS]);

impl Counts {
    pub(super) fn add(&self, event: Event) {
        self.0[event as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self, loads: LoadStats) -> FreshStats {
        let of = |event| self.0[event as usize].load(Ordering::Relaxed);
        FreshStats {
            loads,
            reloaded: of(Event::Reloaded),
            reload_failed: of(Event::ReloadFailed),
            reload_void: of(Event::ReloadVoid),
            stale_revalidating: of(Event::StaleRevalidating),
            stale_on_error: of(Event::StaleOnError),
            stale_backing_off: of(Event::StaleBackingOff),
            stale_over_budget: of(Event::StaleOverBudget),
            stale_slow: of(Event::StaleSlow),
            backed_off: of(Event::BackedOff),
            over_budget: of(Event::OverBudget),
            negative_hits: of(Event::NegativeHit),
        }
    }
}
