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
    /// Keys and sizes.
    pub(crate) requests: Vec<(u64, u32)>,
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
    /// What all requests tell.
    pub(crate) fn all_told(&mut self) -> &[Told] {
        self.told.resize(self.requests.len(), Told::NOTHING);
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

    fn read(&mut self) -> Result<Batch, Error> {
        let mut batch = Batch { requests: Vec::with_capacity(CHUNK), ..Batch::default() };
        let (lives, is_mortal) = (self.lives, self.is_mortal);
        while batch.requests.len() < CHUNK {
            let block = self.trace.next_block(CHUNK - batch.requests.len())?;
            if block.is_empty() {
                break;
            }
            for request in block {
                let counts = is_mortal || !batch.told.is_empty();
                let told = tells(request, lives, counts);
                batch.timed |= request.at.is_some();
                self.is_mortal |= told.ttl != FOREVER;
                put(&mut batch.told, batch.requests.len(), told, Told::NOTHING);
                batch.requests.push((request.key, request.size));
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

impl Iterator for Batches {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let batch = self.read();
        self.ended = batch.as_ref().map_or(true, |batch| batch.requests.len() < CHUNK);
        batch.map(|batch| (!batch.requests.is_empty()).then_some(batch)).transpose()
    }
}
