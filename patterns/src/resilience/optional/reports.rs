//! What an optional tier failed at: counted, and told.

use std::fmt;

use larder_core::Error;

use crate::panics::caught;
use crate::resilience::counter::Counter;

/// What an optional tier was asked when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultyCall {
    /// A look-up. It is a miss.
    Get,
    /// A lease. It is one that fills nothing there.
    Lease,
    /// A fill. The value is not kept there.
    Fill,
    /// An insert. What was there is not believed until it is removed.
    Insert,
    /// A removal. The same.
    Remove,
    /// A `clear`. Nothing that is there is believed until it is cleared.
    Clear,
    /// The removal that makes up for one of those. It is tried again.
    Mend,
}

/// What became of the faults of an optional tier so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionalStats {
    /// Look-ups and leases that failed. A batch is one.
    pub failed_reads: u64,
    /// Fills that failed. A batch is one.
    pub failed_fills: u64,
    /// Inserts, removals and `clear`s that failed. A batch is one.
    pub failed_writes: u64,
    /// Removals to make up for those that failed, too.
    pub failed_mends: u64,
    /// Keys that were looked up and not believed: answered as misses without asking.
    pub distrusted_reads: u64,
    /// Keys that are not believed now.
    pub distrusted_keys: usize,
    /// Whether no key is believed now.
    pub distrusts_all: bool,
}

type Report = Box<dyn Fn(FaultyCall, &Error) + Send + Sync>;

/// Counts faults and tells them.
pub(super) struct Reports {
    report: Report,
    reads: Counter,
    fills: Counter,
    writes: Counter,
    mends: Counter,
    pub(super) distrusted: Counter,
}

impl Reports {
    pub(super) fn new(report: impl Fn(FaultyCall, &Error) + Send + Sync + 'static) -> Self {
        let (reads, fills, writes, mends, distrusted) = Default::default();
        Self { report: Box::new(report), reads, fills, writes, mends, distrusted }
    }

    /// A call failed. No lock is held, and a report that panics is let go.
    pub(super) fn failed(&self, call: FaultyCall, error: &Error) {
        let counter = match call {
            FaultyCall::Get | FaultyCall::Lease => &self.reads,
            FaultyCall::Fill => &self.fills,
            FaultyCall::Insert | FaultyCall::Remove | FaultyCall::Clear => &self.writes,
            FaultyCall::Mend => &self.mends,
        };
        counter.add_one();
        caught(|| (self.report)(call, error));
    }

    /// What was counted; the rest is for the caller to say.
    pub(super) fn stats(&self) -> OptionalStats {
        OptionalStats {
            failed_reads: self.reads.get(),
            failed_fills: self.fills.get(),
            failed_writes: self.writes.get(),
            failed_mends: self.mends.get(),
            distrusted_reads: self.distrusted.get(),
            ..OptionalStats::default()
        }
    }
}

impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reports").field(&self.stats()).finish()
    }
}
