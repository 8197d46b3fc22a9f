//! Rates over the last stretch of time, from snapshots: nothing is measured on the hit path.

use std::collections::VecDeque;
use std::time::Duration;

use super::counts::{Stats, share};
use crate::Time;

/// How many snapshots a window keeps: its edge is exact to this part of its length.
const SAMPLES: u32 = 60;

/// Turns snapshots taken now and then into rates over the last `length` of time: events per second of the window,
/// not since the beginning of time.
///
/// ```
/// use std::time::Duration;
/// use larder_core::{Stats, Time, Window};
///
/// let mut window = Window::new(Duration::from_secs(10));
/// let at = |secs| Time::ZERO.after(Duration::from_secs(secs));
/// window.sample(at(100), Stats::default());
/// let mut stats = Stats::default();
/// stats.hits = 50;
/// assert_eq!(window.sample(at(105), stats).throughput, 10.0);
/// ```
#[derive(Clone, Debug)]
pub struct Window {
    length: Duration,
    samples: VecDeque<(Time, Stats)>,
}

/// What happened in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Rates {
    /// The time between the oldest snapshot of the window and the newest.
    pub span: Duration,
    /// Look-ups per second.
    pub throughput: f64,
    /// Hits by look-ups, from 0 to 1.
    pub hit_rate: f64,
    /// Evictions per second.
    pub eviction_rate: f64,
    /// Loads per second, whatever came of them.
    pub load_rate: f64,
    /// The mean time of a load.
    pub load_latency: Duration,
    /// The mean time a look-up spent on loading: load time by look-ups, hits included.
    pub request_latency: Duration,
}

impl Window {
    /// A window over the last `length`, empty so far.
    pub const fn new(length: Duration) -> Self {
        Self { length, samples: VecDeque::new() }
    }

    /// Takes in the snapshot `stats` of the moment `now`, and tells the rates of the window that ends there.
    ///
    /// All are zero until two snapshots at different moments are in. Counts that went back (statistics were reset) start
    /// the window anew. O(1) amortised.
    pub fn sample(&mut self, now: Time, stats: Stats) -> Rates {
        if self.samples.back().is_some_and(|(at, last)| *at > now || went_back(last, &stats)) {
            self.samples.clear();
        }
        self.take_in(now, stats);
        while self.samples.len() > 1 && now.since(self.samples[1].0) >= self.length {
            self.samples.pop_front();
        }
        match self.samples.front() {
            Some((start, before)) => rates(now.since(*start), before, &stats),
            None => Rates::default(),
        }
    }

    /// Keeps snapshots at least a sixtieth of the window apart: the newest stands in for those close before it.
    fn take_in(&mut self, now: Time, stats: Stats) {
        let apart = self.length / SAMPLES;
        let crowded = |samples: &VecDeque<(Time, Stats)>| {
            samples.len() > 2 && now.since(samples[samples.len() - 2].0) < apart
        };
        if crowded(&self.samples) {
            self.samples.pop_back();
        }
        self.samples.push_back((now, stats));
    }
}

fn went_back(before: &Stats, now: &Stats) -> bool {
    now.hits < before.hits
        || now.misses < before.misses
        || now.evicted < before.evicted
        || now.loads() < before.loads()
        || now.load_time < before.load_time
}

fn rates(span: Duration, before: &Stats, now: &Stats) -> Rates {
    if span.is_zero() {
        return Rates::default();
    }
    let per_second = |before: u64, now: u64| (now - before) as f64 / span.as_secs_f64();
    let mean =
        |time: Duration, count: u64| if count == 0 { Duration::ZERO } else { time.div_f64(count as f64) };
    let requests = now.requests() - before.requests();
    let loads = now.loads() - before.loads();
    let load_time = now.load_time.saturating_sub(before.load_time);
    Rates {
        span,
        throughput: per_second(before.requests(), now.requests()),
        hit_rate: share(now.hits - before.hits, requests),
        eviction_rate: per_second(before.evicted, now.evicted),
        load_rate: per_second(before.loads(), now.loads()),
        load_latency: mean(load_time, loads),
        request_latency: mean(load_time, requests),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Time {
        Time::ZERO.after(Duration::from_secs(secs))
    }

    fn counts(hits: u64, misses: u64, evicted: u64, load_secs: u64) -> Stats {
        let load_time = Duration::from_secs(load_secs);
        Stats { hits, misses, evicted, loads_ok: misses, load_time, ..Stats::default() }
    }

    #[test]
    fn rates_are_per_second_of_the_window_and_not_since_the_epoch() {
        let mut window = Window::new(Duration::from_secs(10));
        window.sample(at(1_000_000), counts(0, 0, 0, 0));
        let rates = window.sample(at(1_000_004), counts(30, 10, 20, 5));
        assert_eq!(rates.span, Duration::from_secs(4));
        assert_eq!((rates.throughput, rates.hit_rate, rates.eviction_rate), (10.0, 0.75, 5.0));
        assert_eq!(rates.load_latency, Duration::from_millis(500));
        assert_eq!(rates.request_latency, Duration::from_millis(125));
    }

    #[test]
    fn what_happened_before_the_window_is_forgotten() {
        let mut window = Window::new(Duration::from_secs(10));
        window.sample(at(0), counts(0, 0, 0, 0));
        window.sample(at(5), counts(1_000, 0, 0, 0));
        window.sample(at(10), counts(1_000, 0, 0, 0));
        assert_eq!(window.sample(at(15), counts(1_020, 0, 0, 0)).throughput, 2.0);
    }

    #[test]
    fn one_snapshot_and_a_clock_that_stands_still_give_zeros_and_not_infinity() {
        let mut window = Window::new(Duration::from_secs(10));
        assert_eq!(window.sample(at(3), counts(5, 5, 5, 5)), Rates::default());
        assert_eq!(window.sample(at(3), counts(9, 9, 9, 9)), Rates::default());
    }

    #[test]
    fn a_reset_starts_the_window_anew() {
        let mut window = Window::new(Duration::from_secs(10));
        window.sample(at(0), counts(100, 0, 0, 0));
        assert_eq!(window.sample(at(1), counts(0, 0, 0, 0)), Rates::default());
        assert_eq!(window.sample(at(2), counts(7, 0, 0, 0)).throughput, 7.0);
    }

    #[test]
    fn snapshots_taken_all_the_time_are_thinned_out() {
        let mut window = Window::new(Duration::from_mins(1));
        for second in 0..100_000 {
            let now = Time::ZERO.after(Duration::from_millis(second * 10));
            window.sample(now, counts(second, 0, 0, 0));
        }
        assert!(window.samples.len() <= 63, "{}", window.samples.len());
        let rates = window.sample(at(1_001), counts(100_100, 0, 0, 0));
        assert!((rates.throughput - 100.0).abs() < 3.0, "{rates:?}");
    }
}
