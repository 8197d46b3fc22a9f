//! The loop around the policies: what is admitted, what leaves, what is counted.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};
use larder_lab::belady::{Belady, BeladySize};
use larder_lab::chunk::{Chunk, look_ahead};
use larder_lab::contender::{Contender, Rules};
use larder_lab::sharded::Sharded;
use larder_lab::simulator::{Simulator, Weighing};
use larder_lab::tally::{Replay, Tally};
use larder_lab::workload::Spec;
use larder_policies::{Fifo, Lru, Sieve};
use proptest::prelude::*;

fn requests(keys: &[u32], sizes: &[u32]) -> Chunk {
    let reach = keys.iter().max().map_or(0, |key| *key as usize + 1);
    let mut chunks = [Chunk { keys: keys.to_vec(), sizes: sizes.to_vec(), reach, ..Chunk::default() }];
    look_ahead(&mut chunks).unwrap();
    let [chunk] = chunks;
    chunk
}

fn tally(mut replay: impl Replay, chunk: &Chunk) -> Tally {
    replay.feed(chunk);
    replay.tally()
}

#[test]
fn what_is_larger_than_the_cache_evicts_nothing() {
    let chunk = requests(&[0, 1, 0, 1], &[5, 11, 5, 11]);
    let counted = tally(Simulator::new(Lru::new(10), 10, Weighing::Sizes), &chunk);
    assert_eq!((counted.misses, counted.miss_bytes), (3, 27));
    let exactly = requests(&[1, 1], &[10, 10]);
    assert_eq!(tally(Simulator::new(Lru::new(10), 10, Weighing::Sizes), &exactly).misses, 1);
}

#[test]
fn a_hit_keeps_the_size_that_the_entry_came_with() {
    let chunk = requests(&[0, 0, 1, 0], &[2, 9, 8, 2]);
    let counted = tally(Simulator::new(Lru::new(10), 10, Weighing::Sizes), &chunk);
    assert_eq!((counted.misses, counted.request_bytes, counted.miss_bytes), (2, 21, 10));
}

#[test]
fn marks_are_left_by_hits_and_gone_with_the_entry() {
    let chunk = requests(&[0, 1, 0, 2, 0, 1, 0], &[]);
    assert_eq!(tally(Simulator::new(Sieve::new(2), 2, Weighing::Objects), &chunk).misses, 4);
    assert_eq!(tally(Simulator::new(Fifo::new(2), 2, Weighing::Objects), &chunk).misses, 5);
}

/// Names nobody.
struct Stubborn;

impl EvictionPolicy for Stubborn {
    fn hits(&self) -> Hits {
        Hits::Ignored
    }
    fn on_insert(&mut self, _slot: Slot, _hash: u64, _weight: u32) {}
    fn on_update(&mut self, _slot: Slot, _weight: u32) {}
    fn on_remove(&mut self, _slot: Slot) {}
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        None
    }
}

#[test]
fn a_policy_that_names_nobody_does_not_hang_the_loop() {
    let chunk = requests(&[0, 1, 2, 0], &[]);
    assert_eq!(tally(Simulator::new(Stubborn, 1, Weighing::Objects), &chunk).misses, 3);
}

#[test]
fn belady_by_size_prefers_to_lose_what_is_large_and_late() {
    let chunk = requests(&[0, 1, 2, 1, 2, 1, 2, 0], &[8, 2, 2, 2, 2, 2, 2, 8]);
    assert_eq!(tally(BeladySize::new(10, Weighing::Sizes), &chunk).misses, 4);
}

#[test]
fn one_shard_is_the_cache_itself() {
    let keys: Vec<u32> = (0..5000_u32).map(|at| at.wrapping_mul(at) % 311).collect();
    let chunk = requests(&keys, &[]);
    let spec = Spec::objects(Contender::named("lru").unwrap(), 100);
    let whole = tally(Simulator::new(Lru::new(100), 100, Weighing::Objects), &chunk);
    let mut one = Sharded::new(&spec, 1);
    one.feed(&chunk);
    assert_eq!(one.tally(), whole);
    let mut four = Sharded::new(&spec, 4);
    four.feed(&chunk);
    assert_eq!(four.tally().requests, whole.requests);
}

/// Who comes back last leaves, looked up the long way.
fn plain_belady(keys: &[u32], capacity: usize) -> u64 {
    let mut resident: Vec<u32> = Vec::new();
    let mut misses = 0;
    for (at, key) in keys.iter().enumerate() {
        if resident.contains(key) {
            continue;
        }
        misses += 1;
        if resident.len() == capacity {
            let next = |key: &u32| keys[at..].iter().position(|other| other == key).unwrap_or(usize::MAX);
            let victim = (0..capacity).max_by_key(|&place| next(&resident[place])).unwrap();
            resident.swap_remove(victim);
        }
        resident.push(*key);
    }
    misses
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn belady_is_beladys(keys in prop::collection::vec(0_u32..20, 1..300), capacity in 1_usize..12) {
        let chunk = requests(&keys, &[]);
        let counted = tally(Belady::new(capacity as u64, Weighing::Objects), &chunk);
        prop_assert_eq!(counted.misses, plain_belady(&keys, capacity));
    }

    #[test]
    fn no_contender_beats_belady_by_objects(keys in prop::collection::vec(0_u32..40, 1..400), capacity in 1_u64..30) {
        let chunk = requests(&keys, &[]);
        let bound = tally(Belady::new(capacity, Weighing::Objects), &chunk).misses;
        for contender in Contender::all() {
            for rules in [Rules::Engine, Rules::Papers] {
                let mut replay = contender.replay(capacity, Weighing::Objects, rules);
                replay.feed(&chunk);
                prop_assert!(replay.tally().misses >= bound, "{}", contender.name());
            }
        }
    }

    #[test]
    fn every_contender_bears_any_sizes(
        requested in prop::collection::vec((0_u32..40, 0_u32..200), 1..300), capacity in 1_u64..500,
    ) {
        let (keys, sizes): (Vec<u32>, Vec<u32>) = requested.into_iter().unzip();
        let chunk = requests(&keys, &sizes);
        for contender in Contender::all() {
            for rules in [Rules::Engine, Rules::Papers] {
                let mut replay = contender.replay(capacity, Weighing::Sizes, rules);
                replay.feed(&chunk);
                let counted = replay.tally();
                prop_assert_eq!(counted.requests, keys.len() as u64);
                prop_assert!(counted.misses <= counted.requests && counted.miss_bytes <= counted.request_bytes);
            }
        }
    }
}
