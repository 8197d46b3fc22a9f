//! Synthetic requests are what they say, and the same each time.

use larder_lab::generate::{Loop, Mix, Scan, ShiftingHotSet, Zipf, sample};
use proptest::prelude::*;

/// How often each of the first ranks should be drawn, of all draws.
fn shares(keys: u64, exponent: f64, ranks: usize) -> Vec<f64> {
    let bar = |rank: u64| (rank as f64).powf(-exponent);
    let all: f64 = (1..=keys).map(bar).sum();
    (1..=keys).take(ranks).map(|rank| bar(rank) / all).collect()
}

#[test]
fn frequencies_follow_the_exponent() {
    const DRAWS: usize = 200_000;
    for (keys, exponent) in [(1_000, 0.0), (1_000, 0.5), (1_000, 0.9), (50_000, 1.0), (1_000, 1.3), (30, 3.0)]
    {
        let mut counts = [0_u32; 8];
        for key in Zipf::new(keys, exponent, 7).take(DRAWS) {
            if let Some(count) = counts.get_mut(key as usize) {
                *count += 1;
            }
        }
        for (rank, (count, share)) in counts.iter().zip(shares(keys, exponent, 8)).enumerate() {
            let expected = share * DRAWS as f64;
            let tolerance = 5.0 * (expected * (1.0 - share)).sqrt() + 1.0;
            let off = (f64::from(*count) - expected).abs();
            assert!(off < tolerance, "rank {rank} of exponent {exponent}: {count}, not {expected:.0}");
        }
    }
}

#[test]
fn a_scan_repeats_nothing_and_a_loop_everything() {
    assert_eq!(Scan::from(5).take(3).collect::<Vec<_>>(), [5, 6, 7]);
    assert_eq!(Loop::new(5, 2).take(5).collect::<Vec<_>>(), [5, 6, 5, 6, 5]);
    assert_eq!(Loop::new(5, 0).take(2).collect::<Vec<_>>(), [5, 5]);
}

#[test]
fn the_hot_set_moves_after_each_period() {
    let hottest = |keys: &[u64]| {
        let mut counts = [0; 100];
        keys.iter().for_each(|key| counts[*key as usize] += 1);
        (0..100).max_by_key(|key| counts[*key]).unwrap()
    };
    let keys: Vec<u64> = ShiftingHotSet::new(Zipf::new(100, 1.5, 3), 1_000, 40).take(4_000).collect();
    let tops: Vec<usize> = keys.chunks(1_000).map(hottest).collect();
    assert_eq!(tops, [0, 40, 80, 20]);
}

#[test]
fn a_mix_draws_each_part_by_its_share() {
    let mix = Mix::new(1).add(3, Loop::new(0, 1)).add(1, Loop::new(9, 1)).add(0, Loop::new(5, 1));
    let keys: Vec<u64> = mix.take(40_000).collect();
    let nines = keys.iter().filter(|key| **key == 9).count();
    assert!((9_500..10_500).contains(&nines), "{nines}");
    assert!(!keys.contains(&5), "a part without a share is never drawn");
    assert_eq!(Mix::new(1).next(), None);
}

#[test]
fn the_sample_repeats_its_popular_keys_and_never_its_scan() {
    let keys: Vec<u64> = sample(1).take(50_000).collect();
    let mut scanned: Vec<_> = keys.iter().filter(|key| **key >= 1_000_000).collect();
    let requests = scanned.len();
    scanned.dedup();
    assert_eq!(scanned.len(), requests);
    assert!((4_000..6_000).contains(&requests), "{requests}");
    let top = keys.iter().filter(|key| **key == 0).count();
    assert!(top > 500, "{top}");
}

proptest! {
    #[test]
    fn a_seed_repeats_and_no_key_is_out_of_range(keys: u64, exponent: f64, seed: u64, step: u64) {
        let made = || {
            let zipf = Zipf::new(keys, exponent, seed);
            ShiftingHotSet::new(zipf, 7, step).take(50).collect::<Vec<_>>()
        };
        prop_assert_eq!(made(), made());
        prop_assert!(made().iter().all(|key| *key < keys.max(1)));
        prop_assert!(Zipf::new(keys, exponent, seed).take(50).all(|key| key < keys.max(1)));
    }

    #[test]
    fn other_seeds_give_other_requests(seed: u64) {
        let made = |seed| sample(seed).take(100).collect::<Vec<_>>();
        prop_assert_ne!(made(seed), made(seed.wrapping_add(1)));
    }
}
