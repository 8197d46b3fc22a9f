//! What a replay counts.

use crate::chunk::Chunk;

/// Something that is fed the requests of a trace and counts its misses.
pub trait Replay: Send {
    /// Replays the next requests.
    fn feed(&mut self, chunk: &Chunk);

    /// What was counted so far.
    fn tally(&self) -> Tally;
}

/// Requests and misses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests replayed.
    pub requests: u64,
    /// Those of them that found nothing.
    pub misses: u64,
    /// The sizes of all requests.
    pub request_bytes: u64,
    /// The sizes of those that found nothing.
    pub miss_bytes: u64,
    /// Misses of what was there and had expired.
    pub expired: u64,
    /// What the misses' loads cost, in microseconds, as far as it is known.
    pub load_micros: u64,
    /// Misses of which it is known.
    pub costed: u64,
}

impl Tally {
    /// Requests that found their key.
    pub const fn hits(&self) -> u64 {
        self.requests - self.misses
    }

    /// Both counted together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            misses: self.misses + other.misses,
            request_bytes: self.request_bytes + other.request_bytes,
            miss_bytes: self.miss_bytes + other.miss_bytes,
            expired: self.expired + other.expired,
            load_micros: self.load_micros + other.load_micros,
            costed: self.costed + other.costed,
        }
    }

    /// How many seconds all loads take together, where one of which nothing is known takes `mean` microseconds.
    pub fn load_seconds(&self, mean: f64) -> f64 {
        (self.load_micros as f64 + (self.misses - self.costed) as f64 * mean) / 1e6
    }

    /// The part of the requests that found nothing.
    pub fn miss_ratio(&self) -> f64 {
        ratio(self.misses, self.requests)
    }

    /// The part of the bytes asked for that was not there.
    pub fn byte_miss_ratio(&self) -> f64 {
        ratio(self.miss_bytes, self.request_bytes)
    }

    /// Counts a miss of the request at `index` of `chunk`.
    pub(crate) fn miss(&mut self, chunk: &Chunk, index: usize, has_expired: bool) {
        self.misses += 1;
        self.miss_bytes += u64::from(chunk.size(index));
        self.expired += u64::from(has_expired);
        self.load(chunk, index);
    }

    /// Counts what the load of the request at `index` of `chunk` costs, where that is known.
    pub(crate) fn load(&mut self, chunk: &Chunk, index: usize) {
        if let Some(cost) = chunk.cost(index) {
            self.load_micros += u64::from(cost);
            self.costed += 1;
        }
    }

    /// Counts the requests of `chunk`.
    pub(crate) fn count(&mut self, chunk: &Chunk) {
        self.requests += chunk.keys.len() as u64;
        self.request_bytes += match chunk.sizes[..] {
            [] => chunk.keys.len() as u64,
            _ => chunk.sizes.iter().map(|size| u64::from(*size)).sum(),
        };
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
