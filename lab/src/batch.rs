//! Requests by the ten thousand, as they were read: the keys are the trace's own.

use std::time::Duration;

use crate::lives::Lives;
use crate::trace::{Error, Request, Trace};

/// How many requests a chunk holds, but for the last of a trace.
pub const CHUNK: usize = 1 << 16;

/// The TTL of what never expires.
pub const FOREVER: u64 = u64::MAX;

/// The cost of a load of which nothing is known.
pub const UNKNOWN: u32 = u32::MAX;

/// Some consecutive requests.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) keys: Vec<u64>,
    /// Their sizes; empty where all are 1.
    pub(crate) sizes: Vec<u32>,
    /// What else the first of them tell; nothing is told after these.
    pub(crate) told: Vec<Told>,
    /// Whether any tells a time.
    pub(crate) timed: bool,
}

/// What a request tells besides its key and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) time: u64,
    pub(crate) ttl: u64,
    pub(crate) cost: u32,
}

impl Told {
    const NOTHING: Self = Self { time: 0, ttl: FOREVER, cost: UNKNOWN };
}

impl Batch {
    fn clear(&mut self) {
        self.keys.clear();
        self.sizes.clear();
        self.told.clear();
        self.timed = false;
    }

    /// What all requests tell.
    pub(crate) fn all_told(&mut self) -> &[Told] {
        self.told.resize(self.keys.len(), Told::NOTHING);
        &self.told
    }
}

/// A trace in batches of [`CHUNK`] requests. It ends after the last one, or after the first error.
#[derive(Debug)]
pub(crate) struct Batches {
    trace: Trace,
    lives: Lives,
    /// Whether any TTL that counts was told before this batch.
    is_mortal: bool,
    ended: bool,
}

impl Batches {
    pub(crate) const fn new(trace: Trace, lives: Lives) -> Self {
        Self { trace, lives, is_mortal: false, ended: false }
    }

    /// The next one, in the memory of one that was used.
    pub(crate) fn next(&mut self, used: Option<Batch>) -> Option<Result<Batch, Error>> {
        if self.ended {
            return None;
        }
        let batch = self.read(used.unwrap_or_default());
        self.ended = batch.as_ref().map_or(true, |batch| batch.keys.len() < CHUNK);
        batch.map(|batch| (!batch.keys.is_empty()).then_some(batch)).transpose()
    }

    fn read(&mut self, mut batch: Batch) -> Result<Batch, Error> {
        batch.clear();
        batch.keys.reserve_exact(CHUNK);
        let (lives, is_mortal) = (self.lives, self.is_mortal);
        while batch.keys.len() < CHUNK {
            let block = self.trace.next_block(CHUNK - batch.keys.len())?;
            if block.is_empty() {
                break;
            }
            for request in block {
                let counts = is_mortal || !batch.told.is_empty();
                let told = tells(request, lives, counts);
                batch.timed |= request.at.is_some();
                self.is_mortal |= told.ttl != FOREVER;
                put(&mut batch.told, batch.keys.len(), told, Told::NOTHING);
                put(&mut batch.sizes, batch.keys.len(), request.size, 1);
                batch.keys.push(request.key);
            }
        }
        Ok(batch)
    }
}

/// What counts of what a request tells. Times do from the first TTL on: before it nothing can expire.
#[inline]
fn tells(request: &Request, lives: Lives, counts: bool) -> Told {
    let ttl = lives.of(request).map_or(FOREVER, micros);
    let time = if counts || ttl != FOREVER { request.at.map_or(0, micros) } else { 0 };
    let cost = |cost| u32::try_from(micros(cost)).unwrap_or(UNKNOWN).min(UNKNOWN - 1);
    Told { time, ttl, cost: request.cost.map_or(UNKNOWN, cost) }
}

/// Adds `value` to `column`, the `length`th of it; as long as there are only `plain` ones nothing is kept.
#[inline]
pub(crate) fn put<T: Copy + PartialEq>(column: &mut Vec<T>, length: usize, value: T, plain: T) {
    if value != plain && column.is_empty() {
        column.resize(length, plain);
    }
    if value != plain || !column.is_empty() {
        column.push(value);
    }
}

/// Below [`FOREVER`]: 292,000 years.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).min(u64::MAX >> 1)
}
