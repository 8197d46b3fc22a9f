//! Hill climbing: the window's share follows the hit rate uphill.

/// The window's share at first. The papers start at 1 %, where a workload of mere recency starves until the first few
/// turns are over.
const START: f64 = 0.05;
/// The least it may be.
const LEAST: f64 = 0.01;
/// The most it may be.
const MOST: f64 = 0.80;
/// The first step, and the step after the workload changed.
const STEP: f64 = 0.03;
/// What is left of a step after each turn.
const DECAY: f64 = 0.98;
/// A change of the hit rate by so much means another workload.
const RESTART: f64 = 0.05;
/// Requests an entry between turns.
const REQUESTS_PER_ENTRY: usize = 10;

/// Searches the share of the cache that the window should have: goes on in the direction that raised the hit rate,
/// turns round when it fell, and takes ever smaller steps until the workload changes.
#[derive(Debug)]
pub(crate) struct Climber {
    share: f64,
    step: f64,
    last_rate: f64,
    hits: usize,
    misses: usize,
}

impl Climber {
    pub(crate) fn new() -> Self {
        Self { share: START, step: STEP, last_rate: 0.0, hits: 0, misses: 0 }
    }

    /// The window's share of the capacity.
    pub(crate) fn share(&self) -> f64 {
        self.share
    }

    #[inline]
    pub(crate) fn on_hit(&mut self) {
        self.hits += 1;
    }

    #[inline]
    pub(crate) fn on_miss(&mut self) {
        self.misses += 1;
    }

    /// Takes a step if enough was seen for a cache of `entries`, and says whether it did.
    #[inline]
    pub(crate) fn climb(&mut self, entries: usize) -> bool {
        let requests = self.hits + self.misses;
        if requests < entries.max(1).saturating_mul(REQUESTS_PER_ENTRY) {
            return false;
        }
        let rate = self.hits as f64 / requests as f64;
        let change = rate - self.last_rate;
        let amount = if change >= 0.0 { self.step } else { -self.step };
        self.share = (self.share + amount).clamp(LEAST, MOST);
        self.step = if change.abs() >= RESTART { STEP.copysign(amount) } else { amount * DECAY };
        (self.last_rate, self.hits, self.misses) = (rate, 0, 0);
        true
    }
}
