//! Time and money in a simulation: what has expired is a miss, and a miss costs its load.

use std::fmt::Write as _;
use std::io::Cursor;
use std::time::Duration;

use larder_lab::chunk::{Chunks, FOREVER, Totals, UNKNOWN};
use larder_lab::contender::{Contender, Rules};
use larder_lab::lives::Lives;
use larder_lab::replay::Watch;
use larder_lab::simulator::Weighing;
use larder_lab::tally::Tally;
use larder_lab::trace;
use larder_lab::workload::{Spec, Workload};
use proptest::prelude::*;

/// A request in whole seconds: key, time, TTL, cost in milliseconds.
type Told = (u64, u64, Option<u64>, Option<u64>);

fn workload(requests: &[Told], lives: Lives) -> Workload {
    let mut text = "key,time,ttl,cost\n".to_owned();
    let cell = |told: Option<u64>| told.map_or_else(String::new, |told| told.to_string());
    for (key, time, ttl, cost) in requests {
        let cost = cost.map(|cost| format!("0.{cost:03}")).unwrap_or_default();
        writeln!(text, "{key},{time},{},{cost}", cell(*ttl)).unwrap();
    }
    let trace = trace::read(Cursor::new(text), "made").unwrap();
    Workload::read_up_to(Chunks::living(trace, lives), u64::MAX, &Watch::default()).unwrap()
}

fn tally(policy: &str, capacity: u64, workload: &Workload) -> Tally {
    let spec = Spec::objects(Contender::named(policy).unwrap(), capacity);
    workload.replay(&[spec], &Watch::default())[0].unwrap()
}

/// Misses, and those by expiry.
fn misses(policy: &str, capacity: u64, workload: &Workload) -> (u64, u64) {
    let tally = tally(policy, capacity, workload);
    (tally.misses, tally.expired)
}

#[test]
fn what_has_expired_is_a_miss_and_counted_apart() {
    let at = |time| (1, time, Some(10), None);
    let requests = workload(&[at(0), at(9), at(10), at(19), at(25)], Lives::Told);
    for policy in ["lru", "sieve", "belady", "belady-size"] {
        assert_eq!(misses(policy, 5, &requests), (3, 2), "{policy}: a hit prolongs nothing");
    }
    let forever = workload(&[at(0), at(9), at(10), at(19), at(25)], Lives::Forever);
    assert_eq!(misses("lru", 5, &forever), (1, 0));
}

#[test]
fn an_evicted_entry_is_no_expired_one() {
    let requests =
        [(1, 0, Some(10)), (2, 1, Some(10)), (3, 2, Some(10)), (1, 50, Some(10)), (3, 51, Some(10))];
    let requests: Vec<Told> = requests.iter().map(|(key, at, ttl)| (*key, *at, *ttl, None)).collect();
    assert_eq!(
        misses("lru", 2, &workload(&requests, Lives::Told)),
        (5, 1),
        "1 had been evicted before, 3 expired"
    );
}

#[test]
fn the_expired_leave_before_the_living() {
    let requests = [(1, 0, None), (2, 1, Some(5)), (3, 10, None), (1, 11, None)];
    let requests: Vec<Told> = requests.iter().map(|(key, at, ttl)| (*key, *at, *ttl, None)).collect();
    assert_eq!(misses("lru", 2, &workload(&requests, Lives::Told)), (3, 0), "2 left for 3, so 1 stayed");
}

#[test]
fn what_a_miss_does_not_tell_the_next_request_may() {
    // As a cache's log has them: a get that knows no TTL, and the set that follows.
    let requests = [(1, 0, None), (1, 0, Some(5)), (1, 4, None), (1, 5, None), (1, 9, None), (1, 10, None)];
    let requests: Vec<Told> = requests.iter().map(|(key, at, ttl)| (*key, *at, *ttl, None)).collect();
    assert_eq!(misses("lru", 2, &workload(&requests, Lives::Told)), (3, 2), "and the key keeps its TTL");
}

#[test]
fn one_life_can_be_set_for_all() {
    let requests: Vec<Told> = (0..10).map(|at| (1, at, Some(1), None)).collect();
    assert_eq!(misses("fifo", 2, &workload(&requests, Lives::Fixed(Duration::from_secs(4)))), (3, 2));
}

#[test]
fn a_miss_costs_what_its_load_takes() {
    let requests = [(1, Some(30)), (2, None), (1, None), (3, Some(10)), (1, None)];
    let requests: Vec<Told> = requests.iter().map(|(key, cost)| (*key, 0, None, *cost)).collect();
    let workload = workload(&requests, Lives::Told);
    let tally = tally("lru", 1, &workload);
    assert_eq!(tally.misses, 5);
    assert_eq!((tally.load_micros, tally.costed), (100_000, 4), "1 costs what it did, of 2 nothing is known");
    assert_eq!(workload.totals.mean_cost(), Some(20_000.0));
    assert!((tally.load_seconds(20_000.0) - 0.12).abs() < 1e-9);
}

#[test]
fn a_trace_without_either_keeps_nothing_of_them() {
    let requests: Vec<Told> = (0..100).map(|at| (at % 7, at, None, None)).collect();
    let workload = workload(&requests, Lives::Told);
    assert!(
        workload.chunks.iter().all(|one| one.times.is_empty() && one.ttls.is_empty() && one.costs.is_empty())
    );
    assert_eq!(workload.totals.mortal, 0);
    assert!(workload.totals.timed);
}

#[test]
fn what_is_told_late_is_told_from_there_on() {
    let requests = [(1, 7, None, None), (2, 8, Some(3), None), (1, 9, None, Some(4)), (2, 10, None, None)];
    let Workload { chunks, totals } = workload(&requests, Lives::Told);
    let micro = 1_000_000;
    assert_eq!(chunks[0].ttls, [FOREVER, 3 * micro, FOREVER, 3 * micro]);
    assert_eq!(chunks[0].times, [0, 8 * micro, 9 * micro, 10 * micro]);
    assert_eq!(chunks[0].costs, [UNKNOWN, UNKNOWN, 4_000, UNKNOWN]);
    assert_eq!(totals, Totals { mortal: 2, costed: 1, cost_micros: 4_000, timed: true, ..totals });
}

/// LRU as a list of keys with deadlines, looked through from end to end for each request.
fn plain_lru(requests: &[Told], capacity: usize) -> (u64, u64, u64) {
    let mut entries: Vec<(u64, Option<u64>)> = Vec::new();
    let mut gone: Vec<u64> = Vec::new();
    let mut told: std::collections::HashMap<u64, (Option<u64>, Option<u64>)> =
        std::collections::HashMap::new();
    let (mut now, mut misses, mut expired, mut millis) = (0, 0, 0, 0);
    for (key, time, ttl, cost) in requests {
        let last = told.entry(*key).or_default();
        *last = (ttl.or(last.0), cost.or(last.1));
        let (ttl, cost) = *last;
        now = now.max(*time);
        entries.retain(|(key, until)| {
            let lives = until.is_none_or(|until| until > now);
            if !lives {
                gone.push(*key);
            }
            lives
        });
        let deadline = ttl.map(|ttl| now + ttl);
        if let Some(at) = entries.iter().position(|(other, _)| other == key) {
            let (key, until) = entries.remove(at);
            entries.push((key, until.or(deadline)));
            continue;
        }
        misses += 1;
        millis += cost.unwrap_or(0);
        expired += u64::from(gone.contains(key));
        gone.retain(|other| other != key);
        entries.push((*key, deadline));
        if entries.len() > capacity {
            entries.remove(0);
        }
    }
    (misses, expired, millis)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn lru_with_lives_and_costs_is_what_the_long_way_counts(
        steps in prop::collection::vec(
            (0_u64..12, 0_u64..4, prop::option::weighted(0.6, 1_u64..15), prop::option::of(1_u64..900)), 1..400),
        capacity in 1_usize..10,
    ) {
        let mut time = 100;
        let requests: Vec<Told> = steps.into_iter().map(|(key, step, ttl, cost)| {
            time += step;
            (key, time, ttl, cost)
        }).collect();
        let tally = tally("lru", capacity as u64, &workload(&requests, Lives::Told));
        let (misses, expired, millis) = plain_lru(&requests, capacity);
        prop_assert_eq!((tally.misses, tally.expired, tally.load_micros), (misses, expired, millis * 1_000));
    }

    #[test]
    fn every_contender_bears_lives_by_any_rules(
        steps in prop::collection::vec((0_u64..30, 0_u64..4, prop::option::of(1_u64..9)), 1..300),
        capacity in 1_u64..20,
    ) {
        let mut time = 0;
        let requests: Vec<Told> = steps.into_iter().map(|(key, step, ttl)| {
            time += step;
            (key, time, ttl, None)
        }).collect();
        let mut workload = workload(&requests, Lives::Told);
        workload.look_ahead().unwrap();
        for contender in Contender::all() {
            for rules in [Rules::Engine, Rules::Papers] {
                let spec = Spec { contender, capacity, weighing: Weighing::Objects, rules };
                let tally = workload.replay(&[spec], &Watch::default())[0].unwrap();
                prop_assert!(tally.expired <= tally.misses && tally.misses <= tally.requests, "{}", contender.name());
                prop_assert_eq!(tally.costed, 0);
            }
        }
    }
}
