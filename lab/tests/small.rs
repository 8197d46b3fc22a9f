//! A cache of a few entries is still a cache: whoever decides, it admits and it hits.

use larder_lab::chunk::{Chunk, look_ahead};
use larder_lab::contender::{Contender, Rules};
use larder_lab::generate::Zipf;
use larder_lab::simulator::Weighing;

fn requests(keys: impl IntoIterator<Item = u32>, size: u32) -> [Chunk; 1] {
    let keys: Vec<u32> = keys.into_iter().collect();
    let reach = keys.iter().max().map_or(0, |key| *key as usize + 1);
    let sizes = if size == 1 { Vec::new() } else { vec![size; keys.len()] };
    let mut chunks = [Chunk { keys, sizes, reach, ..Chunk::default() }];
    look_ahead(&mut chunks).unwrap();
    chunks
}

/// For every contender, capacities of 1 to 10 entries and both rules: how many hits. What refuses all by its paper's rules is
/// left out by name.
fn each(requests: &[Chunk; 1], size: u32, mut told: impl FnMut(&str, u64)) {
    for contender in Contender::all() {
        for capacity in 1..=10 {
            for rules in [Rules::Engine, Rules::Papers] {
                let weighing = if size == 1 { Weighing::Objects } else { Weighing::Sizes };
                let mut replay = contender.replay(capacity * u64::from(size), weighing, rules);
                replay.feed(&requests[0]);
                told(&format!("{} of {capacity} by {rules:?}", contender.name()), replay.tally().hits());
            }
        }
    }
}

#[test]
fn one_key_over_and_over_is_missed_once() {
    each(&requests([0; 100], 1), 1, |who, hits| assert_eq!(hits, 99, "{who}"));
}

#[test]
fn the_popular_are_found() {
    let keys = || Zipf::new(1_000, 1.2, 4).take(20_000).map(|key| key as u32);
    each(&requests(keys(), 1), 1, |who, hits| assert!(hits > 500, "{who}: {hits} of 20,000"));
}

#[test]
fn by_sizes_the_engine_lets_in_whatever_fits() {
    for contender in Contender::all() {
        for capacity in 1..=10 {
            let mut replay = contender.replay(capacity * 100, Weighing::Sizes, Rules::Engine);
            replay.feed(&requests([0; 100], 100)[0]);
            assert_eq!(replay.tally().hits(), 99, "{} of {capacity}", contender.name());
        }
    }
}
