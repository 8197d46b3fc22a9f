//! Miss-ratio curves: how many requests miss, over how large the cache is.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::chunk::{CHUNK, Chunk, NEVER, Totals};
use crate::contender::{Contender, Rules};
use crate::replay::Watch;
use crate::shards::{Shards, sample_hash};
use crate::simulator::Weighing;
use crate::stack::Distances;
use crate::workload::{Spec, Workload};

/// The miss ratios of one policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Whose.
    pub policy: &'static str,
    /// From the smallest capacity to the largest.
    pub points: Vec<Point>,
    /// How far they may lie from the truth: two standard errors of the worst point; `None` where they are exact.
    pub error: Option<f64>,
}

/// A miss ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// At this capacity.
    pub capacity: u64,
    /// The part of the requests that miss.
    pub miss_ratio: f64,
}

/// How many samples are drawn: enough to see how far they differ.
pub const SAMPLES: usize = 8;

/// How many keys each sample has, where nobody says otherwise.
pub const SAMPLED_KEYS: u64 = 16_384;

/// What samples can't show: a cache in small has a few slots where the real one has a part of a slot.
const ROUGHNESS: f64 = 0.003;

/// Student's t for 95 % and eight samples.
const STUDENT: f64 = 2.365;

/// Capacities from `least` to all, evenly by their logarithm.
pub fn capacities(least: u64, all: u64, count: usize) -> Vec<u64> {
    let (low, high) = ((least.max(1) as f64).ln(), (all.max(1) as f64).ln());
    let step = (high - low).max(0.0) / (count.max(2) - 1) as f64;
    let mut capacities: Vec<u64> =
        (0..count).map(|at| (low + step * at as f64).exp().round() as u64).collect();
    capacities.dedup();
    capacities
}

/// The curve of LRU in objects, exactly, in one pass.
pub fn of_lru(distances: &Distances, capacities: &[u64]) -> Curve {
    let ratio = |capacity: u64| distances.misses(capacity) as f64 / distances.requests().max(1) as f64;
    let points = capacities.iter().map(|&capacity| Point { capacity, miss_ratio: ratio(capacity) }).collect();
    Curve { policy: "lru", points, error: None }
}

/// The curve of LRU in objects, from several samples with seeds of their own.
pub fn of_shards(samples: &[Shards], capacities: &[u64]) -> Curve {
    let ratios = |sample: &Shards| capacities.iter().map(|capacity| sample.miss_ratio(*capacity)).collect();
    let seen: Vec<Vec<f64>> = samples.iter().map(ratios).collect();
    mean_curve("lru", capacities, &seen)
}

/// The curves of these policies, exactly: a replay for each point. Points that were stopped are missing.
pub fn exact(
    workload: &Workload,
    contenders: &[Contender],
    capacities: &[u64],
    weighing: Weighing,
    watch: &Watch,
) -> Vec<Curve> {
    let spec = |contender, capacity| Spec { contender, capacity, weighing, rules: Rules::Engine };
    let of = |contender| capacities.iter().map(move |&capacity| spec(contender, capacity));
    let specs: Vec<Spec> = contenders.iter().flat_map(|&contender| of(contender)).collect();
    let tallies = workload.replay(&specs, watch);
    let rows = specs.chunks(capacities.len().max(1)).zip(tallies.chunks(capacities.len().max(1)));
    let curve = |(specs, tallies): (&[Spec], &[Option<crate::tally::Tally>])| {
        let known = specs.iter().zip(tallies).filter_map(|(spec, tally)| {
            Some(Point { capacity: spec.capacity, miss_ratio: tally.as_ref()?.miss_ratio() })
        });
        Some(Curve { policy: specs.first()?.contender.name(), points: known.collect(), error: None })
    };
    rows.filter_map(curve).collect()
}

/// Samples of a workload's keys, each replayed against caches as much smaller as the sample is.
///
/// Miniature simulation (C. A. Waldspurger, T. Saemundsson, I. Ahmad, N. Park, "Cache modeling and optimization using
/// miniature simulations", USENIX ATC, 2017). There are eight samples, and what they differ by says how far their mean may
/// be from the truth.
#[derive(Clone, Debug)]
pub struct Miniatures {
    samples: Vec<Workload>,
    rate: f64,
    requests: u64,
}

impl Miniatures {
    /// Samples of about so many keys each; `None` where that would be most of the keys, so that nothing is saved.
    pub fn of(workload: &Workload, keys: u64) -> Option<Self> {
        let rate = keys as f64 / workload.totals.unique.max(1) as f64;
        if rate * SAMPLES as f64 > 0.8 {
            return None;
        }
        let samples = (0..SAMPLES as u64).map(|seed| sampled(workload, rate, seed)).collect();
        Some(Self { samples, rate, requests: workload.totals.requests })
    }

    /// The part of the keys in each sample.
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// How many requests all samples have together: what a replay of each costs.
    pub fn requests(&self) -> u64 {
        self.samples.iter().map(|sample| sample.totals.requests).sum()
    }

    /// The curves of these policies. Empty if stopped.
    pub fn curves(
        &self,
        contenders: &[Contender],
        capacities: &[u64],
        weighing: Weighing,
        watch: &Watch,
    ) -> Vec<Curve> {
        let small = |capacity: u64| ((capacity as f64 * self.rate).round() as u64).max(1);
        let scaled: Vec<u64> = capacities.iter().map(|&capacity| small(capacity)).collect();
        let mut curves: Vec<Vec<Curve>> = Vec::new();
        for sample in &self.samples {
            curves.push(exact(sample, contenders, &scaled, weighing, watch));
            if watch.is_stopped() {
                return Vec::new();
            }
        }
        let mean = |which: usize| {
            let of = curves.iter().zip(&self.samples);
            let seen: Vec<Vec<f64>> =
                of.map(|(curves, sample)| self.ratios(&curves[which], sample)).collect();
            mean_curve(contenders[which].name(), capacities, &seen)
        };
        (0..contenders.len()).map(mean).collect()
    }

    /// Of as many requests as should have been sampled: whose popular keys a sample has is chance, and they are hits.
    fn ratios(&self, curve: &Curve, sample: &Workload) -> Vec<f64> {
        let expected = self.requests as f64 * self.rate;
        let scale = sample.totals.requests as f64 / expected.max(1.0);
        curve.points.iter().map(|point| (point.miss_ratio * scale).min(1.0)).collect()
    }
}

/// The mean of the samples' ratios, and two standard errors of it where they are largest.
fn mean_curve(policy: &'static str, capacities: &[u64], seen: &[Vec<f64>]) -> Curve {
    let count = seen.len().max(2) as f64;
    let mut error = 0.0_f64;
    let mut point = |(at, &capacity): (usize, &u64)| {
        let at = || seen.iter().filter_map(move |ratios| ratios.get(at));
        let mean = at().sum::<f64>() / count;
        let variance = at().map(|ratio| (ratio - mean).powi(2)).sum::<f64>() / (count - 1.0);
        error = error.max(STUDENT * (variance / count).sqrt());
        Point { capacity, miss_ratio: mean }
    };
    let points = capacities.iter().enumerate().map(&mut point).collect();
    Curve { policy, points, error: Some(error + ROUGHNESS) }
}

/// The requests for the keys of one sample, numbered anew.
fn sampled(workload: &Workload, rate: f64, seed: u64) -> Workload {
    let threshold = (rate * u64::MAX as f64) as u64;
    let mut numbers: HashMap<u32, u32, FixedState> = HashMap::default();
    let (mut chunks, mut totals) = (Vec::new(), Totals { sized: workload.totals.sized, ..Totals::default() });
    let mut chunk = Chunk::default();
    for from in &workload.chunks {
        for (index, &key) in from.keys.iter().enumerate() {
            if sample_hash(key.into(), seed) > threshold {
                continue;
            }
            let next = numbers.len() as u32;
            chunk.keys.push(*numbers.entry(key).or_insert(next));
            if workload.totals.sized {
                chunk.sizes.push(from.size(index));
            }
            totals.requests += 1;
        }
        if chunk.keys.len() >= CHUNK {
            chunk.reach = numbers.len();
            chunks.push(std::mem::take(&mut chunk));
        }
    }
    chunk.reach = numbers.len();
    chunks.push(chunk);
    totals.unique = numbers.len() as u64;
    let mut sample = Workload { chunks, totals };
    // A sample is smaller than what could be looked ahead in; without, Belady would only be worse.
    if workload.chunks.iter().any(|chunk| chunk.next.iter().any(|next| *next != NEVER)) {
        let _ = sample.look_ahead();
    }
    sample
}
