//! Counts on traces that we made: those of models which know nothing of our code but the trace, and numbers that are written
//! down here so that nobody changes them unnoticed.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::Cursor;

use larder_lab::contender::{Contender, Rules};
use larder_lab::generate::{Loop, Mix, Scan, ShiftingHotSet, Zipf, sample};
use larder_lab::replay::Watch;
use larder_lab::simulator::Weighing;
use larder_lab::trace;
use larder_lab::workload::{Spec, Workload};

const REQUESTS: usize = 30_000;

/// The traces, by name.
fn traces() -> Vec<(&'static str, Vec<u64>)> {
    let zipf = Zipf::new(5_000, 0.9, 11).take(REQUESTS).collect();
    let shift = ShiftingHotSet::new(Zipf::new(2_000, 1.1, 12), 3_000, 200).take(REQUESTS).collect();
    let round = Mix::new(13).add(2, Loop::new(0, 700)).add(1, Scan::from(1 << 40)).take(REQUESTS).collect();
    vec![("zipf", zipf), ("shift", shift), ("loop", round), ("sample", sample(14).take(REQUESTS).collect())]
}

fn misses(keys: &[u64], policy: &str, capacities: &[u64]) -> Vec<u64> {
    let text = keys.iter().fold(String::new(), |text, key| text + &key.to_string() + "\n");
    let trace = trace::read(Cursor::new(text), "made").unwrap();
    let mut workload = Workload::read(trace, &Watch::default()).unwrap();
    workload.look_ahead().unwrap();
    let contender = Contender::named(policy).unwrap();
    let spec = |capacity: &u64| Spec {
        contender,
        capacity: *capacity,
        weighing: Weighing::Objects,
        rules: Rules::Papers,
    };
    let specs: Vec<Spec> = capacities.iter().map(spec).collect();
    workload.replay(&specs, &Watch::default()).into_iter().map(|tally| tally.unwrap().misses).collect()
}

/// Keys in some order, with a number each.
type List = VecDeque<(u64, u64)>;

/// Misses of a cache that is a list of keys with a number each; `hit` and `victim` are all there is to the policy.
fn plain(
    keys: &[u64],
    capacity: usize,
    hit: impl Fn(&mut List, usize),
    victim: impl Fn(&mut List, &[u64]) -> usize,
) -> u64 {
    let mut list = List::new();
    let mut misses = 0;
    for (at, key) in keys.iter().enumerate() {
        if let Some(place) = list.iter().position(|(other, _)| other == key) {
            hit(&mut list, place);
            continue;
        }
        misses += 1;
        if list.len() == capacity {
            let place = victim(&mut list, &keys[at..]);
            list.remove(place);
        }
        list.push_back((*key, 0));
    }
    misses
}

fn nothing(_: &mut List, _: usize) {}

fn to_the_end(list: &mut List, place: usize) {
    let entry = list.remove(place).unwrap();
    list.push_back(entry);
}

fn counted(list: &mut List, place: usize) {
    list[place].1 += 1;
    to_the_end(list, place);
}

fn first(_: &mut List, _: &[u64]) -> usize {
    0
}

/// The first of those with the fewest: who reached the number first.
fn fewest(list: &mut List, _: &[u64]) -> usize {
    (0..list.len()).min_by_key(|place| list[*place].1).unwrap()
}

/// The first without a mark; the marked before it lose theirs and go to the end.
fn unmarked(list: &mut List, _: &[u64]) -> usize {
    while list[0].1 > 0 {
        list[0].1 = 0;
        list.rotate_left(1);
    }
    0
}

fn marked(list: &mut List, place: usize) {
    list[place].1 = 1;
}

#[test]
fn the_simplest_policies_count_as_lists_do() {
    let capacities = [1, 2, 7, 40, 150];
    for (name, keys) in traces() {
        let keys = &keys[..8_000];
        let models: [(&str, &dyn Fn(usize) -> u64); 4] = [
            ("fifo", &|capacity| plain(keys, capacity, nothing, first)),
            ("lru", &|capacity| plain(keys, capacity, to_the_end, first)),
            ("clock", &|capacity| plain(keys, capacity, marked, unmarked)),
            ("lfu", &|capacity| plain(keys, capacity, counted, fewest)),
        ];
        for (policy, model) in models {
            let expected: Vec<u64> = capacities.iter().map(|capacity| model(*capacity as usize)).collect();
            assert_eq!(misses(keys, policy, &capacities), expected, "{policy} on {name}");
        }
    }
}

#[test]
fn the_bound_counts_as_one_who_looks_ahead() {
    for (name, keys) in traces() {
        let keys = &keys[..3_000];
        let latest = |list: &mut List, ahead: &[u64]| {
            let next = |key: u64| ahead.iter().position(|other| *other == key).unwrap_or(usize::MAX);
            (0..list.len()).max_by_key(|place| next(list[*place].0)).unwrap()
        };
        let capacities = [1, 5, 40];
        let expected: Vec<u64> =
            capacities.iter().map(|capacity| plain(keys, *capacity as usize, nothing, latest)).collect();
        assert_eq!(misses(keys, "belady", &capacities), expected, "{name}");
    }
}

/// Every policy on every trace, at a hundredth and a tenth of 5,000. A change here is a change of a policy, a generator or
/// the numbers that a seed gives: say which in the commit.
#[test]
fn no_count_changes_unnoticed() {
    let mut found = String::new();
    for contender in Contender::all() {
        for (name, keys) in traces() {
            let misses: Vec<String> =
                misses(&keys, contender.name(), &[50, 500]).iter().map(u64::to_string).collect();
            writeln!(found, "{} {name} {}", contender.name(), misses.join(" ")).unwrap();
        }
    }
    let expected = include_str!("made/counts.txt");
    let differ = |(found, expected): &(&str, &str)| found != expected;
    let changed: Vec<(&str, &str)> = found.lines().zip(expected.lines()).filter(differ).collect();
    assert!(changed.is_empty(), "{} changed: {changed:#?}", changed.len());
    assert_eq!(found.lines().count(), expected.lines().count(), "{found}");
}
