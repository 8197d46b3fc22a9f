//! Synthetic requests, without end and the same for the same seed: take as many as you want.
//!
//! ```
//! use larder_lab::generate::{Mix, Scan, Zipf};
//!
//! let popular = Zipf::new(10_000, 0.9, 1);
//! let passing = Scan::from(1_000_000);
//! let keys: Vec<u64> = Mix::new(2).add(9, popular).add(1, passing).take(100).collect();
//! assert_eq!(keys.len(), 100);
//! ```

use std::fmt;

use larder_core::Random;

/// Keys `0..keys`, of which the one of rank r (from 1) is asked for in proportion to r^-exponent.
///
/// Sampled exactly, in constant time and memory: W. Hörmann, G. Derflinger, "Rejection-Inversion to Generate Variates
/// from Monotone Discrete Distributions", ACM TOMACS 6(3), 1996.
#[derive(Clone, Debug)]
pub struct Zipf {
    keys: f64,
    exponent: f64,
    /// The area under the hat up to the middle between 1 and 2, less the bar of 1; and up to the end.
    low: f64,
    high: f64,
    /// How close to its bar's centre a draw is accepted without further ado.
    close: f64,
    random: Random,
}

impl Zipf {
    /// No keys count as one. An exponent that is not a number above 0 counts as 0 (each key is as likely), one above
    /// 64 as 64.
    pub fn new(keys: u64, exponent: f64, seed: u64) -> Self {
        let exponent = if exponent > 0.0 { exponent.min(64.0) } else { 0.0 };
        let keys = keys.max(1) as f64;
        let low = hat(1.5, exponent) - 1.0;
        let high = hat(keys + 0.5, exponent);
        let close = 2.0 - inverse(hat(2.5, exponent) - bar(2.0, exponent), exponent);
        Self { keys, exponent, low, high, close, random: Random::seeded(seed) }
    }

    fn rank(&self) -> f64 {
        loop {
            let area = self.high + self.random.next_f64() * (self.low - self.high);
            let x = inverse(area, self.exponent);
            let rank = x.round().clamp(1.0, self.keys);
            let accepted =
                rank - x <= self.close || area >= hat(rank + 0.5, self.exponent) - bar(rank, self.exponent);
            if accepted {
                return rank;
            }
        }
    }
}

/// How likely `x` is, but for a factor.
fn bar(x: f64, exponent: f64) -> f64 {
    (-exponent * x.ln()).exp()
}

/// The area under `x^-exponent` from 1 to `x`.
fn hat(x: f64, exponent: f64) -> f64 {
    let log = x.ln();
    let power = (1.0 - exponent) * log;
    if power.abs() < 1e-9 { log } else { log * (power.exp_m1() / power) }
}

/// The `x` up to which the area is `area`.
fn inverse(area: f64, exponent: f64) -> f64 {
    let power = (area * (1.0 - exponent)).max(-1.0);
    if power.abs() < 1e-9 { area.exp() } else { (area * (power.ln_1p() / power)).exp() }
}

impl Iterator for Zipf {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        Some(self.rank() as u64 - 1)
    }
}

/// Each key once, one after the other: what a backup or a report does to a cache.
#[derive(Clone, Debug)]
pub struct Scan(u64);

impl Scan {
    /// From `first` on.
    pub const fn from(first: u64) -> Self {
        Self(first)
    }
}

impl Iterator for Scan {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let key = self.0;
        self.0 = key.wrapping_add(1);
        Some(key)
    }
}

/// The same keys over and over, in the same order: one more of them than a cache holds, and LRU never hits.
#[derive(Clone, Debug)]
pub struct Loop {
    first: u64,
    keys: u64,
    at: u64,
}

impl Loop {
    /// `keys` keys from `first` on; none count as one.
    pub const fn new(first: u64, keys: u64) -> Self {
        Self { first, keys: if keys == 0 { 1 } else { keys }, at: 0 }
    }
}

impl Iterator for Loop {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let key = self.first.wrapping_add(self.at);
        self.at = (self.at + 1) % self.keys;
        Some(key)
    }
}

/// A Zipf whose popular keys change: after every `period` requests all ranks move on by `step` keys.
#[derive(Clone, Debug)]
pub struct ShiftingHotSet {
    ranks: Zipf,
    keys: u64,
    period: u64,
    step: u64,
    made: u64,
    shift: u64,
}

impl ShiftingHotSet {
    /// `ranks` over its keys, moving by `step` after every `period` requests; a period of 0 counts as 1.
    pub fn new(ranks: Zipf, period: u64, step: u64) -> Self {
        let keys = ranks.keys as u64;
        Self { ranks, keys, period: period.max(1), step: step % keys, made: 0, shift: 0 }
    }
}

impl Iterator for ShiftingHotSet {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let rank = u128::from(self.ranks.next()?);
        let key = (rank + u128::from(self.shift)) % u128::from(self.keys);
        self.made += 1;
        if self.made.is_multiple_of(self.period) {
            self.shift = ((u128::from(self.shift) + u128::from(self.step)) % u128::from(self.keys)) as u64;
        }
        Some(key as u64)
    }
}

type Keys = Box<dyn Iterator<Item = u64> + Send>;

/// Several kinds of requests at once, each drawn as often as its share says.
pub struct Mix {
    parts: Vec<(u64, Keys)>,
    shares: u64,
    random: Random,
}

impl Mix {
    /// Of nothing yet: without parts there are no requests.
    pub fn new(seed: u64) -> Self {
        Self { parts: Vec::new(), shares: 0, random: Random::seeded(seed) }
    }

    /// Adds `keys`, of which `share` are drawn where other parts give their own.
    pub fn add(mut self, share: u32, keys: impl Iterator<Item = u64> + Send + 'static) -> Self {
        self.shares += u64::from(share);
        self.parts.push((share.into(), Box::new(keys)));
        self
    }
}

impl Iterator for Mix {
    type Item = u64;

    /// The next key of a part drawn by its share. Ends when a part that is drawn has ended.
    fn next(&mut self) -> Option<u64> {
        let mut drawn = self.random.next().checked_rem(self.shares)?;
        for (share, keys) in &mut self.parts {
            match drawn.checked_sub(*share) {
                Some(rest) => drawn = rest,
                None => return keys.next(),
            }
        }
        None
    }
}

impl fmt::Debug for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mix").field("parts", &self.parts.len()).finish_non_exhaustive()
    }
}

/// The project's own small trace, for demonstrations: a popular set, one that shifts, a loop and a scan.
pub fn sample(seed: u64) -> Mix {
    let seeds = Random::seeded(seed);
    let popular = Zipf::new(20_000, 0.9, seeds.next());
    let shifting = ShiftingHotSet::new(Zipf::new(20_000, 1.1, seeds.next()), 5_000, 500);
    Mix::new(seeds.next())
        .add(60, popular)
        .add(25, shifting.map(|key| 100_000 + key))
        .add(5, Loop::new(200_000, 3_000))
        .add(10, Scan::from(1_000_000))
}
