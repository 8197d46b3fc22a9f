//! How long the last calls took, and in which time most of them ended.

use std::time::Duration;

use parking_lot::Mutex;

const KEPT: usize = 128;
/// Fewer tell too little.
const ENOUGH: u64 = 32;
/// After how many calls the percentile is looked for anew.
const STEP: u64 = 16;

/// A percentile of the last 128 calls, up to 16 calls old.
#[derive(Debug)]
pub(super) struct Latencies {
    part: f64,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    nanos: [u64; KEPT],
    count: u64,
    percentile: Option<Duration>,
}

impl Latencies {
    /// Keeps the percentile `part`, above 0 and below 1.
    pub(super) const fn new(part: f64) -> Self {
        Self { part, seen: Mutex::new(Seen { nanos: [0; KEPT], count: 0, percentile: None }) }
    }

    /// A call took this long.
    pub(super) fn add(&self, took: Duration) {
        let mut seen = self.seen.lock();
        let place = (seen.count % KEPT as u64) as usize;
        seen.nanos[place] = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        seen.count += 1;
        if seen.count >= ENOUGH && seen.count.is_multiple_of(STEP) {
            seen.percentile = Some(seen.find(self.part));
        }
    }

    /// The time in which that part of the calls ended; `None` while too few are known.
    pub(super) fn percentile(&self) -> Option<Duration> {
        self.seen.lock().percentile
    }
}

impl Seen {
    fn find(&self, part: f64) -> Duration {
        let mut nanos = self.nanos;
        let known = KEPT.min(usize::try_from(self.count).unwrap_or(KEPT));
        let rank = ((known as f64 * part) as usize).min(known - 1);
        Duration::from_nanos(*nanos[..known].select_nth_unstable(rank).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_nothing_until_it_has_seen_enough() {
        let latencies = Latencies::new(0.5);
        (1..ENOUGH).for_each(|nanos| latencies.add(Duration::from_nanos(nanos)));
        assert_eq!(latencies.percentile(), None);
        latencies.add(Duration::from_nanos(ENOUGH));
        assert_eq!(latencies.percentile(), Some(Duration::from_nanos(17)), "half of 1 to 32 are below");
    }

    #[test]
    fn what_is_long_ago_is_forgotten() {
        let latencies = Latencies::new(0.9);
        (0..KEPT).for_each(|_| latencies.add(Duration::from_secs(9)));
        assert_eq!(latencies.percentile(), Some(Duration::from_secs(9)));
        (0..KEPT).for_each(|_| latencies.add(Duration::from_secs(1)));
        assert_eq!(latencies.percentile(), Some(Duration::from_secs(1)));
    }
}
