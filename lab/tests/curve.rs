//! Curves are what replays count, and what is sampled is as near as it says.

use std::io::Cursor;

use larder_lab::contender::Contender;
use larder_lab::curve::{Miniatures, Point, SAMPLES, capacities, exact, of_lru, of_shards};
use larder_lab::generate::{Mix, Scan, Zipf, sample};
use larder_lab::replay::Watch;
use larder_lab::shards::Shards;
use larder_lab::simulator::Weighing;
use larder_lab::stack::{Distances, Stack};
use larder_lab::trace;
use larder_lab::workload::Workload;
use proptest::prelude::*;

fn workload(keys: impl IntoIterator<Item = u64>) -> Workload {
    let text = keys.into_iter().fold(String::new(), |text, key| text + &key.to_string() + "\n");
    Workload::read(trace::read(Cursor::new(text), "made").unwrap(), &Watch::default()).unwrap()
}

fn named(name: &str) -> Contender {
    Contender::named(name).unwrap()
}

fn ratios(points: &[Point]) -> Vec<f64> {
    points.iter().map(|point| point.miss_ratio).collect()
}

fn farthest(a: &[Point], b: &[Point]) -> f64 {
    assert_eq!(a.len(), b.len());
    let apart = ratios(a).into_iter().zip(ratios(b)).map(|(a, b)| (a - b).abs());
    apart.fold(0.0, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn the_exact_curve_of_lru_is_what_replays_count(keys in prop::collection::vec(0_u64..40, 1..600)) {
        let workload = workload(keys);
        let at: Vec<u64> = (1..=45).collect();
        let distances = Distances::of(workload.keys());
        let replayed = exact(&workload, &[named("lru")], &at, Weighing::Objects, &Watch::default());
        prop_assert_eq!(&of_lru(&distances, &at), &replayed[0]);
    }

    #[test]
    fn a_stack_says_how_many_others_came_since(keys in prop::collection::vec(0_u32..30, 1..3000)) {
        let (mut stack, mut plain) = (Stack::default(), Vec::new());
        for key in keys {
            let above = plain.iter().rev().position(|other| *other == key);
            plain.retain(|other| *other != key);
            if key % 7 == 6 {
                prop_assert_eq!(stack.remove(key), above.map(|above| above as u64));
            } else {
                plain.push(key);
                prop_assert_eq!(stack.touch(key), above.map(|above| above as u64));
            }
        }
    }
}

#[test]
fn a_sample_of_everything_is_exact() {
    let keys: Vec<u64> = sample(3).take(30_000).collect();
    let mut shards = Shards::fixed_rate(1.0, 0);
    keys.iter().for_each(|key| shards.touch(*key));
    let distances = Distances::of(workload(keys).keys());
    for capacity in [1, 10, 100, 500] {
        let truth = distances.misses(capacity) as f64 / 30_000.0;
        assert!((shards.miss_ratio(capacity) - truth).abs() < 1e-9, "at {capacity}");
    }
}

#[test]
fn sampled_curves_of_lru_are_as_near_as_they_say() {
    for (name, keys) in traces() {
        let samples = |make: fn(u64) -> Shards| {
            let mut samples: Vec<Shards> = (0..SAMPLES as u64).map(make).collect();
            keys.iter().for_each(|key| samples.iter_mut().for_each(|sample| sample.touch(*key)));
            samples
        };
        let distances = Distances::of(workload(keys.iter().copied()).keys());
        let at = capacities(500, 100_000, 12);
        let truth = of_lru(&distances, &at);
        let fixed_size = samples(|seed| Shards::fixed_size(4096, seed));
        assert!(fixed_size.iter().all(|sample| sample.len() <= 4096 && sample.rate() < 0.5));
        for samples in [samples(|seed| Shards::fixed_rate(0.05, seed)), fixed_size] {
            let curve = of_shards(&samples, &at);
            let (error, apart) = (curve.error.unwrap(), farthest(&curve.points, &truth.points));
            assert!(apart <= error, "{name}: {apart} apart, {error} stated");
            assert!(error < 0.05, "{name}: {error} says nothing");
        }
    }
}

#[test]
fn miniature_simulations_are_as_near_as_they_say() {
    for (name, keys) in traces() {
        let mut workload = workload(keys);
        workload.look_ahead().unwrap();
        let contenders = ["fifo", "lru", "sieve", "s3-fifo", "w-tinylfu", "belady"].map(named);
        let at = capacities(1000, 50_000, 4);
        let samples = Miniatures::of(&workload, 4096).expect("it is large enough");
        assert!(samples.requests() < workload.totals.requests);
        let curves = samples.curves(&contenders, &at, Weighing::Objects, &Watch::default());
        let truth = exact(&workload, &contenders, &at, Weighing::Objects, &Watch::default());
        for (curve, truth) in curves.iter().zip(&truth) {
            let (error, apart) = (curve.error.unwrap(), farthest(&curve.points, &truth.points));
            assert!(apart <= error, "{name}, {}: {apart} apart, {error} stated", curve.policy);
            assert!(error < 0.06, "{name}, {}: {error} says nothing", curve.policy);
        }
    }
}

#[test]
fn what_is_small_is_not_sampled() {
    assert!(Miniatures::of(&workload(sample(1).take(10_000)), 4096).is_none());
}

#[test]
fn capacities_are_spread_evenly_and_end_at_all() {
    assert_eq!(capacities(1, 1000, 4), [1, 10, 100, 1000]);
    assert_eq!(capacities(0, 1, 20), [1]);
}

fn traces() -> [(&'static str, Vec<u64>); 2] {
    let popular = Zipf::new(200_000, 0.8, 5);
    let mixed = Mix::new(1).add(8, Zipf::new(150_000, 0.7, 2)).add(1, Scan::from(1 << 40));
    [("zipf", popular.take(400_000).collect()), ("mix", mixed.take(400_000).collect())]
}
