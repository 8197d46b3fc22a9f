//! Counts of what happened, and what follows from them.

use std::time::Duration;

/// Why an entry left, or was never taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The policy gave its place to another.
    Evicted,
    /// Its deadline passed, or it was not used for too long.
    Expired,
    /// The application wrote another value, or a fill did.
    Replaced,
    /// The application removed it.
    Removed,
    /// The application removed everything.
    Cleared,
    /// It weighs more than its shard may hold, so it was never taken in.
    Refused,
}

/// A snapshot of counts since the cache was made, or its statistics were reset. Times are totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Look-ups that found a usable entry.
    pub hits: u64,
    /// Look-ups that did not.
    pub misses: u64,
    /// Entries taken in: by inserts and by fills.
    pub inserts: u64,
    /// Fills turned away because their lease was void.
    pub void_fills: u64,
    /// Entries that the policy gave up to make room.
    pub evicted: u64,
    /// Entries that left because their life was over.
    pub expired: u64,
    /// Entries that a newer value replaced.
    pub replaced: u64,
    /// Entries that the application removed.
    pub removed: u64,
    /// Entries that left in a clear.
    pub cleared: u64,
    /// Entries never taken in because they weigh more than a shard may hold.
    pub refused: u64,
    /// Panics of listeners, weighers and destructors that were caught.
    pub panics: u64,
    /// Loads that gave an answer, "there is no such thing" included.
    pub loads_ok: u64,
    /// Loads that failed, panicked or ran out of time.
    pub loads_failed: u64,
    /// The time all loads took together.
    pub load_time: Duration,
    /// Entries now, expired ones included until they are swept.
    pub entries: u64,
    /// Their weight now.
    pub weight: u64,
    /// The weight that may be held; without a weigher an entry weighs 1. `None`: no bound.
    pub max_weight: Option<u64>,
}

impl Stats {
    /// Look-ups: hits and misses.
    pub const fn requests(&self) -> u64 {
        self.hits + self.misses
    }

    /// Hits by look-ups, from 0 to 1; 0 before the first look-up.
    pub fn hit_rate(&self) -> f64 {
        share(self.hits, self.requests())
    }

    /// Weight by capacity, from 0 to 1; 0 for a cache without a bound, 1 for one with capacity 0.
    pub fn utilisation(&self) -> f64 {
        match self.max_weight {
            None => 0.0,
            Some(0) => 1.0,
            Some(max) => share(self.weight, max),
        }
    }

    /// Loads, whatever came of them.
    pub const fn loads(&self) -> u64 {
        self.loads_ok + self.loads_failed
    }

    /// The mean time of a load; zero before the first one.
    pub fn mean_load_time(&self) -> Duration {
        self.load_time.checked_div(u32::try_from(self.loads()).unwrap_or(u32::MAX)).unwrap_or_default()
    }

    /// Entries that left for `cause`, or were refused.
    pub const fn left(&self, cause: Cause) -> u64 {
        match cause {
            Cause::Evicted => self.evicted,
            Cause::Expired => self.expired,
            Cause::Replaced => self.replaced,
            Cause::Removed => self.removed,
            Cause::Cleared => self.cleared,
            Cause::Refused => self.refused,
        }
    }
}

impl std::ops::Add for Stats {
    type Output = Self;

    /// The counts of both; no bound only if neither has one.
    fn add(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            misses: self.misses + other.misses,
            inserts: self.inserts + other.inserts,
            void_fills: self.void_fills + other.void_fills,
            evicted: self.evicted + other.evicted,
            expired: self.expired + other.expired,
            replaced: self.replaced + other.replaced,
            removed: self.removed + other.removed,
            cleared: self.cleared + other.cleared,
            refused: self.refused + other.refused,
            panics: self.panics + other.panics,
            loads_ok: self.loads_ok + other.loads_ok,
            loads_failed: self.loads_failed + other.loads_failed,
            load_time: self.load_time.saturating_add(other.load_time),
            entries: self.entries + other.entries,
            weight: self.weight + other.weight,
            max_weight: match (self.max_weight, other.max_weight) {
                (Some(one), Some(other)) => Some(one.saturating_add(other)),
                (one, other) => one.or(other),
            },
        }
    }
}

/// `part` of `whole`, from 0 to 1; 0 where there is nothing.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_fractions_and_defined_before_the_first_request() {
        let none = Stats::default();
        assert_eq!((none.hit_rate(), none.utilisation(), none.mean_load_time()), (0.0, 0.0, Duration::ZERO));
        let some = Stats { hits: 3, misses: 1, weight: 90, max_weight: Some(100), ..none };
        assert_eq!((some.hit_rate(), some.utilisation()), (0.75, 0.9));
    }
}
