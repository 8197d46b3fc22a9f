//! How loads went: counted where they run, never on a hit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder_core::{Clock, Result, Stats, Time};

/// A snapshot of the loads so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadStats {
    /// Loads that gave an answer, "there is no such thing" included. A batch is one load.
    pub ok: u64,
    /// Loads that failed, panicked or ran out of time.
    pub failed: u64,
    /// The time all loads took together.
    pub time: Duration,
    /// Loads whose value the store could not take because it failed. (A value that came too late is no failure.)
    pub unkept: u64,
}

impl LoadStats {
    /// `stats` with these loads in it.
    #[must_use]
    pub const fn merged_into(self, mut stats: Stats) -> Stats {
        stats.loads_ok = self.ok;
        stats.loads_failed = self.failed;
        stats.load_time = self.time;
        stats
    }
}

/// Counts loads.
#[derive(Debug, Default)]
pub(crate) struct Loads {
    ok: AtomicU64,
    failed: AtomicU64,
    nanos: AtomicU64,
    unkept: AtomicU64,
}

impl Loads {
    /// Runs `load` and counts it, also if it never ends.
    pub(crate) async fn measured<T>(
        &self,
        clock: &Clock,
        load: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let mut running = Running { loads: self, clock, began: clock.now_precise(), ok: false };
        let outcome = load.await;
        running.ok = outcome.is_ok();
        outcome
    }

    /// Counts a value that the store could not take.
    pub(crate) fn unkept(&self) {
        self.unkept.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> LoadStats {
        LoadStats {
            ok: self.ok.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            time: Duration::from_nanos(self.nanos.load(Ordering::Relaxed)),
            unkept: self.unkept.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn reset(&self) {
        for count in [&self.ok, &self.failed, &self.nanos, &self.unkept] {
            count.store(0, Ordering::Relaxed);
        }
    }
}

struct Running<'a> {
    loads: &'a Loads,
    clock: &'a Clock,
    began: Time,
    ok: bool,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let took = self.clock.now_precise().since(self.began);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.loads.nanos.fetch_add(nanos, Ordering::Relaxed);
        let count = if self.ok { &self.loads.ok } else { &self.loads.failed };
        count.fetch_add(1, Ordering::Relaxed);
    }
}
