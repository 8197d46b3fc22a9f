//! When each entry was last used, where entries that are not used end.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::chunks::{CHUNKS, chunk_of, size_of_chunk};
use crate::Time;

/// Time-to-idle, and when each slot was last used.
pub(super) struct Idle {
    /// In nanoseconds.
    limit: u64,
    used: [OnceLock<Box<[AtomicU64]>>; CHUNKS],
}

impl Idle {
    pub(super) fn new(limit: Duration) -> Self {
        let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        Self { limit, used: std::array::from_fn(|_| OnceLock::new()) }
    }

    /// Notes a use. Written only when the time is another: then it is no more often than the clock moves.
    pub(super) fn touch(&self, slot: u32, now: Time) {
        let (chunk, within) = chunk_of(slot);
        let used =
            self.used[chunk].get_or_init(|| (0..size_of_chunk(chunk)).map(|_| AtomicU64::new(0)).collect());
        note(&used[within], now);
    }

    /// Notes a use, unless the entry at `slot` was not used for too long. Whether it wasn't.
    #[inline]
    pub(super) fn renew(&self, slot: u32, now: Time) -> bool {
        let renewed = |used: &AtomicU64| {
            let renewed = self.deadline_after(used) > now;
            if renewed {
                note(used, now);
            }
            renewed
        };
        self.last_use(slot).is_none_or(renewed)
    }

    /// Whether the entry at `slot` was not used for too long.
    pub(super) fn has_passed(&self, slot: u32, now: Time) -> bool {
        self.deadline(slot) <= now
    }

    /// When the entry at `slot` ends if it isn't used.
    pub(super) fn deadline(&self, slot: u32) -> Time {
        self.last_use(slot).map_or(Time::MAX, |used| self.deadline_after(used))
    }

    #[inline]
    fn last_use(&self, slot: u32) -> Option<&AtomicU64> {
        let (chunk, within) = chunk_of(slot);
        self.used.get(chunk)?.get()?.get(within)
    }

    #[inline]
    fn deadline_after(&self, used: &AtomicU64) -> Time {
        Time::from_nanos(used.load(Ordering::Relaxed).saturating_add(self.limit))
    }
}

/// Written only when the time is another. Who is late takes back no later use: the wheel would look for its entry too late.
#[inline]
fn note(used: &AtomicU64, now: Time) {
    if used.load(Ordering::Relaxed) < now.as_nanos() {
        used.fetch_max(now.as_nanos(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_that_is_told_late_takes_back_no_later_one() {
        let idle = Idle::new(Duration::from_nanos(100));
        let at = Time::from_nanos;
        idle.touch(3, at(50));
        assert!(idle.renew(3, at(20)));
        assert_eq!(idle.deadline(3), at(150));
        assert!(idle.renew(3, at(60)));
        assert_eq!(idle.deadline(3), at(160));
        assert!(!idle.renew(3, at(160)));
    }
}
