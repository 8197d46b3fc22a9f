//! What a trace is like, whatever the policy: how many keys, how popular, how large, over how long.

use std::time::Duration;

use crate::chunk::Numbering;
use crate::replay::{Watch, Watched};
use crate::trace::{Error, Problem, Trace};

/// What a trace is like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// How many requests.
    pub requests: u64,
    /// For how many keys.
    pub unique: u64,
    /// How many of the keys are asked for but once.
    pub one_hit_wonders: u64,
    /// The sizes, where the trace tells.
    pub sizes: Option<Sizes>,
    /// From the earliest request to the latest, where the trace tells.
    pub span: Option<Duration>,
    /// How many of the requests tell a TTL.
    pub with_ttl: u64,
    /// How many of the requests tell what a load costs.
    pub with_cost: u64,
    /// After how long a key comes back, where the trace tells times.
    pub returns: Option<Returns>,
    /// How often the keys are asked for, the most popular first: the first 1,000.
    pub popular: Vec<u64>,
}

/// What is known of sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Of all requests.
    pub requested: u64,
    /// Of all keys, each its last one.
    pub unique: u64,
    /// The smallest of the keys' sizes.
    pub smallest: u32,
    /// As many keys are smaller as are larger.
    pub median: u32,
    /// The largest of the keys' sizes.
    pub largest: u32,
}

/// Within which time how many of the returns of a key happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Returns {
    /// Half of them.
    pub half: Duration,
    /// Nine of ten.
    pub nine_of_ten: Duration,
    /// 99 of 100.
    pub nearly_all: Duration,
}

impl Profile {
    /// Reads all of `trace`, or as far as it is not stopped.
    pub fn of(trace: Trace, watch: &Watch) -> Result<Self, Error> {
        Reading::default().run(watch.through(trace))
    }

    /// How often a key is asked for on average.
    pub fn requests_a_key(&self) -> f64 {
        if self.unique == 0 { 0.0 } else { self.requests as f64 / self.unique as f64 }
    }

    /// The part of the keys that are asked for but once.
    pub fn one_hit_ratio(&self) -> f64 {
        if self.unique == 0 { 0.0 } else { self.one_hit_wonders as f64 / self.unique as f64 }
    }
}

/// How many powers of two a return may take, in microseconds.
const SCALES: usize = 64;

#[derive(Default)]
struct Reading {
    profile: Profile,
    numbering: Numbering,
    counts: Vec<u32>,
    sizes: Vec<u32>,
    /// When each key was last asked for, in microseconds.
    seen: Vec<u64>,
    requested: u64,
    sized: bool,
    span: Option<(Duration, Duration)>,
    /// Returns by the power of two of their time.
    returns: Vec<u64>,
}

impl Reading {
    fn run(mut self, mut requests: Watched<'_>) -> Result<Profile, Error> {
        self.returns.resize(SCALES, 0);
        while let Some(request) = requests.next().transpose()? {
            let key = self.numbering.number(request.key);
            let key = key.ok_or_else(|| requests.trace.error(Problem::ManyKeys))? as usize;
            if key == self.counts.len() {
                self.counts.push(0);
                self.sizes.push(0);
                self.seen.push(u64::MAX);
            }
            self.counts[key] = self.counts[key].saturating_add(1);
            self.sizes[key] = request.size;
            self.sized |= request.size != 1;
            self.requested += u64::from(request.size);
            self.profile.requests += 1;
            self.profile.with_ttl += u64::from(request.ttl.is_some());
            self.profile.with_cost += u64::from(request.cost.is_some());
            if let Some(at) = request.at {
                self.see(key, at);
            }
        }
        Ok(self.finish())
    }

    fn see(&mut self, key: usize, at: Duration) {
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
        let now = u64::try_from(at.as_micros()).unwrap_or(u64::MAX - 1);
        let before = std::mem::replace(&mut self.seen[key], now);
        if before != u64::MAX {
            self.returns[now.saturating_sub(before).max(1).ilog2() as usize] += 1;
        }
    }

    fn finish(mut self) -> Profile {
        self.profile.unique = self.counts.len() as u64;
        self.profile.one_hit_wonders = self.counts.iter().filter(|count| **count == 1).count() as u64;
        self.profile.span = self.span.map(|(first, last)| last.saturating_sub(first));
        self.profile.returns = self.returned();
        if self.sized {
            self.profile.sizes = Some(self.sizes());
        }
        self.counts.sort_unstable_by(|a, b| b.cmp(a));
        self.profile.popular = self.counts.iter().take(1000).map(|count| u64::from(*count)).collect();
        self.profile
    }

    fn sizes(&mut self) -> Sizes {
        let unique = self.sizes.iter().map(|size| u64::from(*size)).sum();
        self.sizes.sort_unstable();
        let at = |place: usize| self.sizes.get(place).copied().unwrap_or(0);
        let last = self.sizes.len().saturating_sub(1);
        Sizes { requested: self.requested, unique, smallest: at(0), median: at(last / 2), largest: at(last) }
    }

    /// To a power of two: who chooses a TTL needs no more.
    fn returned(&self) -> Option<Returns> {
        let all: u64 = self.returns.iter().sum();
        let within = |part: f64| {
            let mut left = (all as f64 * part).ceil() as u64;
            let scale = self.returns.iter().position(|count| {
                left = left.saturating_sub(*count);
                left == 0
            });
            Duration::from_micros(2_u64.saturating_pow(scale.unwrap_or(0) as u32 + 1))
        };
        let returns = Returns { half: within(0.5), nine_of_ten: within(0.9), nearly_all: within(0.99) };
        (all > 0 && self.span.is_some_and(|(first, last)| first < last)).then_some(returns)
    }
}
