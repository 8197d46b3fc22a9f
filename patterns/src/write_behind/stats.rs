//! What a queue of writes has done, and what it has still to do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A snapshot of a queue of writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteStats {
    /// How many keys are in the queue, those being written and those for which room is held included.
    pub depth: usize,
    /// How long the oldest write has been waiting that the origin has not.
    pub lag: Duration,
    /// Writes that the origin took. Of several writes of a key only the last need be one.
    pub written: u64,
    /// Calls of the writer that succeeded.
    pub batches: u64,
    /// Calls of the writer that failed.
    pub failures: u64,
    /// Writes that were put back, to be tried again.
    pub retries: u64,
    /// Writes that were given up.
    pub dead_letters: u64,
    /// Times that the store could not take or remove a value.
    pub store_errors: u64,
    /// Times that the journal could not settle what was written.
    pub journal_errors: u64,
    /// Writes that came back from the journal.
    pub recovered: u64,
    /// Records of the journal that were not whole.
    pub damaged: u64,
    /// Records of the journal that the codec could not decode.
    pub undecodable: u64,
}

/// Counts.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) written: Count,
    pub(super) batches: Count,
    pub(super) failures: Count,
    pub(super) retries: Count,
    pub(super) dead_letters: Count,
    pub(super) store_errors: Count,
    pub(super) journal_errors: Count,
    pub(super) recovered: Count,
    pub(super) damaged: Count,
    pub(super) undecodable: Count,
}

#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counts {
    pub(super) fn snapshot(&self, depth: usize, lag: Duration) -> WriteStats {
        WriteStats {
            depth,
            lag,
            written: self.written.get(),
            batches: self.batches.get(),
            failures: self.failures.get(),
            retries: self.retries.get(),
            dead_letters: self.dead_letters.get(),
            store_errors: self.store_errors.get(),
            journal_errors: self.journal_errors.get(),
            recovered: self.recovered.get(),
            damaged: self.damaged.get(),
            undecodable: self.undecodable.get(),
        }
    }
}
