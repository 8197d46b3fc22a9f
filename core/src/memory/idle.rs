//! When each entry was last used, where entries that are not used end.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::chunks::{CHUNKS, chunk_of, size_of_chunk};
use crate::Time;

/// Time-to-idle, and when each slot was last used.
pub(super) struct Idle {
    limit: Duration,
    used: [OnceLock<Box<[AtomicU64]>>; CHUNKS],
}

impl Idle {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, used: std::array::from_fn(|_| OnceLock::new()) }
    }

    /// Notes a use. Written only when the time is another: then it is no more often than the clock moves.
    pub(super) fn touch(&self, slot: u32, now: Time) {
        let (chunk, within) = chunk_of(slot);
        let used =
            self.used[chunk].get_or_init(|| (0..size_of_chunk(chunk)).map(|_| AtomicU64::new(0)).collect());
        if used[within].load(Ordering::Relaxed) != now.as_nanos() {
            used[within].store(now.as_nanos(), Ordering::Relaxed);
        }
    }

    /// Notes a use, unless the entry at `slot` was not used for too long. Whether it wasn't.
    #[inline(never)]
    pub(super) fn renew(&self, slot: u32, now: Time) -> bool {
        let renewed = self.deadline(slot) > now;
        if renewed {
            self.touch(slot, now);
        }
        renewed
    }

    /// Whether the entry at `slot` was not used for too long.
    #[inline(never)]
    pub(super) fn has_passed(&self, slot: u32, now: Time) -> bool {
        self.deadline(slot) <= now
    }

    /// When the entry at `slot` ends if it isn't used.
    pub(super) fn deadline(&self, slot: u32) -> Time {
        let (chunk, within) = chunk_of(slot);
        let used = self.used[chunk].get().map(|used| used[within].load(Ordering::Relaxed));
        used.map_or(Time::MAX, |used| Time::from_nanos(used).after(self.limit))
    }
}
