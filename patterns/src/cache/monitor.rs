//! Thresholds that report when they are crossed.

use std::fmt;
use std::sync::Arc;

use larder_core::Stats;
use parking_lot::Mutex;

use crate::panics::caught;

/// What a cache reports.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Fewer look-ups hit than should.
    #[non_exhaustive]
    LowHitRate {
        /// The cache's name.
        name: Option<Arc<str>>,
        /// Hits by look-ups, from 0 to 1.
        hit_rate: f64,
        /// The look-ups so far.
        requests: u64,
    },
    /// The cache is fuller than it should be.
    #[non_exhaustive]
    NearlyFull {
        /// The cache's name.
        name: Option<Arc<str>>,
        /// Weight by capacity, from 0 to 1.
        utilisation: f64,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::LowHitRate { name, .. } | Self::NearlyFull { name, .. }) = self;
        match name {
            Some(name) => write!(f, "cache {name:?}: ")?,
            None => f.write_str("cache: ")?,
        }
        match self {
            Self::LowHitRate { hit_rate, requests, .. } => {
                write!(f, "low hit rate, {:.1} % of {requests} requests", hit_rate * 100.0)
            }
            Self::NearlyFull { utilisation, .. } => write!(f, "nearly full, {:.1} %", utilisation * 100.0),
        }
    }
}

type Handler = Box<dyn Fn(&Event) + Send + Sync>;

/// The thresholds of a cache, and which are crossed.
#[derive(Default)]
pub(super) struct Monitor {
    /// The rate, and how many requests there must have been.
    pub(super) hit_rate: Option<(f64, u64)>,
    pub(super) utilisation: Option<f64>,
    pub(super) handler: Option<Handler>,
    crossed: Mutex<Crossed>,
}

#[derive(Default)]
struct Crossed {
    hit_rate: bool,
    utilisation: bool,
}

impl Monitor {
    pub(super) fn is_valid(&self) -> bool {
        let thresholds = [self.hit_rate.map(|(rate, _)| rate), self.utilisation];
        thresholds.into_iter().flatten().all(|part| (0.0..=1.0).contains(&part))
    }

    /// Reports the thresholds that were not crossed at the last check, and are now.
    pub(super) fn check(&self, name: Option<&Arc<str>>, stats: impl FnOnce() -> Stats) {
        let Some(handler) = &self.handler else { return };
        for event in self.news(name, &stats()) {
            caught(|| handler(&event));
        }
    }

    fn news(&self, name: Option<&Arc<str>>, stats: &Stats) -> Vec<Event> {
        let (hit_rate, requests, utilisation) = (stats.hit_rate(), stats.requests(), stats.utilisation());
        let is_low = self.hit_rate.is_some_and(|(rate, after)| requests > after && hit_rate < rate);
        let is_full = self.utilisation.is_some_and(|part| utilisation > part);
        let mut crossed = self.crossed.lock();
        let mut events = Vec::new();
        if is_low && !crossed.hit_rate {
            events.push(Event::LowHitRate { name: name.cloned(), hit_rate, requests });
        }
        if is_full && !crossed.utilisation {
            events.push(Event::NearlyFull { name: name.cloned(), utilisation });
        }
        *crossed = Crossed { hit_rate: is_low, utilisation: is_full };
        events
    }
}
