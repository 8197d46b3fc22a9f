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
        }
    }

    /// The part of the requests that found nothing.
    pub fn miss_ratio(&self) -> f64 {
        ratio(self.misses, self.requests)
    }

    /// The part of the bytes asked for that was not there.
    pub fn byte_miss_ratio(&self) -> f64 {
        ratio(self.miss_bytes, self.request_bytes)
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
