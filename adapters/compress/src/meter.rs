//! What compression saves and what it costs: `Meter`, a handle on counters that outlives the codec's move into a store.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Of values smaller than this only one in `SAMPLE` is timed.
const SMALL: usize = 16 << 10;
const SAMPLE: u64 = 16;

/// Reads the statistics of a [`Compressed`](crate::Compressed), wherever that is. Cloned cheaply.
#[derive(Clone, Default)]
pub struct Meter(Arc<Counters>);

/// What compression has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompressionStats {
    /// Values that were made smaller.
    pub compressed: u64,
    /// Values that would not have become smaller, or not within the bounds.
    pub incompressible: u64,
    /// Values left alone: too small, too large, or secret.
    pub left_alone: u64,
    /// The bytes of all these before.
    pub bytes_in: u64,
    /// And after.
    pub bytes_out: u64,
    /// The time compressing took, that of small values estimated.
    pub compress_time: Duration,
    /// Values that were decompressed.
    pub decompressed: u64,
    /// Values that could not be: damaged, or over a bound.
    pub refused: u64,
    /// The time decompressing took, that of small values estimated.
    pub decompress_time: Duration,
}

impl CompressionStats {
    /// The bytes that need not be sent or kept.
    pub const fn saved(&self) -> u64 {
        self.bytes_in.saturating_sub(self.bytes_out)
    }
}

#[derive(Default)]
struct Counters {
    compressed: AtomicU64,
    incompressible: AtomicU64,
    left_alone: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    compress_nanos: AtomicU64,
    decompressed: AtomicU64,
    refused: AtomicU64,
    decompress_nanos: AtomicU64,
    started: AtomicU64,
}

/// When a piece of work began, and how many it stands for; `None`: it isn't timed.
#[derive(Clone, Copy)]
pub(crate) struct Timing(Option<(Instant, u64)>);

impl Timing {
    fn nanos(self) -> u64 {
        self.0.map_or(0, |(began, weight)| (began.elapsed().as_nanos() as u64).saturating_mul(weight))
    }
}

impl Meter {
    /// What was done so far. Counts that change while they are read may not agree with each other.
    pub fn stats(&self) -> CompressionStats {
        let of = |counter: &AtomicU64| counter.load(Relaxed);
        CompressionStats {
            compressed: of(&self.0.compressed),
            incompressible: of(&self.0.incompressible),
            left_alone: of(&self.0.left_alone),
            bytes_in: of(&self.0.bytes_in),
            bytes_out: of(&self.0.bytes_out),
            compress_time: Duration::from_nanos(of(&self.0.compress_nanos)),
            decompressed: of(&self.0.decompressed),
            refused: of(&self.0.refused),
            decompress_time: Duration::from_nanos(of(&self.0.decompress_nanos)),
        }
    }

    /// Work on so many bytes begins.
    pub(crate) fn start(&self, bytes: usize) -> Timing {
        if bytes >= SMALL {
            return Timing(Some((Instant::now(), 1)));
        }
        let is_sampled = self.0.started.fetch_add(1, Relaxed).is_multiple_of(SAMPLE);
        Timing(is_sampled.then(|| (Instant::now(), SAMPLE)))
    }

    pub(crate) fn left(&self, bytes: usize) {
        self.count(&self.0.left_alone, bytes, bytes);
    }

    /// `plain` bytes became so many, or were kept.
    pub(crate) fn compressed(&self, timing: Timing, plain: usize, packed: Option<usize>) {
        let outcome = if packed.is_some() { &self.0.compressed } else { &self.0.incompressible };
        self.count(outcome, plain, packed.unwrap_or(plain));
        add(&self.0.compress_nanos, timing.nanos());
    }

    pub(crate) fn decompressed(&self, timing: Timing, done: bool) {
        (if done { &self.0.decompressed } else { &self.0.refused }).fetch_add(1, Relaxed);
        add(&self.0.decompress_nanos, timing.nanos());
    }

    fn count(&self, outcome: &AtomicU64, before: usize, after: usize) {
        outcome.fetch_add(1, Relaxed);
        add(&self.0.bytes_in, before as u64);
        add(&self.0.bytes_out, after as u64);
    }
}

fn add(counter: &AtomicU64, amount: u64) {
    if amount > 0 {
        counter.fetch_add(amount, Relaxed);
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Meter").field(&self.stats()).finish()
    }
}
