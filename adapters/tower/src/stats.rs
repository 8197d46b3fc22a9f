//! What became of the requests.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many requests were answered how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceStats {
    /// Answered from the store.
    pub hits: u64,
    /// Answered by a call that another request had begun.
    pub shared: u64,
    /// Called the service, for all with the same key.
    pub led: u64,
    /// Called the service for themselves: what they waited for could not be kept, or failed twice.
    pub alone: u64,
    /// Had no key.
    pub unkeyed: u64,
    /// Calls that failed, panicked or were given up.
    pub lost: u64,
    /// Responses that might not be kept.
    pub unkept: u64,
    /// Responses that the store refused: their key was written, removed or cleared meanwhile.
    pub void: u64,
    /// Errors of the store. The request was answered by the service.
    pub store_failures: u64,
}

/// One count.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counts as they go on.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) hits: Count,
    pub(crate) shared: Count,
    pub(crate) led: Count,
    pub(crate) alone: Count,
    pub(crate) unkeyed: Count,
    pub(crate) lost: Count,
    pub(crate) unkept: Count,
    pub(crate) void: Count,
    pub(crate) store_failures: Count,
}

impl Counts {
    pub(crate) fn stats(&self) -> ServiceStats {
        ServiceStats {
            hits: self.hits.read(),
            shared: self.shared.read(),
            led: self.led.read(),
            alone: self.alone.read(),
            unkeyed: self.unkeyed.read(),
            lost: self.lost.read(),
            unkept: self.unkept.read(),
            void: self.void.read(),
            store_failures: self.store_failures.read(),
        }
    }
}
